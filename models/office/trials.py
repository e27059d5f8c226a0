"""The rows of one experiment: every arm beside the control, by metric, raw and winsorised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from models.office.design import seed_of
from models.office.lifts import (
    Limits,
    needed_for_mean,
    needed_for_share,
    sample_ratio,
    share_difference,
    share_ratio,
    winsorised,
)
from models.office.values import Effects, Paid, alike, enough, value_effects
from models.proportions import wilson
from models.types import Floats, Ints
from transforms.contracts.effect_columns import METRICS, MISMATCH, RUNNING, TRIMS
from transforms.contracts.office_columns import MIN_PEOPLE

CONVERSION, ORDER_VALUE, PER_ELIGIBLE = METRICS
CONTROL = "control"
SUSPECT = 0.001
"""A sample ratio less probable than this stops the read-out (Fabijan et al. 2019)."""
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """What was registered: name, whether it is over, share of units for treatment, lift to find."""

    experiment: str
    over: bool
    treatment_share: float | None
    primary: str
    expected_lift: float | None


@dataclass(frozen=True, slots=True)
class _Arm:
    """One arm's customers: how many orders each placed, how many with a value, and their amounts."""

    placed: Ints
    valued: Ints
    amounts: dict[str, Floats]

    @property
    def buyers(self) -> int:
        return int((self.placed > 0).sum())


def trial_rows(units: pl.DataFrame, orders: pl.DataFrame, plan: Plan) -> list[Row]:
    """Rows of `lifts` of a randomised experiment, without its dates.

    `units`: customer_id, arm (CONTROL and others); `orders`: customer_id, arm, cents, currency. Values
    are of the currency of most orders. Without a control there are no rows.
    """
    names = sorted(units["arm"].unique())
    if CONTROL not in names:
        return []
    others = [name for name in names if name != CONTROL]
    p = _p_ratio(units, [CONTROL, *others], plan.treatment_share)
    currency = _currency(orders)
    same = pl.col("currency").eq_missing(pl.lit(currency, dtype=pl.String))
    priced = orders.with_columns(pl.when(same).then("cents").alias("cents"))
    control = _arm(units, priced, CONTROL, priced)
    rows = []
    for name in others:
        both = priced.filter(pl.col("arm").is_in([CONTROL, name]))
        arms = _arm(units, priced, name, both), _arm(units, priced, CONTROL, both)
        for row in _compared(*arms, plan, seed_of("lifts", plan.experiment, name)):
            verdict = _verdict(row, p, over=plan.over)
            rows.append(
                row | {"arm": name, "p_sample_ratio": p, "currency": currency, "verdict": verdict}
            )
    return rows if control.placed.size else []


def _p_ratio(units: pl.DataFrame, names: list[str], share: float | None) -> float | None:
    """Of all arms; the share for treatment is spread evenly over the treatments."""
    many = len(names)
    if many < 2:
        return None
    each = 1 / many if share is None else share / (many - 1)
    shares = np.array([1 - each * (many - 1), *[each] * (many - 1)])
    if (shares <= 0).any():
        return None
    counts = np.array([units.filter(pl.col("arm") == name).height for name in names])
    return sample_ratio(counts, shares)


def _currency(orders: pl.DataFrame) -> str | None:
    """The currency of most orders; of two the first by name."""
    told = orders.drop_nulls("currency").group_by("currency").len()
    return (
        None
        if told.is_empty()
        else str(told.sort("len", "currency", descending=[True, False])["currency"][0])
    )


def _arm(units: pl.DataFrame, orders: pl.DataFrame, name: str, both: pl.DataFrame) -> _Arm:
    """The arm's customers in the order of their keys, which are hashes: by chance."""
    cap = winsorised(both["cents"].drop_nulls().cast(pl.Float64).to_numpy())
    cents = pl.col("cents").cast(pl.Float64)
    mine = orders.filter(pl.col("arm") == name)
    sums = mine.group_by("customer_id").agg(
        pl.len().cast(pl.Int64).alias("placed"),
        pl.col("cents").count().cast(pl.Int64).alias("valued"),
        pl.col("cents").sum().cast(pl.Float64).alias("raw"),
        pl.col("cents").filter(cents > cap).count().cast(pl.Int64).alias("over"),
        pl.col("cents").filter(cents <= cap).sum().alias("below"),
    )
    whole = (
        units.filter(pl.col("arm") == name)
        .join(sums, on="customer_id", how="left")
        .sort("customer_id")
        .fill_null(0)
    )
    capped = whole["below"].cast(pl.Float64).to_numpy()
    over = whole["over"].to_numpy()
    capped = capped + np.where(over > 0, over * (cap if np.isfinite(cap) else 0.0), 0.0)
    raw = whole["raw"].to_numpy()
    return _Arm(
        whole["placed"].to_numpy(),
        whole["valued"].to_numpy(),
        {"raw": raw / 100, "winsorised": capped / 100},
    )


