"""When bad rows are too many: a table is warned about, or held back with what it would poison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

POISONS: Mapping[str, tuple[str, ...]] = {
    "order_lines": ("units", "returns", "tickets"),
    "products": (),
    "refunds": ("returns",),
    "tickets": ("tickets",),
    "conversations": ("signals",),
    "passages": ("signals",),
    "upstream_tags": ("signals",),
    "inventory_daily": (),
}
"""Held table to what rests on it: targets whose forecasts go stale, and signals."""


@dataclass(frozen=True, slots=True)
class BadShare:
    """Bad rows of one table in one pull, as counts and by weight (0 where it has none)."""

    rows_in: int
    rows_bad: int
    weight_in: float
    weight_bad: float

    @property
    def share(self) -> float:
        """The larger of the shares by rows and by weight; 0 where nothing came."""
        by_rows = self.rows_bad / self.rows_in if self.rows_in else 0.0
        by_weight = self.weight_bad / self.weight_in if self.weight_in else 0.0
        return max(by_rows, by_weight)


def bad_share(
    good: pl.DataFrame, quarantined: pl.DataFrame, *, rows_in: int, weight: str | None, most: float
) -> BadShare:
    """How much of a pull was bad.

    `rows_in` are the rows that should have come in (good, bad and repeated). `weight` names the
    column whose sum is judged beside the rows. A bad row weighs what it claims, where that is a
    number from 0 to `most`: an absurd quantity is not believed.
    """
    if weight is None:
        return BadShare(rows_in, quarantined.height, 0.0, 0.0)
    claimed = quarantined.select(
        pl.col("row").str.json_path_match(f"$.{weight}").cast(pl.Float64, strict=False).alias("w")
    ).filter(pl.col("w").is_between(0, most))
    bad = float(claimed["w"].sum())
    total = bad + (float(good[weight].sum()) if good.height else 0.0)
    return BadShare(rows_in, quarantined.height, total, bad)


def verdict(share: BadShare, warn: float, hold: float) -> str:
    """`hold`, `warn` or `pass`: a share at the threshold itself is still allowed."""
    if share.share > hold:
        return "hold"
    return "warn" if share.share > warn else "pass"


def poisoned(held: Mapping[str, str]) -> dict[str, str]:
    """What rests on held tables, each with the first held table's reason."""
    found: dict[str, str] = {}
    for table in sorted(held):
        for name in POISONS.get(table, ()):
            found.setdefault(name, f"{table} is held: {held[table]}")
    return found
