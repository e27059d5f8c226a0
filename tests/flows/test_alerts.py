"""Alerts: delivered to a real HTTP server, once an episode, and never at the cost of the night."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows.alerts import URLS, alert
from flows.night import Night
from tests.flows.listeners import Hook
from tests.flows.written import write_config
from transforms.contracts import EXPORTS

DAY = date(2026, 11, 17)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path, {"order_lines": "in/*"}, "[alerts]\nmost_a_night = 3\n")


def row(episode: str, first: date = DAY, **other: object) -> dict[str, object]:
    return {
        "as_of": DAY, "rank": 1, "kind": "stock_out", "severity": "high", "target": "units",
        "level": "sku", "series_id": episode.upper(), "category": "Tea", "sku": episode.upper(),
        "headline": "runs out about 20 Nov", "value_at_risk": 1234.0, "units_at_risk": 60.0,
        "value_unit": "USD", "n": 1, "customers_reason": "customers stock up", "action": "order",
        "owner": "Ines", "owner_from": "input", "episode_id": episode, "episode_state": "new",
        "first_seen": first, "last_seen": DAY, "nights_open": 1, **other,
    }  # fmt: skip


def night(
    config: Path, day: date, rows: list[dict[str, object]], **other: Any
) -> tuple[Night, Path]:
    """A published night with these exceptions."""
    snapshot = config.parent / f"snapshot-{day}"
    snapshot.mkdir(exist_ok=True)
    contract = EXPORTS["exceptions"]
    full = [{**dict.fromkeys(contract.names), **one, "as_of": day} for one in rows]
    pl.DataFrame(full, schema=dict(contract.schema)).write_parquet(snapshot / "exceptions.parquet")
    return Night(str(config), day, "r", "w", datetime.now(UTC), **other), snapshot


def subjects(hook: Hook) -> list[str]:
    return [said["title"] for said in hook.got]


def test_each_new_episode_is_told_once(hook: Hook, config: Path) -> None:
    alert(*night(config, DAY, [row("aaa"), row("bbb"), row("low", severity="low")]))
    assert subjects(hook) == [
        "Test: stock-out ahead: AAA (Tea)", "Test: stock-out ahead: BBB (Tea)",
    ]  # fmt: skip
    assert "At stake: 1,234 USD" in hook.got[0]["message"]
    assert "Owner: Ines" in hook.got[0]["message"]
    alert(*night(config, DAY, [row("aaa"), row("bbb")]))
    tomorrow = DAY + timedelta(days=1)
    went_on = [row("aaa", episode_state="open"), row("ccc", first=tomorrow)]
    alert(*night(config, tomorrow, went_on))
    assert subjects(hook)[2:] == ["Test: stock-out ahead: CCC (Tea)"]


def test_what_could_not_be_told_is_told_the_next_night_once(
    hook: Hook, config: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hook.status = 500
    with caplog.at_level(logging.DEBUG):
        alert(*night(config, DAY, [row("aaa"), row("bbb"), row("gone")]))
    assert not hook.got
    assert "could not be reached; 3 exceptions are told to it on the next night" in caplog.text
    assert "hush-token" not in caplog.text
    hook.status = 200
    for step in (1, 2):
        day = DAY + timedelta(days=step)
        rows = [row("aaa", episode_state="open"), row("bbb", episode_state="open")]
        alert(*night(config, day, [*rows, row("gone", episode_state="closed")]))
    assert len(subjects(hook)) == 2


def test_a_channel_that_fails_half_way_is_not_told_twice(hook: Hook, config: Path) -> None:
    alert(*night(config, DAY, [row("aaa")]))
    hook.status = 503
    alert(*night(config, DAY, [row("aaa"), row("bbb")]))
    hook.status = 200
    alert(*night(config, DAY + timedelta(days=1), [row("aaa"), row("bbb")]))
    assert subjects(hook) == [
        "Test: stock-out ahead: AAA (Tea)", "Test: stock-out ahead: BBB (Tea)",
    ]  # fmt: skip


def test_beyond_the_most_of_a_night_one_message_tells_of_all(hook: Hook, config: Path) -> None:
    rows = [row(f"e{i}", rank=i + 1) for i in range(6)]
    alert(*night(config, DAY, rows))
    assert subjects(hook)[3:] == ["Test: 3 more exceptions"]
    assert hook.got[3]["message"].count("\n") == 2
    alert(*night(config, DAY, rows))
    assert len(hook.got) == 4


def test_high_ones_come_first_and_say_so_where_they_share_a_message(
    hook: Hook, config: Path
) -> None:
    high = [row(f"h{i}", rank=i + 1) for i in range(4)]
    alert(*night(config, DAY, [row("dear", rank=5, severity="medium", value_at_risk=9e6), *high]))
    assert [said.split(": ")[-1] for said in subjects(hook)[:3]] == [
        "H0 (Tea)", "H1 (Tea)", "H2 (Tea)",
    ]  # fmt: skip
    rest = hook.got[3]["message"].splitlines()
    assert [line.split(":")[0] for line in rest] == ["high", "stock-out ahead"]


def test_one_channel_that_is_down_does_not_keep_the_other_from_hearing(
    hook: Hook, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(URLS, f"json://127.0.0.1:9/closed {hook.url} nonsense-address")
    alert(*night(config, DAY, [row("aaa")]))
    assert len(hook.got) == 1


def test_a_backfill_and_a_night_before_the_newest_tell_nobody(hook: Hook, config: Path) -> None:
    alert(*night(config, DAY, [row("aaa")], restated=True))
    pointers = config.parent / "exports" / "pointers"
    pointers.mkdir(parents=True)
    (pointers / "as_of=2026-11-20.json").write_text("{}")
    alert(*night(config, DAY, [row("aaa")]))
    assert hook.asked == 0


def test_the_ledger_holds_no_address_and_is_the_owners_alone(hook: Hook, config: Path) -> None:
    alert(*night(config, DAY, [row("aaa")]))
    assert len(hook.got) == 1
    file = config.parent / "lake" / "alerts" / "told.json"
    assert "hush" not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
