import json
import os
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from flows.lake import Lake, LakeError, Landing
from tests.rows import at, good
from transforms.asof import visible
from transforms.contracts import EXPORTS, INPUTS
from transforms.landing import land_rows

LINES = INPUTS["order_lines"]


def put(lake: Lake, rows: list[dict[str, object]], as_of: date, source: str = "main") -> int:
    """Lands rows as a night at `as_of` would; returns how many were stored."""
    number, landed = lake.next_number(), lake.landed_as_of(as_of)
    base = {"line_id": "1", "sku": "A", "ordered_at": at("2026-03-02T15:00"), "quantity": 1.0}
    result = land_rows(
        good("order_lines", [base | row for row in rows]),
        lake.current(source, "order_lines"),
        LINES,
        source=source,
        landed_as_of=landed,
        latency_days=0,
        timezone="UTC",
        first=not lake.has(source, "order_lines"),
    )
    if result.fresh.height:
        part = lake.write_part(number, "order_lines", source, result.fresh)
        lake.commit(Landing(number, landed, (part,)))
    return result.fresh.height


def seen(lake: Lake, night: date, cutoff: date | None = None) -> dict[str, float]:
    versions = lake.versions("order_lines", night)
    shown = visible(versions, LINES, cutoff or night, "UTC").collect().sort("order_id")
    return dict(shown.select("order_id", "quantity").iter_rows())


