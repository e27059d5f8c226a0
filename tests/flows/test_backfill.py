"""Past dates published again."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from flows.cli import EXIT_FAILED, EXIT_PUBLISHED, main
from flows.reader import read_manifest, read_table, snapshot_dir
from tests.flows.conftest import digests
from tests.flows.tiny import END, tiny_shop

pytestmark = pytest.mark.usefixtures("prefect_server")


def run(config: Path, *arguments: str) -> int:
    return main([arguments[0], "--config", str(config), *arguments[1:]])


def test_a_range_is_published_as_restated_history_and_latest_stays(tmp_path: Path) -> None:
    config = tiny_shop(tmp_path)
    assert run(config, "nightly", "--as-of", str(END)) == EXIT_PUBLISHED
    exports = tmp_path / "exports"
    fresh = json.loads((exports / "freshness.json").read_text())
    days = [END - timedelta(days=14), END - timedelta(days=7)]
    span = ["--from", str(days[0]), "--to", str(END - timedelta(days=1))]
    assert run(config, "backfill", *span) == EXIT_PUBLISHED
    for day in days:
        manifest = read_manifest(snapshot_dir(exports, day))
        assert manifest["restated"] is True
        weekly = read_table(exports, "demand_weekly", day)
        assert weekly["week_start"].max() <= day, "a past night sees nothing later"
    assert read_manifest(snapshot_dir(exports))["as_of"] == str(END)
    assert json.loads((exports / "freshness.json").read_text()) == fresh


def test_as_published_gives_the_same_bytes_or_says_what_is_different(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tiny_shop(tmp_path)
    assert run(config, "nightly", "--as-of", str(END)) == EXIT_PUBLISHED
    exports = tmp_path / "exports"
    before = digests(exports / f"as_of={END}", "*")
    one = ["--from", str(END), "--to", str(END), "--as-published"]
    assert run(config, "backfill", *one) == EXIT_PUBLISHED
    assert digests(exports / f"as_of={END}", "*") == before
    config.write_text(config.read_text() + "\n# changed\n")
    assert run(config, "backfill", *one) == EXIT_FAILED
    assert "another configuration" in capsys.readouterr().err
    assert digests(exports / f"as_of={END}", "*") == before


def test_a_date_that_was_never_published_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tiny_shop(tmp_path)
    assert run(config, "nightly", "--as-of", str(END)) == EXIT_PUBLISHED
    day = str(END - timedelta(days=7))
    span = ["--from", day, "--to", day, "--as-published"]
    assert run(config, "backfill", *span) == EXIT_FAILED
    assert day in capsys.readouterr().err
