"""The deployments of prefect.yaml on a real Prefect server and worker."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import pytest

from flows.alone import AnotherNight, alone
from flows.exports import snapshot_problems
from flows.lake import Lake
from flows.night import yesterday
from flows.reader import read_manifest, snapshot_dir
from flows.stopwatch import STAGE_FILE
from tests.flows.conftest import digests
from tests.flows.deployed import SECONDS, Deployed, checkout, deployed, until
from tests.flows.tiny import FORECAST, order_rows
from tests.flows.written import write_config

NIGHTLY, BACKFILL, REVIEW = "nightly/nightly", "backfill/backfill", "weekly-review/weekly-review"
YESTERDAY = yesterday("America/New_York")
FIRST = YESTERDAY - timedelta(days=280)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """The deployments on a tiny shop whose orders end yesterday."""
    folder = tmp_path_factory.mktemp("deployed")
    checkout(folder / "checkout")
    inbox = folder / "checkout" / "in"
    inbox.mkdir()
    order_rows(FIRST, YESTERDAY).write_csv(inbox / "orders.csv")
    write_config(folder / "checkout", {"order_lines": "in/*"}, FORECAST)
    with deployed(folder / "checkout", folder / "home") as found:
        yield found


def exports(here: Deployed) -> Path:
    return here.folder / "exports"


def free(here: Deployed) -> bool:
    try:
        with alone(here.folder / "lake"):
            return True
    except AnotherNight:
        return False


def at_work(here: Deployed) -> bool:
    """Whether a night is between its landing and its publication."""
    return any((here.folder / "lake" / "work").glob("*/*.parquet"))


def test_a_scheduled_night_waits_for_its_turn_and_a_trigger_meanwhile_is_cancelled(
    here: Deployed,
) -> None:
    with alone(here.folder / "lake"):
        schedule = ("deployment", "schedule", "create", NIGHTLY, "--replace", "--accept-yes")
        here.prefect(*schedule, "--interval", "10", "--timezone", "America/New_York")
        until(lambda: _running(here), "the schedule to start a night")
        here.prefect(*schedule, "--cron", "15 3 * * *", "--timezone", "America/New_York")
        scheduled = _running(here)[0]
        refused = here.ended(here.run_by_hand(NIGHTLY))
        assert here.state(scheduled["id"])["type"] == "RUNNING"
        assert not (exports(here) / "latest.json").exists()
    assert refused["type"] == "CANCELLED", refused
    assert scheduled["auto_scheduled"] is True
    assert set(scheduled["tags"]) >= {"hearcast", "nightly"}
    assert here.ended(scheduled["id"])["name"] == "Completed"
    assert read_manifest(snapshot_dir(exports(here)))["as_of"] == str(YESTERDAY)
    assert free(here)


def _running(here: Deployed) -> list[dict[str, object]]:
    return [run for run in here.runs(NIGHTLY) if (run["state"] or {})["type"] == "RUNNING"]


def test_deployments_stand_in_the_server_as_prefect_yaml_says(here: Deployed) -> None:
    found = {one["name"]: one for one in here.ask("deployments/filter", {})}
    assert set(found) == {"nightly", "weekly-review", "backfill"}
    for one in found.values():
        assert one["work_pool_name"] == "hearcast"
        assert one["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
        assert one["global_concurrency_limit"]["limit"] == 1
        assert one["parameters"]["config"] == "hearcast.toml"
    rule = found["weekly-review"]["schedules"][0]["schedule"]
    assert (rule["cron"], rule["timezone"]) == ("30 6 * * 1", "America/New_York")
    assert found["backfill"]["schedules"] == []


def test_a_night_cancelled_in_mid_run_changes_nothing_and_the_next_one_succeeds(
    here: Deployed,
) -> None:
    before = digests(exports(here) / "latest", "*")
    run = here.run(NIGHTLY)
    until(lambda: at_work(here), "the night to be in the middle of its work")
    here.cancel(run)
    assert here.ended(run)["type"] == "CANCELLED"
    until(lambda: free(here), "the lake to be let go of")
    assert digests(exports(here) / "latest", "*") == before
    assert snapshot_problems((exports(here) / "latest").resolve()) == []
    lines = Lake(here.folder / "lake").versions("order_lines", YESTERDAY).collect()
    assert not lines.select("order_id", "line_id").is_duplicated().any()
    assert here.ended(here.run(NIGHTLY))["name"] == "Completed"
    assert digests(exports(here) / "latest") == {
        name: digest for name, digest in before.items() if name.endswith(".parquet")
    }, "a night again is the same night"
    assert not any((here.folder / "lake" / "work").iterdir())


@pytest.mark.soak
def test_dates_are_backfilled_by_hand_and_without_dates_the_run_fails(here: Deployed) -> None:
    last = YESTERDAY - timedelta(days=7)
    without = here.run(BACKFILL)
    state = here.ended(without)
    assert state["type"] == "FAILED"
    assert "give first and last like" in state["message"]
    run = here.run(BACKFILL, first=str(last - timedelta(days=7)), last=str(last))
    state = here.ended(run)
    assert (state["name"], "published 2 dates" in state["message"]) == ("Completed", True), state
    for day in (last - timedelta(days=7), last):
        assert read_manifest(snapshot_dir(exports(here), day))["restated"] is True
    assert read_manifest(snapshot_dir(exports(here)))["as_of"] == str(YESTERDAY)


@pytest.mark.soak
def test_the_review_is_drawn_by_its_deployment(here: Deployed) -> None:
    assert here.ended(here.run(REVIEW))["name"] == "Completed"
    assert (exports(here) / "review" / "latest" / "review.html").stat().st_size > 10_000


@pytest.mark.soak
def test_a_night_that_holds_a_table_back_is_a_failed_run_that_says_published(
    here: Deployed,
) -> None:
    broken = here.folder / "in" / "late.parquet"
    broken.write_bytes(b"PAR1 and nothing else")
    state = here.ended(here.run(NIGHTLY))
    broken.unlink()
    assert (state["type"], state["name"]) == ("FAILED", "PublishedDegraded"), state
    fresh = json.loads((exports(here) / "freshness.json").read_text())
    assert fresh["last_attempt_status"] == "PublishedDegraded"


def test_a_stage_that_fails_makes_a_failed_run_and_leaves_what_was_published(
    here: Deployed,
) -> None:
    before = digests(exports(here) / "latest", "*")
    part = next((here.folder / "lake" / "tables" / "order_lines").rglob("*.parquet"))
    whole = part.read_bytes()
    part.write_bytes(whole[: len(whole) // 2])
    state = here.ended(here.run(NIGHTLY))
    part.write_bytes(whole)
    assert (state["type"], state["name"]) == ("FAILED", "Failed"), state
    assert digests(exports(here) / "latest", "*") == before
    fresh = json.loads((exports(here) / "freshness.json").read_text())
    assert fresh["last_attempt_status"] == "Failed"
    assert date.fromisoformat(fresh["as_of"]) == YESTERDAY
    assert free(here)


def test_a_night_killed_while_it_forecasts_is_run_again_one_rung_lower(here: Deployed) -> None:
    run = here.run(NIGHTLY)
    until(lambda: _doing(here).get("stage") == "forecast", "the night to forecast")
    os.kill(_engine(here)[0], signal.SIGKILL)
    state = here.ended(run, 2 * SECONDS)  # it starts anew
    assert (state["type"], state["name"]) == ("FAILED", "PublishedDegraded"), state
    assert read_manifest(snapshot_dir(exports(here)))["why"] == [
        "the full forecast was ended by SIGKILL, as where memory runs out"
    ]
    log = here.folder.parent / "home" / "worker.log"
    until(lambda: "Degraded: PublishedDegraded as of" in log.read_text(), "the run to say so")
    assert "TypeError" not in log.read_text(), "a degraded night is no fault of the program"


def _engine(here: Deployed) -> tuple[int, dict[str, str]]:
    """The process in which the server's run of a night works, and its environment; (0, {}): none."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if b"flows.watched_run\0engine" not in (folder / "cmdline").read_bytes():
                continue
            lines = (folder / "environ").read_text().split("\0")
            environment = dict(line.split("=", 1) for line in lines if "=" in line)
            if environment["PREFECT_API_URL"] == here.environment["PREFECT_API_URL"]:
                return int(folder.name), environment
    return 0, {}


def _doing(here: Deployed) -> dict[str, object]:
    """What that process has noted that it does."""
    with suppress(OSError, KeyError, ValueError):
        told: dict[str, object] = json.loads(Path(_engine(here)[1][STAGE_FILE]).read_text())
        return told
    return {}