def test_an_empty_lake_shows_empty_tables_of_the_right_shape(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    assert seen(lake, date(2026, 3, 2)) == {}
    assert lake.newest_as_of() is None
    assert not lake.is_replay(date(1999, 1, 1))


def test_corrections_change_the_next_night_and_never_a_past_one(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    put(lake, [{"order_id": "a"}, {"order_id": "b"}], date(2026, 3, 10))
    before = seen(lake, date(2026, 3, 10))
    put(lake, [{"order_id": "a", "quantity": 5.0}, {"order_id": "late"}], date(2026, 3, 11))
    assert seen(lake, date(2026, 3, 10)) == before == {"a": 1.0, "b": 1.0}
    assert seen(lake, date(2026, 3, 11)) == {"a": 5.0, "b": 1.0, "late": 1.0}
    # A backtest of the later night sees at a past cutoff what was known then.
    assert seen(lake, date(2026, 3, 11), cutoff=date(2026, 3, 10)) == before


def test_a_source_that_is_added_later_leaves_past_nights_as_they_were(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    put(lake, [{"order_id": "a"}], date(2026, 3, 10))
    put(lake, [{"order_id": "b"}], date(2026, 3, 12), source="other")
    assert seen(lake, date(2026, 3, 10)) == {"a": 1.0}
    assert seen(lake, date(2026, 3, 12)) == {"a": 1.0, "b": 1.0}
    # The new source's history counts as known at its own days, for backtests from now on.
    assert seen(lake, date(2026, 3, 12), cutoff=date(2026, 3, 3)) == {"a": 1.0, "b": 1.0}


def test_a_night_before_the_first_landing_sees_history_by_its_assumed_days(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    rows = [{"order_id": "a"}, {"order_id": "b", "ordered_at": at("2026-03-05T15:00")}]
    put(lake, rows, date(2026, 3, 10))
    assert seen(lake, date(2026, 3, 3)) == {"a": 1.0}
    assert lake.is_replay(date(2026, 3, 3))


def test_landing_dates_never_move_back(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    put(lake, [{"order_id": "a"}], date(2026, 3, 10))
    assert lake.landed_as_of(date(2026, 3, 1)) == date(2026, 3, 10)


def test_the_same_rows_twice_store_nothing(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    rows = [{"order_id": f"o{i}"} for i in range(100)]
    assert put(lake, rows, date(2026, 3, 10)) == 100
    files = sorted(p.as_posix() for p in tmp_path.rglob("*"))
    assert put(lake, rows, date(2026, 3, 11)) == 0
    assert sorted(p.as_posix() for p in tmp_path.rglob("*")) == files


def test_data_without_a_log_entry_do_not_exist_and_are_swept(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    put(lake, [{"order_id": "a"}], date(2026, 3, 10))
    whole = sorted(p.as_posix() for p in tmp_path.rglob("*") if p.is_file())
    fresh = land_rows(
        good(
            "order_lines", [{"order_id": "x", "line_id": "1", "ordered_at": at("2026-03-02T15:00")}]
        ),
        lake.current("main", "order_lines"),
        LINES,
        source="main",
        landed_as_of=date(2026, 3, 11),
        latency_days=0,
        timezone="UTC",
        first=False,
    ).fresh
    lake.write_part(2, "order_lines", "main", fresh)  # killed before commit
    (tmp_path / "log" / ".00000002.json.77.tmp").write_text("{")
    assert seen(lake, date(2026, 3, 11)) == {"a": 1.0}
    assert len(lake.sweep()) == 2
    assert sorted(p.as_posix() for p in tmp_path.rglob("*") if p.is_file()) == whole


def test_what_a_killed_night_left_among_its_alerts_goes_once_nobody_can_be_writing_it(
    tmp_path: Path,
) -> None:
    lake = Lake(tmp_path)
    alerts, calls = tmp_path / "alerts", tmp_path / "calls"
    for folder in (alerts, calls):
        folder.mkdir()
        (folder / ".told.json.77.tmp").write_text("{")
        (folder / ".told.json.78.tmp").write_text("{")
        (folder / "told.json").write_text("{}")
        for name in (".told.json.77.tmp", "told.json"):
            os.utime(folder / name, (0, 0))
    removed = ["alerts/.told.json.77.tmp", "calls/.told.json.77.tmp"]
    assert sorted(lake.sweep()) == removed
    left = {".told.json.78.tmp", "told.json"}
    assert {path.name for path in alerts.iterdir()} == left
    assert {path.name for path in calls.iterdir()} == left


def test_words_and_identities_lie_in_the_restricted_part_readable_by_the_owner_only(
    tmp_path: Path,
) -> None:
    lake = Lake(tmp_path / "lake")
    rows = good("passages", [{"passage_id": "p", "conversation_id": "c", "text": "hello"}])
    fresh = land_rows(
        rows,
        INPUTS["passages"].empty(),
        INPUTS["passages"],
        source="main",
        landed_as_of=date(2026, 3, 10),
        latency_days=0,
        timezone="UTC",
        first=True,
    ).fresh
    part = lake.write_part(1, "passages", "main", fresh)
    assert part.words is not None
    assert part.words.startswith("restricted/words/")
    counted = pl.read_parquet(lake.root / part.path)
    assert "text" not in counted.columns
    assert pl.read_parquet(lake.root / part.words)["text"].to_list() == ["hello"]
    lake.commit(Landing(1, date(2026, 3, 10), (part,)))
    assert lake.versions("passages", date(2026, 3, 10)).collect()["text"].to_list() == ["hello"]
    for path in [tmp_path / "lake", *(tmp_path / "lake").rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path.name


def test_a_missing_or_broken_part_is_named_with_the_remedy(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    put(lake, [{"order_id": "a"}], date(2026, 3, 10))
    stored = next((tmp_path / "tables").rglob("*.parquet"))
    stored.unlink()
    with pytest.raises(LakeError, match="restore it from a backup"):
        lake.versions("order_lines", date(2026, 3, 10))
    (tmp_path / "log" / "00000001.json").write_text("{")
    with pytest.raises(LakeError, match=r"00000001\.json.*cannot be read"):
        lake.landings()


def test_reports_and_quarantine_of_a_file_are_those_of_its_newest_landing(tmp_path: Path) -> None:
    lake = Lake(tmp_path)

    def bad(reason: str) -> pl.DataFrame:
        return pl.DataFrame(
            {
                "table": "order_lines",
                "source": "main",
                "file": "f",
                "row_number": 1,
                "reason": reason,
                "column": "sku",
                "row": "{}",
                "landed_as_of": date(2026, 3, 10),
            }
        )

    for number, reason in ((1, "wrong_type"), (2, "out_of_range")):
        report = {"source": "main", "table": "order_lines", "file": "f", "rows_in": number}
        day = date(2026, 3, 9 + number)
        written = lake.write_quarantine(number, bad(reason))
        lake.commit(Landing(number, day, reports=(report,), quarantine=written))
    assert lake.quarantine(date(2026, 3, 10))["reason"].to_list() == ["wrong_type"]
    assert lake.quarantine(date(2026, 3, 11))["reason"].to_list() == ["out_of_range"]
    assert [r["rows_in"] for r in lake.reports(date(2026, 3, 11))] == [2]


def test_two_sources_whose_names_look_alike_do_not_share_a_file(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    put(lake, [{"order_id": "a"}], date(2026, 3, 10), source="my shop")
    put(lake, [{"order_id": "b"}], date(2026, 3, 10), source="my_shop")
    assert seen(lake, date(2026, 3, 10)) == {"a": 1.0, "b": 1.0}
    entry = json.loads((tmp_path / "log" / "00000001.json").read_text())
    assert entry["parts"][0]["source"] == "my shop"


def test_quarantine_written_before_a_column_was_added_is_read_beside_todays(tmp_path: Path) -> None:
    lake, day = Lake(tmp_path), date(2026, 3, 10)
    old = pl.DataFrame(
        {
            "table": "order_lines",
            "source": "main",
            "file": "old",
            "row_number": 1,
            "reason": "wrong_type",
            "row": "{}",
            "landed_as_of": day,
        }
    )
    new = old.with_columns(pl.lit("new").alias("file"), pl.lit("sku").alias("column"))
    for number, (name, rows) in enumerate((("old", old), ("new", new)), start=1):
        report = {"source": "main", "table": "order_lines", "file": name}
        written = lake.write_quarantine(number, rows)
        lake.commit(Landing(number, day, reports=(report,), quarantine=written))
    shown = lake.quarantine(day)
    assert tuple(shown.columns) == tuple(EXPORTS["quarantine"].names)
    assert dict(shown.select("file", "column").iter_rows()) == {"old": None, "new": "sku"}