def _compared(arm: _Arm, control: _Arm, plan: Plan, seed: int) -> list[Row]:
    ways = [(metric, trim) for metric in (ORDER_VALUE, PER_ELIGIBLE) for trim in TRIMS]
    paid = [{"/".join(way): _paid(one, *way) for way in ways} for one in (arm, control)]
    found = value_effects(paid[0], paid[1], seed)
    rows = [_conversion(arm, control, plan)]
    for metric, trim in ways:
        way = f"{metric}/{trim}"
        both = arm.amounts[trim], control.amounts[trim]
        n, n0 = (int(one[way].per.sum()) for one in paid)
        rows.append(
            _base(arm, control, metric, trim, plan)
            | _named(found[way], limited=enough(*both))
            | {"n_arm": n, "n_control": n0, "n_alike": alike(*both),
            "n_needed": _needed(control, metric, trim, plan)}
        )  # fmt: skip
    return rows


def _paid(arm: _Arm, metric: str, trim: str) -> Paid:
    per = arm.valued.astype(np.float64) if metric == ORDER_VALUE else np.ones(len(arm.placed))
    return Paid(arm.amounts[trim], per)


def _base(arm: _Arm, control: _Arm, metric: str, trim: str, plan: Plan) -> Row:
    return {
        "metric": metric, "trim": trim, "is_primary": metric == plan.primary,
        "k_arm": arm.buyers, "k_control": control.buyers,
    }  # fmt: skip


def _conversion(arm: _Arm, control: _Arm, plan: Plan) -> Row:
    n, n0 = len(arm.placed), len(control.placed)
    counts = (arm.buyers, n, control.buyers, n0)
    found = Effects(
        _share(control.buyers, n0), _share(arm.buyers, n),
        share_difference(*counts), share_ratio(*counts),
    )  # fmt: skip
    needed = None
    if plan.expected_lift is not None and plan.primary == CONVERSION and n0:
        needed = needed_for_share(control.buyers / n0, plan.expected_lift)
    base = _base(arm, control, CONVERSION, "raw", plan)
    counts_of = {"n_arm": n, "n_control": n0, "n_alike": None, "n_needed": needed}
    return base | _named(found, limited=True) | counts_of


def _share(k: int, n: int) -> Limits:
    if n == 0:
        return None, None, None
    p, lo, hi = wilson(np.array([k]), np.array([n]))
    return float(p[0]), float(lo[0]), float(hi[0])


def _needed(control: _Arm, metric: str, trim: str, plan: Plan) -> int | None:
    """Orders, or eligible customers, by how much the control's values differ."""
    if plan.expected_lift is None or plan.primary != metric:
        return None
    paid = _paid(control, metric, trim)
    n = float(paid.per.sum())
    if n < MIN_PEOPLE:
        return None
    mean = float(paid.value.sum() / n)
    spread = float(((paid.value - mean * paid.per) ** 2).sum() / n)
    return needed_for_mean(mean, float(np.sqrt(spread)), plan.expected_lift)


def _named(found: Effects, *, limited: bool) -> Row:
    """The effects by column; without their limits where too few customers carry them."""
    row: Row = {}
    for name in ("control", "treated", "difference", "ratio"):
        value, lo, hi = getattr(found, name)
        row[name] = value
        row |= {f"{name}_lo": lo if limited else None, f"{name}_hi": hi if limited else None}
    return row


def _verdict(row: Row, p_ratio: float | None, *, over: bool) -> str:
    if p_ratio is not None and p_ratio < SUSPECT:
        return MISMATCH
    if not over:
        return RUNNING
    few = min(row["n_arm"], row["n_control"]) < MIN_PEOPLE
    return "not_enough_data" if few else beside(row["difference_lo"], row["difference_hi"], 0.0)


def beside(lo: float | None, hi: float | None, value: float) -> str:
    """Tell below or above: the whole interval lies there beside `value`; an end that is None is open."""
    if lo is None and hi is None:
        return "not_enough_data"
    if hi is not None and hi < value:
        return "below"
    return "above" if lo is not None and lo > value else "undetermined"
