"""What an interval says of a target, in one of six fixed words."""

from __future__ import annotations

import polars as pl

from transforms.contracts.office_columns import NO_TARGET, NOT_ENOUGH


def against(
    lo: pl.Expr, hi: pl.Expr, target_lo: pl.Expr, target_hi: pl.Expr, *, enough: pl.Expr
) -> pl.Expr:
    """How the interval [lo, hi] stands to the range [target_lo, target_hi], both ends included.

    below or above: all of it lies outside on that side. inside: all of it lies within.
    undetermined: it reaches across an end, so the data fit both answers; of a target that is one
    point nothing but below and above can ever be shown. Without a target, no_target; where
    `enough` is false or the interval is null, not_enough_data.
    """
    told = enough & lo.is_not_null() & hi.is_not_null()
    return (
        pl.when(~told.fill_null(value=False))
        .then(pl.lit(NOT_ENOUGH))
        .when(target_lo.is_null() | target_hi.is_null())
        .then(pl.lit(NO_TARGET))
        .when(hi < target_lo)
        .then(pl.lit("below"))
        .when(lo > target_hi)
        .then(pl.lit("above"))
        .when((lo >= target_lo) & (hi <= target_hi))
        .then(pl.lit("inside"))
        .otherwise(pl.lit("undetermined"))
    )
