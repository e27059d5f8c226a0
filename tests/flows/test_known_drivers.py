"""What a night knows of promotions and feasts to come, at its own cutoff and at past ones."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from flows.knowledge import Picture, Rules, Tags, picture
from flows.reading import OTHERS, counted_versions
from transforms.asof import DELETED, KNOWN_ON, ORDER, SOURCE, VERSION
from transforms.contracts import INPUTS
from transforms.hashed import Hasher

FIRST, NIGHT = date(2024, 1, 1), date(2024, 6, 30)
RULES = Rules("UTC", "monday", ("total", "sku"), (), 0, (), 4, "none")
TAGS = Tags(
    pl.DataFrame(
        schema={
            SOURCE: pl.String(),
            VERSION: pl.Int32(),
            **dict.fromkeys(("conversation_id", "passage_id", "signal"), pl.String()),
            "span_start": pl.Int32(),
            "span_end": pl.Int32(),
            **dict.fromkeys(("tagger", "tagger_version"), pl.String()),
            "confidence": pl.Float64(),
        }
    ),
    pl.DataFrame(
        schema={
            SOURCE: pl.String(),
            VERSION: pl.Int32(),
            **dict.fromkeys(("conversation_id", "passage_id"), pl.String()),
        }
    ),
)


def stored(table: str, rows: list[dict[str, Any]], known_on: date = date(1900, 1, 1)) -> Any:
    frame = pl.DataFrame(rows, schema=dict(INPUTS[table].schema))
    return frame.with_columns(
        pl.lit(known_on).alias(KNOWN_ON),
        pl.lit(1, dtype=pl.Int32).alias(VERSION),
        pl.lit(False).alias(DELETED),
        pl.lit("main").alias(SOURCE),
        pl.int_range(pl.len(), dtype=pl.UInt32).alias(ORDER),
    )


def lines() -> list[dict[str, Any]]:
    """One unit a day of two SKUs, tea and a cup."""
    days = [FIRST + timedelta(days=i) for i in range((NIGHT - FIRST).days + 1)]
    return [
        {
            "order_id": f"{sku}{day}",
            "line_id": "1",
            "sku": sku,
            "ordered_at": datetime.combine(day, time(12), UTC),
            "quantity": 1.0,
            "category": {"a": "tea", "b": "cups"}[sku],
        }
        for day in days
        for sku in ("a", "b")
    ]


def promo(first: date, days: int, told: date | None, **more: Any) -> dict[str, Any]:
    at = None if told is None else datetime.combine(told, time(9), UTC)
    return {
        "starts_on": first,
        "ends_on": first + timedelta(days=days - 1),
        "announced_at": at,
        **more,
    }


def seen(
    promotions: list[dict[str, Any]],
    cutoff: date = NIGHT,
    rules: Rules = RULES,
    known_on: date = date(1900, 1, 1),
) -> Picture:
    frames = {name: stored(name, []) for name in OTHERS}
    frames["promotions"] = stored("promotions", promotions, known_on)
    by = Hasher(b"key", (), merge_plus=False, country="none")
    sold = stored("order_lines", lines()).lazy()
    versions = counted_versions(sold, frames, by, rules, (cutoff,))
    return picture(versions, TAGS, cutoff, rules)


def test_without_promotions_and_country_there_are_no_drivers() -> None:
    assert seen([]).known.drivers is None


def test_a_promotion_to_come_stands_in_the_horizon_of_its_series() -> None:
    rows = [promo(date(2024, 7, 10), 7, date(2024, 6, 1), category="tea", discount_share=0.2)]
    known = seen(rows).known
    assert known.drivers is not None
    drivers, panel = known.drivers["units"], known.panels["units"]
    t = len(panel.weeks)
    assert drivers.x.shape == (3, 2, t + known.gap_weeks + 4)
    assert set(drivers.series_ids) == set(panel.series["series_id"].to_list())
    tea = drivers.series_ids.index("a")
    assert drivers.x[0, tea, t:].tolist() == pytest.approx([0, 5 / 7, 2 / 7, 0])
    assert not drivers.x[:, 1 - tea].any()
    assert not drivers.assumed


def test_a_past_cutoff_knows_only_what_had_been_announced() -> None:
    rows = [
        promo(date(2024, 5, 6), 7, date(2024, 4, 20), sku="a", kind="early"),
        promo(date(2024, 5, 6), 7, date(2024, 5, 1), sku="b", kind="late"),
    ]
    known = seen(rows, date(2024, 4, 28)).known
    assert known.drivers is not None
    drivers = known.drivers["units"]
    assert drivers.x[0, drivers.series_ids.index("a")].sum() == 1
    assert not drivers.x[:, drivers.series_ids.index("b")].any()
    later = seen(rows, date(2024, 5, 5)).known.drivers
    assert later is not None
    assert later["units"].x[0].sum() == 2


def test_a_promotion_that_landed_late_is_unknown_before() -> None:
    rows = [promo(date(2024, 6, 3), 7, date(2024, 1, 5))]
    assert seen(rows, date(2024, 6, 1), known_on=date(2024, 6, 20)).known.drivers is None
    assert seen(rows, known_on=date(2024, 6, 20)).known.drivers is not None


def test_promotions_that_do_not_say_when_they_were_announced_mark_the_drivers() -> None:
    known = seen([promo(date(2024, 7, 8), 7, None)]).known
    assert known.drivers is not None
    assert known.drivers["units"].assumed
    assert (known.drivers["units"].x[0, :, -3] == 1).all()


def test_a_country_brings_its_feasts_to_every_target() -> None:
    rules = Rules("UTC", "monday", ("total", "sku"), (), 0, (), 4, "US")
    known = seen([], rules=rules).known
    assert known.drivers is not None
    drivers = known.drivers["units"]
    weeks = known.panels["units"].weeks
    assert not drivers.x.any()
    at = drivers.feast_names.index("before Independence Day")
    assert drivers.calendar[at, len(weeks) :].tolist() == pytest.approx([4 / 7, 0, 0, 0])
    assert drivers.calendar[at, len(weeks) - 1] == pytest.approx(3 / 7)
    easter = drivers.feast_names.index("before Easter Sunday")
    assert weeks[int(drivers.calendar[easter].argmax())] == np.datetime64("2024-03-25")


def test_a_promotion_is_told_from_the_origin_that_stood_where_its_announcement_was_known() -> None:
    week = date(2024, 6, 3)
    rows = [
        promo(week, 7, date(2024, 5, 26), sku="a"),
        promo(week, 7, date(2024, 5, 27), sku="b"),
        promo(date(2024, 7, 8), 7, NIGHT),
        promo(date(2024, 3, 4), 7, None),
    ]
    known = seen(rows).known
    assert known.drivers is not None
    drivers, weeks = known.drivers["units"], known.panels["units"].weeks
    assert drivers.told is not None
    t = int((np.datetime64(week) - weeks[0]).astype(int) // 7)
    # A night on the Sunday before stood where tonight stands: all weeks before that were known.
    told = {name: drivers.told[i, t] for i, name in enumerate(drivers.series_ids)}
    assert told == {"a": t - 1, "b": t}
    assert drivers.told[:, len(weeks) + 1].tolist() == [len(weeks)] * 2
    assert not drivers.told[:, t - 14 : t - 8].any()
