"""What a night reads of the lake to count: every version once, order lines as sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta

import polars as pl

from flows.lake import Lake, landing_of
from flows.masking import masked
from flows.rules import Rules
from transforms.asof import EXTRA, KNOWN_ON, ORDER, SOURCE, VERSION, has_second, visible
from transforms.buyers import asked_of, buyers, may_be_address
from transforms.calendar import local_day
from transforms.contracts import INPUTS
from transforms.customers import ID_KEY
from transforms.hashed import Hasher, hashed_frames
from transforms.lineage import PICTURE
from transforms.lives import FROM, UNTIL, lived, shown_at
from transforms.plans import TOLD_ON
from transforms.sold import Sold, sold_weeks

LINES = "order_lines"
OTHERS = tuple(one for one in PICTURE if one != LINES)
SPARED = (
    "text",
    "unit_price",
    "currency",
    "line_id",
    "reason",
    "topic",
    "title",
    "_file",
    EXTRA,
    "_words",
)
"""Columns that no count needs; left on disk."""
_OF_LINES = [
    SOURCE,
    "order_id",
    "line_id",
    "sku",
    "ordered_at",
    "customer_id",
    "cancelled_at",
    "is_test",
]
_TALKING = ("conversations", "passages")
"""Tables of who talked: their orders say what they talked of."""
_RECENT_DAYS = 35
"""So many days before a night are cutoffs, too: the night before it was probably one of them."""


@dataclass(frozen=True, slots=True)
class Versions:
    """Every version that a night may see, without the columns that no count needs.

    `frames`: each table but order lines. Customers' ids, e-mails and phones are keyed hashes; identifiers
    in the columns that name series are masked. `sold`: order lines as sums, for each of its cutoffs.
    `lines`: those order lines that are asked for one by one, as `transforms.lives.lived` gives them.
    `buyers`: who bought by the last cutoff and has none of those.
    """

    frames: Mapping[str, pl.DataFrame]
    sold: Sold
    lines: pl.DataFrame
    buyers: pl.DataFrame

    @property
    def cutoffs(self) -> tuple[date, ...]:
        """Days, ascending, at the end of which it can be told what was known."""
        return self.sold.cutoffs

    def at(self, cutoff: date, timezone: str) -> dict[str, pl.DataFrame]:
        """Each table's rows as known at the end of `cutoff`; of order lines those in `lines`."""
        shown = {
            name: visible(
                frame.lazy(), INPUTS[name], cutoff, timezone, replaced=has_second(frame)
            ).collect()
            for name, frame in self.frames.items()
        }
        lines = shown_at(self.lines, self.cutoffs.index(cutoff)).with_columns(
            pl.when(local_day("cancelled_at", timezone) <= cutoff).then("cancelled_at")
        )
        return {LINES: lines, **shown}


def cutoffs_before(as_of: date, others: Sequence[date]) -> tuple[date, ...]:
    """`as_of`, the days before it, and those of `others` that are earlier; ascending."""
    recent = (as_of - timedelta(days=days) for days in range(_RECENT_DAYS + 1))
    return tuple(sorted({*recent, *(day for day in others if day < as_of)}))


def read_versions(
    lake: Lake, as_of: date, by: Hasher, rules: Rules, others: Sequence[date] = ()
) -> Versions:
    """What a night at `as_of` may see, to be counted at `as_of`, at `others` and on the days before.

    A product bears the day on which the plans that it tells were really delivered.
    """
    frames = {}
    for name in OTHERS:
        lazy = lake.versions(name, as_of)
        key = set(INPUTS[name].key)
        drop = [c for c in lazy.collect_schema().names() if c in SPARED and c not in key]
        frames[name] = masked(lazy.drop(drop).collect())
    frames = hashed_frames(frames, by)
    frames["products"] = with_told_on(frames["products"], lake.told_on(as_of))
    return counted_versions(
        lake.versions(LINES, as_of), frames, by, rules, cutoffs_before(as_of, others)
    )


def counted_versions(
    lines: pl.LazyFrame,
    frames: Mapping[str, pl.DataFrame],
    by: Hasher,
    rules: Rules,
    cutoffs: tuple[date, ...],
) -> Versions:
    """`frames` (hashed) with the versions of order lines, whose ids are as given, counted."""
    second = bool(lines.select((pl.col(VERSION) > 1).any()).collect(engine="streaming").item())
    zone = rules.timezone
    living = lived(lines, INPUTS[LINES], cutoffs, zone, replaced=second)
    who = buyers(living, cutoffs, zone)
    # Hashing is Python's and leaves a core to the sums.
    with ThreadPoolExecutor(1) as beside:
        counting = beside.submit(sold_weeks, living, cutoffs, zone, rules.week_start)
        nodes = _nodes(living, who, by, second=second)
        sold = counting.result()
    asked = nodes  # who could have been called is told by all orders
    if frames["call_attempts"].is_empty():
        telling = nodes.select(may_be_address(pl.col("_raw"))).to_series()
        asked = nodes.filter(asked_of(frames, nodes, _TALKING) | telling)
    customers = asked.select(SOURCE, pl.col("_raw").alias("customer_id"))
    rows = _rows(living, customers, frames["tickets"])
    hashed = hashed_frames({LINES: masked(rows)}, by)[LINES]
    others = nodes.join(asked, on=[SOURCE, "customer_id"], how="anti")
    counted = others.join(
        who.rename({"customer_id": "_raw"}), on=[SOURCE, "_raw"], how="inner", maintain_order="left"
    )
    return Versions(
        frames,
        replace(sold, cells=masked(sold.cells)),
        hashed,
        counted.drop("_raw", ID_KEY, strict=False),
    )


def _nodes(living: pl.LazyFrame, who: pl.DataFrame, by: Hasher, *, second: bool) -> pl.DataFrame:
    """Every id that any cutoff shows (_source, _raw), and its hash as customer_id."""
    ids = who.select(SOURCE, "customer_id")
    if second:  # else whoever was shown once is shown at the last cutoff, too
        shown = living.select(SOURCE, "customer_id").unique().collect(engine="streaming")
        ids = pl.concat([ids, shown.drop_nulls()]).unique()
    return hashed_frames({LINES: ids.with_columns(pl.col("customer_id").alias("_raw"))}, by)[LINES]


def _rows(living: pl.LazyFrame, asked: pl.DataFrame, tickets: pl.DataFrame) -> pl.DataFrame:
    """Lines of the customers `asked`, and, as nobody's, of other orders that `tickets` name."""
    rows = living.select(*_OF_LINES, FROM, UNTIL)
    order, who = [SOURCE, "order_id"], [SOURCE, "customer_id"]
    orders = tickets.select(order).drop_nulls().unique()
    theirs = rows.join(asked.lazy(), on=who, how="semi")
    others = rows.join(orders.lazy(), on=order, how="semi").join(asked.lazy(), on=who, how="anti")
    others = others.with_columns(pl.lit(None, dtype=pl.String).alias("customer_id"))
    parts = [part for part, keys in ((theirs, asked), (others, orders)) if keys.height]
    return pl.concat(parts or [rows.limit(0)]).collect(engine="streaming")


def with_told_on(products: pl.DataFrame, told_on: Mapping[int, date]) -> pl.DataFrame:
    """Products with the day on which the plans that they tell were really delivered."""
    landed = landing_of(ORDER).replace_strict(told_on, return_dtype=pl.Date)
    return products.with_columns(pl.max_horizontal(KNOWN_ON, landed).alias(TOLD_ON))
