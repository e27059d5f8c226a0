"""`hearcast review` and the weekly flow, as their users run them."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from flows.cli import EXIT_FAILED, EXIT_PUBLISHED, EXIT_USAGE, main
from flows.deployments import read_deployments
from tests.flows.tiny import END, tiny_shop

ROOT = Path(__file__).parents[3]


@pytest.fixture
def shop(tiny_night: Path) -> Path:
    """A small shop with one real night published; returns its configuration."""
    return tiny_night


def test_the_command_draws_and_says_where(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["review", "--config", str(shop)]) == EXIT_PUBLISHED
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"Review as of {END}:"
    files = [Path(line.strip()) for line in lines[1:4]]
    assert [file.name for file in files] == ["review.html", "planner.html", "review.xlsx"]
    assert all(file.stat().st_size > 5_000 for file in files)
    assert lines[4] == "units: 5 of 5 SKUs are forecast; none is left out."


def test_a_shop_without_words_has_a_page_that_says_so(shop: Path) -> None:
    main(["review", "--config", str(shop)])
    page = (shop.parent / "exports/review/latest/review.html").read_text(encoding="utf-8")
    assert "Nobody was heard: there are no conversations." in page
    assert "Units of a single SKU" in page, "its record stands all the same"


def test_a_day_without_a_night_is_one_line_and_exit_2(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["review", "--config", str(shop), "--as-of", "2020-01-01"]) == EXIT_USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert "no night of 2020-01-01 is published" in said.err
    assert "Traceback" not in said.err


def test_a_full_disk_is_one_line_and_exit_1(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "exports")

    monkeypatch.setattr("flows.review.write.write_workbook", full)
    assert main(["review", "--config", str(shop)]) == EXIT_FAILED


@pytest.mark.usefixtures("prefect_server")
def test_the_weekly_flow_draws_the_newest_night(shop: Path) -> None:
    from flows.weekly_review import weekly_review  # noqa: PLC0415

    state: Any = weekly_review(str(shop), return_state=True)
    assert state.is_completed()
    assert (shop.parent / "exports/review/latest/planner.html").is_file()


@pytest.mark.usefixtures("prefect_server")
def test_the_weekly_flow_fails_where_nothing_is_published(tmp_path: Path) -> None:
    from flows.weekly_review import weekly_review  # noqa: PLC0415

    config = tiny_shop(tmp_path)
    state: Any = weekly_review(str(config), return_state=True)
    assert state.is_failed()


def test_it_is_deployed_weekly_after_the_night() -> None:
    found = {one.name: one for one in read_deployments(ROOT / "prefect.yaml")}
    (weekly,), (nightly,) = found["weekly-review"].schedules, found["nightly"].schedules
    assert weekly.timezone == nightly.timezone
    _, hour, *_, weekday = weekly.cron.split()
    assert weekday == "1"
    assert int(hour) > int(nightly.cron.split()[1])
    assert callable(found["weekly-review"].flow(config="x.toml"))
