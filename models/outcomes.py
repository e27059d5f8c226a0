"""What follows sales: returns and tickets as past and coming sales times a hazard by lag.

Expected outcome of week t = sum over lags l of hazard(group, l) * units sold in week t - l, times
the group's rate of late and the series' own propensity, both shrunk (gamma-Poisson empirical
Bayes). Coming sales are the units' own forecasts, made at the same origin. Everything used at an
origin comes from weeks before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from models.base import Base
from models.extras import Extra
from models.hazards import (
    FIRST_WEEK,
    MIN_WEEKS,
    TINY,
    add_paths,
    add_totals,
    believed,
    hazards,
    recency,
)
from models.panel import UNCATEGORISED, Grid, Groups, Panel, first_known, group_codes, group_sums
from models.seasonality import trailing_mean
from models.types import Floats, Ints, Singles

NAMES = ("hazard", "hazard_recent")
HALF_LIVES = (52.0, 10.0)
GROUP_DRIFT = 0.04
MIN_SPREAD, MAX_SPREAD = 0.01, 1.0


@dataclass(frozen=True, slots=True)
class Sales:
    """What was sold, and is forecast to be, behind S outcome rows in G groups.

    ``units`` (S, T): sold in every week, never nan. ``ahead`` (S, O+1, gap + H): what was forecast
    of them at each origin of the grid, for the weeks from the origin on. ``rest`` (G, T): sold by
    what has no outcome row, since nothing of it ever came back; without it hazards would be those
    of the unlucky.
    """

    units: Floats
    ahead: Floats
    rest: Floats

    def __post_init__(self) -> None:
        weeks = self.units.shape[1]
        if self.rest.shape[1] != weeks or len(self.ahead) != len(self.units):
            raise ValueError(
                f"units {self.units.shape}, ahead {self.ahead.shape}, rest {self.rest.shape}"
            )


def ahead_of(base: Base, mean: Floats, grid: Grid) -> Floats:
    """Return (N, O+1, gap + H) forecasts of the units' N series at the origins of ``grid``.

    ``base``: the units' own; ``mean`` (N, H): theirs at the cutoff. At an origin of the outcome's
    that the units' grid has not, the units' last one before it speaks; the weeks beyond its reach
    take its last. Weeks of the gap, which nobody forecasts, take the first forecast week. nan
    where no forecast was made.
    """
    made = np.concatenate([base.inner_mean, mean[:, None]], axis=1)
    origins = np.append(base.origins, grid.origins[-1])
    out = np.full((len(mean), len(grid.origins), grid.gap + grid.horizon), np.nan)
    column = np.arange(grid.gap + grid.horizon) - grid.gap
    for j, origin in enumerate(grid.origins):
        at = int(np.searchsorted(origins, origin, side="right")) - 1
        if at >= 0:
            late = int(origin - origins[at])
            out[:, j] = made[:, at, np.clip(column + late, 0, grid.horizon - 1)]
    return out


def _keys(outcome: pl.DataFrame, units: pl.DataFrame) -> tuple[list[object], list[object]]:
    """Return by what each row of an outcome, and of the units, meets the other's."""
    by = ["category"]
    if outcome["sku"].is_not_null().any():
        whole = all(one["channel"].is_not_null().all() for one in (outcome, units))
        by = ["sku", "channel"] if whole else ["sku"]
    named = pl.col("category").fill_null(UNCATEGORISED)
    key, own = (one.with_columns(named).select(by).rows() for one in (outcome, units))
    return list(key), list(own)


def sales_of(outcome: Panel, units: Panel, ahead: Floats) -> Sales:
    """Return the units panel's sales on the outcome's rows.

    Rows meet by SKU and channel where both have them, by SKU (channels added up) where the outcome
    has SKUs, else by category. ``ahead`` (N, O+1, gap + H): the units series' forecasts, as
    ``ahead_of`` gives them. ValueError where rows of the outcome share what they would meet by.
    """
    names, _ = group_codes(outcome.series)
    place = {name: i for i, name in enumerate(names)}
    key, own = _keys(outcome.series, units.series)
    row = {name: i for i, name in enumerate(key)}
    if len(row) < len(key):
        raise ValueError(f"{len(key) - len(row)} of {len(key)} rows meet sales that others meet")
    n, nobody = len(row), len(row) + len(names)
    category = units.series["category"].fill_null(UNCATEGORISED).to_list()
    codes = [row.get(k, n + place.get(c, len(names))) for k, c in zip(own, category, strict=True)]
    to = Groups(np.array(codes, dtype=np.int64), nobody + 1)
    sold = units.sold if units.sold is not None else np.nan_to_num(units.y)
    past = np.nan_to_num(group_sums(sold, to))
    return Sales(past[:n], np.nan_to_num(group_sums(ahead, to))[:n], past[n:nobody])


def _propensity(totals: Floats, groups: Groups, n_series: int, dispersion: Floats) -> Floats:
    """Return (S, O) by what each series' outcome exceeds its group's hazard, shrunk twice.

    ``totals`` (N, O, 2) are of the series first, then of the rest. The group's rate is shrunk to
    1, as the hazard has it; the series' to the group's, as far as series differ in the panel.
    """
    came, meant = totals[..., 0], totals[..., 1]
    prior = dispersion / GROUP_DRIFT
    group = (group_sums(came, groups) + prior) / (group_sums(meant, groups) + prior)
    expected = meant * group[groups.codes]
    noise = dispersion[groups.codes]
    excess = ((came - expected) ** 2 - noise * expected)[:n_series].sum(axis=0)
    spread = excess / np.maximum((expected[:n_series] ** 2).sum(axis=0), TINY)
    prior = noise / np.clip(spread, MIN_SPREAD, MAX_SPREAD)
    own = (came + prior) / (expected + prior)
    return np.asarray((own * group[groups.codes])[:n_series])


