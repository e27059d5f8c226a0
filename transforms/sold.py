"""Order lines counted once for many cutoffs: whole numbers, which add up to what each cutoff saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from transforms.calendar import local_day, week_of
from transforms.demand import MILLI, placed
from transforms.lives import DAY, FROM, UNTIL, position_of, shown_at

CANCELLED = "_cancelled"
"""Position of the cutoff from which on a line is known to be cancelled, or to be no sale at all."""


@dataclass(frozen=True, slots=True)
class Sold:
    """What was sold by SKU, category as given, channel and week, between which cutoffs it was so known.

    `cells`: sku, category, channel, week_start, milli (Int64 thousandths), ordered_at (the latest), and
    positions in `cutoffs`, which ascend.
    """

    cutoffs: tuple[date, ...]
    cells: pl.DataFrame

    def latest(self, cutoff: date) -> pl.DataFrame:
        """sku, category, ordered_at: what `transforms.demand.sku_categories` asks of order lines."""
        cells = shown_at(self.cells, self.cutoffs.index(cutoff))
        return cells.select("sku", "category", "ordered_at")

    def events(self, cutoff: date, categories: pl.DataFrame) -> pl.DataFrame:
        """As `transforms.demand.unit_events`, in no order, but that each `day` is the first of its week."""
        position = self.cutoffs.index(cutoff)
        sums = (
            shown_at(self.cells, position)
            .lazy()
            .filter(pl.col(CANCELLED) > position)
            .group_by(pl.col("week_start").alias("day"), "sku", "channel")
            .agg(pl.col("milli").sum())
            .collect()
        )
        return placed(sums, categories)


def sold_weeks(
    lines: pl.LazyFrame, cutoffs: Sequence[date], timezone: str, week_start: str
) -> Sold:
    """Counts order lines as `transforms.lives.lived` gives them for the same `cutoffs`."""
    cells = (
        lines.select(
            "sku",
            "category",
            "channel",
            week_of(pl.col(DAY), week_start).alias("week_start"),
            FROM,
            UNTIL,
            sale_ends(cutoffs, timezone).alias(CANCELLED),
            (pl.col("quantity") * MILLI).round().cast(pl.Int64).alias("milli"),
            "ordered_at",
        )
        .group_by("sku", "category", "channel", "week_start", FROM, UNTIL, CANCELLED)
        .agg(pl.col("milli").sum(), pl.col("ordered_at").max())
        .collect(engine="streaming")
    )
    return Sold(tuple(cutoffs), cells)


def sale_ends(cutoffs: Sequence[date], timezone: str) -> pl.Expr:
    """Position in `cutoffs` from which on an order line does not count as a sale: tests never do."""
    cancelled = position_of(local_day("cancelled_at", timezone), cutoffs)
    void = pl.col("is_test").fill_null(value=False)
    return pl.when(void).then(pl.lit(0, dtype=pl.Int16)).otherwise(cancelled)
