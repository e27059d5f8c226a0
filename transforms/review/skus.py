"""Which SKUs a page shows and which not, with the reason: none goes missing silently."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from transforms.contracts.exports import TARGETS
from transforms.review.numbers import day
from transforms.review.parts import Grid, Night

SKU_LEVELS = ("sku", "sku_channel")
LEFT_OUT = {"target": pl.String, "sku": pl.String, "category": pl.String, "reason": pl.String}
NO_LEVEL = "forecasts are made above the SKU only ([forecast] levels)"


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many SKUs are known and how many are shown, by target.

    `counts`: target, known, shown. `left_out`: target, sku, category, reason; one row for every
    SKU that is known and not shown, so that known = shown + left out for each target.
    """

    counts: pl.DataFrame
    left_out: pl.DataFrame

    @property
    def lines(self) -> tuple[str, ...]:
        """One line for each target: n of m SKUs, and why the others are left out."""
        return tuple(self._line(*row) for row in self.counts.iter_rows())

    def _line(self, target: str, known: int, shown: int) -> str:
        said = f"{target}: {shown:,} of {known:,} SKUs are forecast"
        mine = self.left_out.filter(pl.col("target") == target)
        if mine.is_empty():
            return f"{said}; none is left out."
        kinds = mine.with_columns(pl.col("reason").str.extract(r"^([^,(:]+)", 1).str.strip_chars())
        reasons = kinds.group_by("reason").len().sort("len", "reason", descending=[True, False])
        why = ", ".join(f"{n:,} {reason}" for reason, n in reasons.iter_rows())
        return f"{said}; {mine.height:,} left out: {why}."

    def grid(self, most: int | None = None) -> Grid:
        """The SKUs left out, each with its reason; the first `most` of them."""
        rows = self.left_out if most is None else self.left_out.head(most)
        rest = self.left_out.height - rows.height
        note = f"{rest:,} more stand in the workbook, sheet “Left out”." if rest else ""
        columns = ("SKU", "category", "target", "why it has no forecast")
        order = rows.select("sku", pl.col("category").fill_null(""), "target", "reason")
        return Grid("SKUs without a forecast", columns, tuple(order.iter_rows()), note=note)


def coverage(night: Night) -> Coverage:
    """Every known SKU of every target, shown or left out.

    Known are the SKUs of series_listed and of forecasts: last night's rows may name one that
    tonight's list does not.
    """
    listed, ahead = night.table("series_listed"), night.table("forecasts")
    keys = ["target", "sku"]
    known = _skus(listed)
    shown = _skus(ahead).select(keys).with_columns(pl.lit(value=True).alias("shown"))
    every = pl.concat([known.select(keys), shown.select(keys)]).unique().sort(keys)
    told = every.join(known, on=keys, how="left").join(shown, on=keys, how="left")
    told = told.with_columns(pl.col("shown").fill_null(value=False))
    counts = (
        told.group_by("target")
        .agg(pl.len().cast(pl.Int64).alias("known"), pl.col("shown").sum().cast(pl.Int64))
        .sort(pl.col("target").replace_strict({t: n for n, t in enumerate(TARGETS)}, default=9))
    )
    missing = told.filter(~pl.col("shown"))
    rows = [
        (r["target"], r["sku"], r["category"], _reason(ahead, r))
        for r in missing.iter_rows(named=True)
    ]
    left_out = pl.DataFrame(rows, schema=LEFT_OUT, orient="row").sort("target", "sku")
    return Coverage(counts, left_out)


def _skus(frame: pl.DataFrame | None) -> pl.DataFrame:
    """One row for each target and SKU with its life; the liveliest channel's where there are several."""
    life = ("status", "last_week", "ended_on")
    columns = ("target", "sku", "category", *life)
    if frame is None:
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String)).with_columns(
            pl.col(name).cast(pl.Date) for name in life[1:]
        )
    there = [name for name in columns if name in frame.columns]
    mine = frame.filter(pl.col("level").is_in(SKU_LEVELS), pl.col("sku").is_not_null())
    # "active" sorts before "discontinued", "dormant" and "new" for want of a better order: only
    # SKUs without any forecast are asked for their status, and none of those is active by rule.
    order = [name for name in ("target", "sku", *life) if name in there]
    return (
        mine.select(there).sort(order).unique(["target", "sku"], keep="first", maintain_order=True)
    )


def _reason(ahead: pl.DataFrame | None, row: Mapping[str, Any]) -> str:
    if ahead is None:
        return "no forecasts that night"
    if row["target"] not in ahead["target"]:
        return f"no forecast of {row['target']} that night"
    return _life(row)


def _life(row: Mapping[str, Any]) -> str:
    status, last, ended = row["status"], row["last_week"], row["ended_on"]
    if status == "discontinued":
        return f"discontinued, since {day(ended)}" if ended else "discontinued"
    if status == "dormant":
        return f"dormant, last sold in the week of {day(last)}" if last else "dormant"
    if status == "too_new":
        return "too new, no complete week yet"
    if status == "upcoming":
        return "not launched yet"
    return f"no forecast although its status is {status}: please report it"
