"""What was sent is noted once, by its night, and never at the cost of the sending."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from flows.lake import Lake
from flows.sent import NAME, note_sent, sent_before

DAY = date(2026, 11, 15)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    (tmp_path / "lake").mkdir()
    return Lake(tmp_path / "lake")


def seen(lake: Lake, as_of: date) -> list[tuple[object, ...]]:
    return sent_before(lake, as_of, "America/New_York").rows()


def test_a_night_knows_what_earlier_nights_sent_and_not_its_own(lake: Lake) -> None:
    note_sent(lake.root, DAY, "exception", ["b", "a", "a"], "desk")
    note_sent(lake.root, date(2026, 11, 16), "exception", ["a"], "desk")
    note_sent(lake.root, date(2026, 11, 16), "exception", ["a"], "planners")
    assert seen(lake, DAY) == []
    end = datetime(2026, 11, 16, 5, tzinfo=UTC)
    assert [row[:4] for row in seen(lake, date(2026, 11, 16))] == [
        ("a", "exception", "desk", end), ("b", "exception", "desk", end),
    ]  # fmt: skip
    later = seen(lake, date(2026, 11, 17))
    assert [(row[0], row[2]) for row in later] == [("a", "desk"), ("b", "desk"), ("a", "planners")]
    assert later[0][3] == end, "what goes to one team twice counts the first time"


def test_the_file_is_for_its_owner_alone_and_broken_lines_are_passed_over(lake: Lake) -> None:
    note_sent(lake.root, DAY, "review", ["review 1"], "all")
    file = lake.root / NAME
    assert file.stat().st_mode & 0o077 == 0
    file.write_bytes(b'{"half\n{"night": "no day"}\n[]\n' + file.read_bytes())
    assert [row[0] for row in seen(lake, date(2026, 11, 16))] == ["review 1"]


def test_without_a_lake_nothing_is_noted_and_nothing_fails(tmp_path: Path) -> None:
    note_sent(tmp_path / "gone", DAY, "review", ["x"], "all")
    assert not (tmp_path / "gone").exists()
    assert seen(Lake(tmp_path / "gone"), DAY) == []


def test_a_disk_that_refuses_costs_the_note_alone(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(lake.storage), "write", full)
    note_sent(lake.root, DAY, "review", ["x"], "all")
    assert not (lake.root / NAME).exists()
