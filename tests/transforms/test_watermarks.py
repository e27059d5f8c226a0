"""How far a table was read, and from where the next reading starts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from transforms.watermarks import (
    Watermark,
    WatermarkError,
    back,
    highest,
    overlap_of,
    stored_watermark,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "kind", "text"),
    [
        ([datetime(2026, 1, 1, tzinfo=UTC), None], "instant", "2026-01-01T00:00:00+00:00"),
        ([datetime(2026, 1, 1, 5), datetime(2025, 1, 1)], "clock", "2026-01-01T05:00:00"),  # noqa: DTZ001
        ([date(2026, 1, 1), date(2026, 2, 1)], "day", "2026-02-01"),
        ([3, 12, 5], "number", "12"),
        (["2026-01-01 10:00:00", "2026-01-02"], "text", "2026-01-02"),
    ],
)
def test_the_greatest_value_keeps_its_kind(values: list[object], kind: str, text: str) -> None:
    found, late = highest(pl.Series("at", values), NOW)
    assert (found, late) == (Watermark(kind, text), 0)  # type: ignore[arg-type]
    assert found is not None
    assert stored_watermark(found.stored()) == found


@pytest.mark.parametrize("values", [["b", "a"], [1.5, 2.5], [True, False], ["2026-1-1"]])
def test_a_column_without_a_sure_order_is_refused(values: list[object]) -> None:
    with pytest.raises(WatermarkError, match="column 'at' cannot be a watermark"):
        highest(pl.Series("at", values), NOW)


def test_a_value_from_the_future_is_counted_and_not_believed() -> None:
    within = NOW + timedelta(hours=23)
    values = pl.Series("at", [NOW, within, NOW + timedelta(hours=25), None])
    assert highest(values, NOW) == (Watermark("instant", within.isoformat()), 1)
    text = pl.Series("at", ["2026-02-01 10:00", "2026-03-02 23:00", "2026-03-03 00:00"])
    assert highest(text, NOW) == (Watermark("text", "2026-03-02 23:00"), 1)


def test_nothing_read_is_no_watermark() -> None:
    assert highest(pl.Series("at", [], pl.Null), NOW) == (None, 0)
    assert highest(pl.Series("at", [None, None], pl.String), NOW) == (None, 0)


@pytest.mark.parametrize(
    ("mark", "overlap", "expected"),
    [
        (Watermark("instant", "2026-01-01T10:00:00+00:00"), None, "2026-01-01T09:00:00+00:00"),
        (Watermark("clock", "2026-01-01T00:30:00"), "2h", "2025-12-31T22:30:00"),
        (Watermark("day", "2026-03-01"), "1h", "2026-02-28"),
        (Watermark("day", "2026-03-01"), "3d", "2026-02-26"),
        (Watermark("number", "500"), None, "-500"),
        (Watermark("number", "500"), 20, "480"),
        (Watermark("text", "2026-01-01 10:00:30"), "30s", "2026-01-01 10:00"),
        (Watermark("text", "2026-01-01T10:00:30.5"), "15m", "2026-01-01T09:45"),
        (Watermark("text", "2026-01-01 10:00:30"), 0, "2026-01-01 10:00:30"),
    ],
)
def test_the_next_reading_starts_before_the_mark(
    mark: Watermark, overlap: str | int | None, expected: str
) -> None:
    assert back(mark, overlap_of(overlap)) == Watermark(mark.kind, expected)


def test_text_to_the_minute_sorts_before_all_of_that_minute() -> None:
    start = back(Watermark("text", "2026-01-01 11:00:59"), timedelta(hours=1)).value
    assert all(start <= text for text in ("2026-01-01 10:00", "2026-01-01 10:00:00.000"))


@pytest.mark.parametrize("text", ["2 weeks", "h", "-1h", "1.5h", ""])
def test_an_overlap_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no overlap"):
        overlap_of(text)


def test_an_overlap_has_to_go_with_its_watermark() -> None:
    with pytest.raises(ValueError, match="must be a whole number"):
        back(Watermark("number", "5"), timedelta(hours=1))
    with pytest.raises(ValueError, match="must be a time"):
        back(Watermark("clock", "2026-01-01T00:00:00"), 5)