def _outcomes(y: Floats, sales: Sales, groups: Groups, origins: Ints) -> Singles:
    """Return (S, O, gap + H, K) of every expert; nan where too little is known."""
    if y.shape != sales.units.shape or len(sales.rest) != groups.n:
        raise ValueError(f"outcome {y.shape}, {groups.n} groups: sales are {sales.units.shape}")
    if sales.ahead.shape[1] != len(origins) or int(origins.max(initial=0)) > y.shape[1]:
        raise ValueError(f"{len(origins)} origins, sales forecast at {sales.ahead.shape[1]}")
    begun = int(first_known(y).min()) if len(y) else 0
    week = np.arange(y.shape[1])
    early = (week[None, :] >= begun) & (week[None, :] < first_known(y)[:, None])
    rows = np.where(early, 0.0, y)
    none = np.where(week >= begun, 0.0, np.nan)
    rows = np.concatenate([rows, np.repeat(none[None], groups.n, axis=0)])
    rows, units = believed(rows, np.concatenate([sales.units, sales.rest]))
    codes = np.concatenate([groups.codes, np.arange(groups.n)])
    everyone = Groups(codes, groups.n)
    learnt = hazards(rows, units, everyone, origins)
    path = np.empty(sales.ahead.shape)
    add_paths(units[: len(y)], sales.ahead, learnt.rate, groups.codes, origins, path)
    out = np.empty((*path.shape, len(NAMES)), dtype=np.float32)
    for k, half_life in enumerate(HALF_LIVES):
        totals = np.zeros((len(rows), len(origins), 2))
        weights = recency(y.shape[1], half_life)
        add_totals(rows, units, learnt.rate, codes, origins, weights, totals)
        own = _propensity(totals, everyone, len(y), learnt.dispersion)
        out[..., k] = path * own[:, :, None]
    out[:, origins < max(begun, FIRST_WEEK) + MIN_WEEKS] = np.nan
    return out


def outcome_experts(y: Floats, sales: Sales, groups: Groups, grid: Grid) -> Extra:
    """Return the structural experts of an outcome y (S, T) on the rows of ``sales``.

    ``hazard`` remembers rates for a year or so, ``hazard_recent`` for a quarter. nan before a
    series begins and where fewer than 8 weeks of outcomes are known after the first 8.
    """
    made = _outcomes(y, sales, groups, grid.origins)[:, :, grid.gap :]
    made[first_known(y)[:, None] >= grid.origins[None, :]] = np.nan
    return Extra(NAMES, made)


def expected_from_sales(y: Floats, sales: Sales, groups: Groups) -> Floats:
    """Return (S, T) what sales up to and in each week let expect of it; nan where not known.

    The hazard and the rates are learnt before each week; what exceeds the expectation is not
    explained by what was sold. ``sales.ahead`` is not read.
    """
    weeks = np.arange(y.shape[1], dtype=np.int64)
    now = Sales(sales.units, np.ascontiguousarray(sales.units[:, :, None]), sales.rest)
    return _outcomes(y, now, groups, weeks)[:, :, 0, 0].astype(np.float64)


def expected_of(outcome: Panel, units: Panel) -> Floats:
    """Return (S, T) what the units panel's sales let expect of each row of the outcome's."""
    _, groups = group_codes(outcome.series)
    nothing = np.zeros((units.series.height, 1, 1))
    return expected_from_sales(outcome.y, sales_of(outcome, units, nothing), groups)


def came_and_expected(outcome: Panel, units: Panel) -> tuple[Floats, Floats]:
    """Return (G, T) what came of each category, and what its sales let expect; nan = not known.

    Categories as ``group_codes`` has them. Expected of sums, not of single series: a week's value
    is the same, bit for bit, however many weeks are known after it and however many series have
    had an outcome by then. Bulk orders that are taken back count on neither side.
    """
    _, groups = group_codes(outcome.series)
    sales = sales_of(outcome, units, np.zeros((units.series.height, 1, 1)))
    came, sold = believed(outcome.y, sales.units)
    total = group_sums(came, groups)
    behind = np.nan_to_num(group_sums(sold, groups)) + sales.rest
    alone = Groups(np.arange(groups.n, dtype=np.int64), groups.n)
    known = Sales(behind, np.zeros((groups.n, 1, 1)), np.zeros_like(behind))
    return total, expected_from_sales(total, known, alone)


def log_excess(came: Floats, expected: Floats, thin: float, period: int) -> Floats:
    """Return (G, T) logs of what came (G, T) over what sales let expect; nan where not known.

    ``thin`` more are added on both sides, and the log is scaled to keep its slope: near the log for
    many, near the plain ratio for few. Where nothing is known to be sold, it is that of what came.
    """
    usual = np.maximum(trailing_mean(came, period), trailing_mean(expected, period))
    log = np.log((came + thin) / (expected + thin))
    return np.asarray(log * (1 + thin / np.maximum(usual, 1e-3)))
