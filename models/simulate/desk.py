"""People at the planner's desk: one who knows something, one who hopes, and who owns what."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from models.simulate.assortment import Assortment
from models.simulate.clock import dates, iso
from models.simulate.spec import BrandSpec, Floats, Ints, archetype

GOOD, BAD = "grace", "owen"
WEEKS_BACK = 72
AHEAD = 3
CELLS = {GOOD: 14, BAD: 6}
"""Cells that each changes on a Monday."""
COLUMNS = {
    "level": pl.String(),
    "week_start": pl.Date(),
    "value": pl.Float64(),
    "author": pl.String(),
    "reason": pl.String(),
    "target": pl.String(),
    "category": pl.String(),
    "sku": pl.String(),
    "created_at": pl.String(),
    "expires_on": pl.Date(),
}


def overrides(spec: BrandSpec, goods: Assortment, units: Ints, expected: Floats) -> pl.DataFrame:
    """Overrides of the last 72 weeks and the weeks ahead, made on Mondays for one to three weeks.

    Grace asks the sales team: she knows half of what `units` (SKUs by weeks) will turn out beyond
    what was to be `expected`, give or take a twentieth; of weeks ahead, what is to be expected.
    Owen takes last week's sales and adds a fifth to nine tenths. Both change categories and fast
    SKUs.
    """
    rng = spec.rng("overrides")
    rows: list[dict[str, Any]] = []
    first = max(4, spec.n_weeks - WEEKS_BACK)
    stays = goods.end_day > spec.days + 7 * AHEAD
    fast = np.flatnonzero((goods.weekly_mean > 9) & (goods.launch_day == 0) & stays)
    for week in range(first, spec.n_weeks):
        for author, cells in CELLS.items():
            for _ in range(cells):
                ahead = int(rng.integers(1, AHEAD + 1))
                members, scope = _cell(spec, goods, fast, rng)
                at = week + ahead
                known = expected[members, min(at, spec.n_weeks - 1)].sum()
                if at < spec.n_weeks:
                    known = (known + units[members, at].sum()) / 2
                sold = units[members, week - 1].sum()
                value = (
                    known * np.exp(rng.normal(0, 0.05))
                    if author == GOOD
                    else sold * rng.uniform(1.2, 1.9)
                )
                rows.append(_row(week, ahead, author, round(float(value), 1)) | scope)
    frame = pl.DataFrame(rows, schema={**COLUMNS, "_made": pl.Int64(), "_for": pl.Int64()})
    once = frame.unique(
        subset=["_for", "_made", "author", "level", "category", "sku"],
        keep="first", maintain_order=True,
    )  # fmt: skip
    made = once["_made"].to_numpy()
    clock = 9 * 3600 + 60 * np.arange(len(made)) % 7200
    return once.with_columns(
        dates(spec, once["_for"].to_numpy()).alias("week_start"),
        iso(spec, made * 86_400 + clock).alias("created_at"),
        dates(spec, made + 28).alias("expires_on"),
    ).select(list(COLUMNS))


def _cell(
    spec: BrandSpec, goods: Assortment, fast: Ints, rng: np.random.Generator
) -> tuple[Ints, dict[str, Any]]:
    """Rows of a category, or one fast SKU, and the columns that name it."""
    if not len(fast) or rng.random() < 0.4:
        c = int(rng.integers(spec.categories))
        scope = {"level": "category", "category": archetype(c).name, "sku": None}
        return np.flatnonzero(goods.category == c), scope
    sku = int(rng.choice(fast))
    return np.array([sku]), {"level": "sku", "category": None, "sku": goods.sku[sku]}


def _row(week: int, ahead: int, author: str, value: float) -> dict[str, Any]:
    told = "sales team expects this" if author == GOOD else "feels strong, better safe"
    return {"value": value, "author": author, "reason": told, "target": "units",
            "_made": 7 * week, "_for": 7 * (week + ahead)}  # fmt: skip


def soiled(given: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """`given` with three rows that a contract quarantines, and why."""
    reasons = ["negative value", "level sku without sku", "unknown level"]
    bad = given.head(3).with_columns(
        pl.Series("value", [-5.0, 40.0, 40.0]),
        pl.Series("level", ["category", "sku", "store"]),
        pl.Series("category", [archetype(0).name] * 3),
        pl.lit(None, dtype=pl.String).alias("sku"),
    )
    return pl.concat([given, bad]), reasons[: bad.height]


def owners(spec: BrandSpec) -> pl.DataFrame:
    """Who owns each category, but for the last one, which nobody does; and who owns tickets."""
    names = ("Ines Alvarez", "Tom Becker", "Priya Nair")
    told: list[tuple[str | None, ...]] = [
        ("category", archetype(c).name, names[c % len(names)], None)
        for c in range(max(1, spec.categories - 1))
    ]
    told.append(("target", "tickets", "Lena Fischer", "Tom Becker"))
    columns = ("object_type", "object_id", "owner", "deputy")
    return pl.DataFrame(told, schema=dict.fromkeys(columns, pl.String()), orient="row")
