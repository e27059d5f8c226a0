"""A call list drawn from those who may be called: chances, lot, arms and order of calling."""

from __future__ import annotations

from math import ceil

import numpy as np
import polars as pl

from models.office.design import (
    UNIT,
    Words,
    allocated,
    chances,
    drawn,
    held_out,
    scrambled,
    seed_of,
)


def wanted(target: int, usable_share: float, holdout_share: float) -> int:
    """Customers that a list must hold so that `target` usable conversations may come of it."""
    return ceil(round(target / usable_share / (1 - holdout_share), 6))


def draw(
    eligible: pl.DataFrame,
    questions: pl.DataFrame,
    *,
    programme: str,
    period: str,
    salt: str,
    wanted_n: int,
    even_share: float,
    holdout_share: float,
) -> pl.DataFrame:
    """Those drawn of `eligible`, with selection_prob, n_stratum, arm, arm_prob and priority.

    `eligible`: one row a customer with customer_id (hexadecimal, at least 16 digits), family and
    stratum. `questions` as `next_questions` gives them: families whose doubt is worth most have more of
    the list. The lot hangs on `salt`, `programme`, `period` and the customers alone.
    """
    if eligible.is_empty():
        return _nobody(eligible)
    keys = _keys(eligible)
    lot = scrambled(keys, seed_of("lot", salt, programme, period))
    ordered = eligible.with_columns(
        pl.len().over("stratum").cast(pl.Int64).alias("n_stratum"), pl.Series("_lot", lot)
    ).sort("stratum", "_lot", "customer_id")
    names = ordered["family"].unique().sort()
    number = ordered["family"].replace_strict(names, pl.Series(range(len(names)), dtype=pl.Int64))
    need = _need(names, questions, float(wanted_n))
    chance = chances(wanted_n, number.to_numpy(), need, even_share)
    mine = drawn(chance, seed_of("start", salt, programme, period))
    turn = scrambled(_keys(ordered), seed_of("turn", salt, programme, period))
    found = _marked(ordered.drop("_lot"), chance, turn).filter(pl.Series(mine))
    held = held_out(_keys(found), programme, holdout_share)
    arm = pl.Series("arm", np.where(held, "holdout", "call"), dtype=pl.String)
    share = pl.Series("arm_prob", np.where(held, holdout_share, 1 - holdout_share).round(6))
    return found.with_columns(arm, share)


def _nobody(eligible: pl.DataFrame) -> pl.DataFrame:
    told = eligible.with_columns(
        pl.lit(None, pl.Int64).alias("n_stratum"), pl.lit(None, pl.String).alias("arm")
    )
    marked = _marked(told, np.empty(0, np.int64), np.empty(0, np.uint64))
    return marked.with_columns(pl.lit(None, pl.Float64).alias("arm_prob"))


def _marked(frame: pl.DataFrame, chance: np.ndarray, turn: Words) -> pl.DataFrame:
    """`frame` with the chance of each and a number by which they are called."""
    return frame.with_columns(
        pl.Series("selection_prob", chance / UNIT, dtype=pl.Float64),
        pl.Series("turn", turn >> np.uint64(1), dtype=pl.UInt64).cast(pl.Int64),
    )


def _keys(frame: pl.DataFrame) -> Words:
    head = frame["customer_id"].str.slice(0, 16)
    return head.str.to_integer(base=16, dtype=pl.UInt64).to_numpy()


def _need(names: pl.Series, questions: pl.DataFrame, total: float) -> np.ndarray:
    told = names.to_frame("family").join(questions, on="family", how="left", maintain_order="left")
    parts = [told[name].fill_null(0.0).to_numpy() for name in ("worth", "spread", "known")]
    return allocated(total, *parts)
