"""Levels above the bottom: which rows belong to which series, and their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from models.panel import UNCATEGORISED, Groups
from models.spec import LEVELS


@dataclass(frozen=True, slots=True)
class Level:
    """One level's N series: ``member`` says to which of them each bottom series belongs.

    ``keys`` (N rows, sorted by series_id): series_id, category, sku, channel.
    ``is_bottom``: every series has exactly one member.
    """

    name: str
    keys: pl.DataFrame
    member: Groups
    is_bottom: bool


def _ids(series: pl.DataFrame, level: str) -> pl.DataFrame:
    category = pl.col("category").cast(pl.String).fill_null(UNCATEGORISED)
    nothing = pl.lit(None, dtype=pl.String)
    sku, channel = pl.col("sku").cast(pl.String), pl.col("channel").cast(pl.String)
    columns = {
        "total": (pl.lit("total"), nothing, nothing, nothing),
        "category": (category, category, nothing, nothing),
        "sku": (sku, category, sku, nothing),
        "sku_channel": (pl.concat_str(sku, pl.lit("|"), channel), category, sku, channel),
    }[level]
    names = ("series_id", "category", "sku", "channel")
    named = series.with_columns(c.alias(n) for c, n in zip(columns, names, strict=True))
    return named.select(names)


def levels_in(series: pl.DataFrame, levels: Sequence[str]) -> list[str]:
    """Return those of ``levels`` that the bottom series have: tickets may have no SKU at all.

    Where they have none of them, their finest level: a target is never left without a forecast.
    """
    has_sku = bool(series["sku"].is_not_null().all()) and series.height > 0
    has_channel = has_sku and bool(series["channel"].is_not_null().all())
    missing = {"sku": not has_sku, "sku_channel": not has_channel}
    there = [name for name in LEVELS if not missing.get(name, False)]
    return [name for name in levels if name in there] or there[-1:]


def level_of(series: pl.DataFrame, level: str) -> Level:
    """Return a level over the bottom series.

    Raises ValueError where the bottom is coarser than the level asked for.
    """
    ids = _ids(series, level)
    if ids["series_id"].null_count():
        raise ValueError(f"level {level}: the panel's series have no {level.replace('_', ' and ')}")
    keys = ids.unique("series_id", keep="first", maintain_order=True).sort("series_id")
    place = {name: i for i, name in enumerate(keys["series_id"].to_list())}
    member = np.array([place[name] for name in ids["series_id"].to_list()], dtype=np.int64)
    groups = Groups(member, keys.height)
    return Level(level, keys, groups, level != "total" and keys.height == series.height)
