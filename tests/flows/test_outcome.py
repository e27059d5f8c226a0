"""How a night ended, told: to a monitor by a ping, to people once an episode, to nobody in vain."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from flows import exports as ex
from flows import heartbeat, outcome
from flows.cli import main
from flows.fresh import freshness
from flows.night_alerts import DEGRADED, FAILED, WELL, Ended, tell_of_night
from flows.settings import Settings, load_settings
from tests.export_frames import all_frames
from tests.flows.listeners import Hook, Monitor
from tests.flows.written import write_config

DAY = date(2026, 11, 17)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(write_config(tmp_path, {"order_lines": "in/*"}), {})


def test_a_full_night_pings_and_any_other_pings_failure(
    monitor: Monitor, settings: Settings
) -> None:
    outcome.published(settings, DAY, (), full=True)
    outcome.published(settings, DAY, ("tickets held back: x",), full=False)
    outcome.failed(settings, DAY, "r1", "LakeError", "the lake is damaged")
    assert monitor.asked == ["/hush-ping", "/hush-ping/fail", "/hush-ping/fail"]


def test_a_monitor_that_cannot_be_reached_is_a_line_without_its_address(
    monitor: Monitor, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    monitor.status = 500
    environ = {heartbeat.URL: monitor.url}
    assert not heartbeat.ping(settings, environ, good=True)
    for address in ("http://127.0.0.1:9/hush-ping", "ftp://hush-ping/x", "file:///hush-ping"):
        assert not heartbeat.ping(settings, {heartbeat.URL: address}, good=True)
    assert caplog.text.count("WARNING") == 4
    assert "hush-ping" not in caplog.text
    assert heartbeat.ping(settings, {}, good=True), "nobody asked for a ping"


def ended(kind: str, *reasons: str, days: int = 0) -> Ended:
    return Ended(DAY + timedelta(days=days), kind, reasons)


def titles(hook: Hook) -> list[str]:
    return [said["title"] for said in hook.got]


def test_trouble_is_told_once_and_its_end_once(hook: Hook, settings: Settings) -> None:
    tell_of_night(settings, ended(WELL))
    tell_of_night(settings, ended(DEGRADED, "tickets held back: 7.1% bad", days=1))
    tell_of_night(settings, ended(DEGRADED, "tickets held back: 8.3% bad", days=2))
    tell_of_night(settings, ended(FAILED, "exports: No space left", days=3))
    tell_of_night(settings, ended(FAILED, "exports: No space left", days=4))
    tell_of_night(settings, ended(WELL, days=5))
    tell_of_night(settings, ended(WELL, days=6))
    assert titles(hook) == [
        "Test: the night is degraded", "Test: the night failed", "Test: nights are well again"
    ]  # fmt: skip
    assert "- tickets held back: 7.1% bad" in hook.got[0]["message"]
    assert "Nights failed from that of 2026-11-18 on." in hook.got[2]["message"]


def test_another_reason_is_news(hook: Hook, settings: Settings) -> None:
    tell_of_night(settings, ended(DEGRADED, "tickets held back: x"))
    tell_of_night(settings, ended(DEGRADED, "refunds held back: x", days=1))
    assert len(titles(hook)) == 2


def test_who_could_not_be_reached_is_told_on_the_next_night(
    hook: Hook,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    hook.status = 500
    tell_of_night(settings, ended(FAILED, "x"))
    hook.status = 200
    tell_of_night(settings, ended(FAILED, "x", days=1))
    assert titles(hook) == ["Test: the night failed"]
    assert "it is told on the next" in caplog.text
    assert "hush-token" not in caplog.text


def test_trouble_of_which_nobody_could_be_told_is_told_with_its_first_night(
    hook: Hook, settings: Settings
) -> None:
    hook.status = 500
    tell_of_night(settings, ended(FAILED, "x"))
    tell_of_night(settings, ended(FAILED, "x", days=1))
    hook.status = 200
    tell_of_night(settings, ended(FAILED, "x", days=2))
    tell_of_night(settings, ended(WELL, days=3))
    assert titles(hook) == ["Test: the night failed", "Test: nights are well again"]
    assert hook.got[1]["message"].endswith(f"Nights failed from that of {DAY} on.")


def test_trouble_that_is_over_before_anybody_could_be_told_is_told_once(
    hook: Hook, settings: Settings
) -> None:
    hook.status = 500
    tell_of_night(settings, ended(DEGRADED, "x"))
    hook.status = 200
    tell_of_night(settings, ended(WELL, days=1))
    tell_of_night(settings, ended(WELL, days=2))
    assert titles(hook) == ["Test: nights are well again"]
    assert hook.got[0]["message"].endswith(f"Nights were degraded from that of {DAY} on.")


def test_a_lake_that_cannot_be_written_to_keeps_nobody_from_hearing(
    hook: Hook,
    settings: Settings,
) -> None:
    settings.paths.lake.write_text("a file where the lake should be")
    outcome.failed(settings, DAY, "r1", "OSError", "no room")
    outcome.failed(settings, DAY, "r2", "OSError", "no room")
    assert titles(hook) == ["Test: the night failed"] * 2, "better twice than never"


def test_a_night_lost_after_it_was_published_is_not_said_to_have_published_nothing(
    hook: Hook, monitor: Monitor, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    publish(settings.paths.exports)
    outcome.lost(settings, DAY, "r", "the night was ended by SIGKILL in the stage alert")
    assert titles(hook) == ["Test: the night is degraded"]
    assert "is published, but" in hook.got[0]["message"]
    assert "nothing was published" not in caplog.text
    assert freshness(settings, datetime.now(UTC)).good, "its tables are whole"
    outcome.lost(settings, DAY, "another", "the night was ended by SIGKILL in the stage listen")
    assert titles(hook)[1:] == ["Test: the night failed"]
    assert "failed (Lost)" in freshness(settings, datetime.now(UTC)).line
    assert monitor.asked == ["/hush-ping/fail"] * 2


def publish(exports: Path, status: str = "Published") -> None:
    run = {"run_id": "r", "status": status}
    snapshot = ex.write_snapshot(exports, all_frames(5), {"as_of": DAY, **run})
    ex.publish(exports, snapshot, DAY, run)


def test_fresh_judges_age_status_last_attempt_and_the_files(settings: Settings) -> None:
    exports, now = settings.paths.exports, datetime.now(UTC)
    assert freshness(settings, now).line.startswith("nothing is published")
    publish(exports)
    good = freshness(settings, now)
    assert good.good, good.line
    old = freshness(settings, now + timedelta(hours=27))
    assert not old.good
    assert "allowed: 26.0 hours, [run] max_age_hours" in old.line
    ahead = freshness(settings, now - timedelta(hours=1))
    assert "clocks is wrong" in ahead.line
    ex.record_failure(exports, DAY, {"run_id": "x", "status": "Failed", "reason": "LakeError"})
    failed = freshness(settings, now)
    assert not failed.good
    assert "failed (LakeError)" in failed.line
    publish(exports, "PublishedDegraded")
    assert not freshness(settings, now).good
    assert freshness(settings, now, degraded=True).good
    table = exports / "latest" / "forecasts.parquet"
    table.write_bytes(table.read_bytes()[:-9])
    damaged = freshness(settings, now, degraded=True)
    assert not damaged.good
    assert "forecasts.parquet is not what manifest.json says" in damaged.line


def test_the_command_says_so_by_its_exit_code(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["fresh", "--config", str(settings.file)]
    assert main(command) == 1
    publish(settings.paths.exports)
    assert main(command) == 0
    assert "as of 2026-11-17, Published 0.0 hours ago" in capsys.readouterr().out
    monkeypatch.setenv("HEARCAST_RUN__MAX_AGE_HOURS", "0.0000001")
    assert main(command) == 1
