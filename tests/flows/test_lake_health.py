"""Landed files are compared with what was written; damage is named, held apart, and can be read again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from flows.alone import AnotherNight, alone
from flows.examine import WrongClock, examine
from flows.lake import Lake, LakeError
from flows.lake_health import damaged, drop_damaged, learn_digests
from flows.parquet import sha256
from flows.repull import repull
from flows.settings import Settings, load_settings
from tests.flows.test_lake import put, seen
from tests.flows.written import write_config

DAY = date(2026, 3, 10)


def flip(path: Path) -> None:
    """One bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def bad(lake: Lake) -> dict[str, str]:
    return damaged(lake.root, lake.landings())


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "in").mkdir()
    return load_settings(write_config(tmp_path, {"order_lines": "in/*.csv"}), {})


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path / "lake")
    put(lake, [{"order_id": "a"}], DAY)
    put(lake, [{"order_id": "b"}], date(2026, 3, 11))
    return lake


def test_a_part_bears_the_digest_of_what_was_written(lake: Lake) -> None:
    for entry in lake.landings():
        for part in entry.parts:
            assert part.digests == {path: sha256(lake.root / path) for path in part.paths}
    assert bad(lake) == {}


@pytest.mark.parametrize("damage", [flip, Path.unlink, lambda path: path.write_bytes(b"")])
def test_one_flipped_bit_is_found_and_named_with_the_remedy(
    lake: Lake, damage: Callable[[Path], object]
) -> None:
    part = lake.landings()[1].parts[0]
    damage(lake.root / part.path)
    found = bad(lake)
    assert list(found) == [part.path]
    assert "restore it from a backup of the lake" in found[part.path]
    assert "hearcast repull" in found[part.path]


def test_order_lines_that_are_damaged_end_the_night(lake: Lake, settings: Settings) -> None:
    flip(lake.root / lake.landings()[0].parts[0].path)
    with pytest.raises(LakeError, match=r"order_lines/00000001-main\.parquet.*is damaged"):
        examine(settings, lake.root, date(2026, 3, 12), asked=True)


def test_a_lake_does_without_the_files_that_it_is_told_of(lake: Lake) -> None:
    part = lake.landings()[0].parts[0]
    flip(lake.root / part.path)
    kept = Lake(lake.root, {part.path: "damaged"})
    assert seen(kept, date(2026, 3, 12)) == {"b": 1.0}
    assert kept.maimed("order_lines") == "damaged"
    assert kept.maimed("tickets") is None


def test_a_rewritten_part_has_its_new_digest_and_one_cut_short_has_none(lake: Lake) -> None:
    part = lake.landings()[0].parts[0]
    rows = lake.scan_part(part).collect()
    lake.rewrite(part, rows.head(0))
    assert bad(lake) == {}
    lake._relearn(replace(part, sha256=None))
    lake._store(part, rows)  # as far as a kill may come
    assert bad(lake) == {}
    assert learn_digests(lake) == 1
    assert learn_digests(lake) == 0
    flip(lake.root / part.path)
    assert list(bad(lake)) == [part.path]


def test_what_is_damaged_is_read_again_as_if_it_had_never_landed(
    lake: Lake, settings: Settings
) -> None:
    entry = lake.landings()[0]
    lake.amend(replace(entry, signatures={"main/order_lines/in/a.csv": "x", "other/t/f": "y"}))
    flip(lake.root / entry.parts[0].path)
    told = repull(settings)
    assert "1 rows of order_lines from main, landed for 2026-03-10" in told[0]
    assert "folders of main" in told[1]
    assert lake.taken() == {"other/t/f": "y"}
    assert seen(lake, date(2026, 3, 12)) == {"b": 1.0}
    assert not (lake.root / entry.parts[0].path).exists()
    assert repull(settings) == [
        "every landed file is what the lake's log says; nothing was changed"
    ]
    put(lake, [{"order_id": "a"}, {"order_id": "b"}], date(2026, 3, 12))
    assert seen(lake, date(2026, 3, 12)) == {"a": 1.0, "b": 1.0}


def test_nothing_is_taken_out_while_a_night_runs(lake: Lake, settings: Settings) -> None:
    with alone(lake.root), pytest.raises(AnotherNight):
        repull(settings)


def test_quarantined_rows_that_cannot_be_read_cost_only_themselves(
    lake: Lake, settings: Settings
) -> None:
    entry = lake.landings()[0]
    (lake.root / "quarantine").mkdir()
    (lake.root / "quarantine" / "00000001.parquet").write_bytes(b"PAR1 no")
    lake.amend(replace(entry, quarantine="quarantine/00000001.parquet"))
    found = examine(settings, lake.root, date(2026, 3, 12), asked=True)
    assert found.held == {}
    assert "quarantined rows in it cannot be read" in found.troubles[0]
    assert Lake(lake.root, found.without).quarantine(DAY).is_empty()
    assert drop_damaged(lake, bad(lake)) == []
    assert bad(lake) == {}


def test_a_clock_that_went_back_is_a_trouble_and_one_far_ahead_ends_the_night(
    lake: Lake, settings: Settings
) -> None:
    newest = date(2026, 3, 11)
    root = lake.root
    assert examine(settings, root, date(2026, 3, 10), asked=False).troubles == ()
    (line,) = examine(settings, root, date(2026, 3, 9), asked=False).troubles
    assert line.startswith("clock: ")
    assert f"data of {newest} have landed already" in line
    assert examine(settings, root, date(2026, 3, 9), asked=True).troubles == ()
    with pytest.raises(WrongClock, match="confirm the date with --as-of 2027-04-01"):
        examine(settings, root, date(2027, 4, 1), asked=False)
    assert examine(settings, root, date(2027, 4, 1), asked=True).troubles == ()


def test_a_folder_that_gave_something_and_is_gone_is_a_trouble(
    lake: Lake, settings: Settings, tmp_path: Path
) -> None:
    tonight = date(2026, 3, 12)
    assert examine(settings, lake.root, tonight, asked=True).troubles == (), "empty, but there"
    shutil.rmtree(tmp_path / "in")
    (line,) = examine(settings, lake.root, tonight, asked=True).troubles
    assert line.startswith("main: the folder in is gone")
    assert examine(settings, lake.root, DAY, asked=True).troubles == (), "a replay pulls nothing"
    fresh = tmp_path / "another"
    assert examine(settings, fresh, tonight, asked=True).troubles == (), "it never gave anything"


def test_a_lake_of_a_newer_version_is_refused_in_one_line(lake: Lake) -> None:
    path = lake.root / "log" / "00000002.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 99}))
    with pytest.raises(
        LakeError, match=r"written by a newer version .*format 99; this one knows 2"
    ):
        lake.landings()
