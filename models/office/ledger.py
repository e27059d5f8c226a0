"""How well each benefit is shown, and which benefits may stand in one sum."""

from __future__ import annotations

import polars as pl

from transforms.contracts.effect_columns import MISMATCH, OBSERVATIONAL, RANDOMISED, RUNNING


def graded(ledger: pl.DataFrame) -> pl.DataFrame:
    """`ledger` with net and its limits, grade, may_be_summed and verdict.

    A: a lot, registered beforehand, over, and the lot as registered. B: a lot, not registered beforehand. C: before and
    after, beside placebo dates. none: not measured, running, too few, or a broken lot; its benefit is not told.
    """
    word = pl.col("of_lift")
    open_ = pl.col("benefit_lo").is_null() | word.is_in([MISMATCH, RUNNING, "not_enough_data"])
    lot = pl.col("design") == RANDOMISED
    grade = (
        pl.when(open_)
        .then(pl.lit("none"))
        .when(lot & pl.col("registered_before"))
        .then(pl.lit("A"))
        .when(lot)
        .then(pl.lit("B"))
        .when(pl.col("design") == OBSERVATIONAL)
        .then(pl.lit("C"))
        .otherwise(pl.lit("none"))
    )
    made = ledger.with_columns(grade.alias("grade"))
    told = pl.col("grade") != "none"
    ends = ("", "_lo", "_hi")
    made = made.with_columns(
        pl.when(told).then(f"benefit{end}").alias(f"benefit{end}") for end in ends
    )
    made = made.with_columns(
        *((pl.col(f"benefit{end}") - pl.col("cost")).alias(f"net{end}") for end in ends),
        (pl.col("grade").is_in(["A", "B"]) & pl.col("overlaps_with").is_null()).alias(
            "may_be_summed"
        ),
    )
    verdict = (
        pl.when(pl.col("design").is_null())
        .then(pl.lit("not_measured"))
        .when(told)
        .then(word)
        .otherwise(
            pl.when(word.is_in([MISMATCH, RUNNING])).then(word).otherwise(pl.lit("not_enough_data"))
        )
    )
    return made.with_columns(verdict.alias("verdict"))
