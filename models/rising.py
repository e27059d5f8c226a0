"""Returns and tickets that come faster than sales let expect: ratios of rates with intervals."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
from scipy import stats

from models.multiplicity import q_values
from models.types import Floats

RECENT_WEEKS, BEFORE_WEEKS = 4, 26
LEAST_BEFORE_WEEKS = 13
LEAST_EVENTS = {"category": 10, "sku": 5}
FDR = 0.10
LEAST_RATIO = 1.2
EXPOSED = {"returns": (4, 1), "tickets": (2, 0)}
"""Target to over how many weeks of sales its events are counted, and how many weeks they end before."""
COLUMNS: dict[str, pl.DataType] = {
    **dict.fromkeys(("target", "level", "series_id", "category", "sku"), pl.String()),
    **dict.fromkeys(
        ("observed", "expected", "ratio", "ratio_lo", "ratio_hi", "excess"), pl.Float64()
    ),
    "n": pl.Int64(),
    "p_value": pl.Float64(),
    "q_value": pl.Float64(),
}


def rising(demand_weekly: pl.DataFrame, last_week: date) -> pl.DataFrame:
    """Series whose returns or tickets per unit sold rose in the last four complete weeks.

    The four weeks to `last_week` are compared with the 26 before, at levels category and SKU.
    Events are counted per unit sold: returns per unit of the four weeks before theirs, tickets
    per unit of their own and the week before. The log of the ratio of the two rates has variance
    1/a + 1/b + kappa (1/4 + 1/26) for a and b events, where kappa is by how much weeks scatter
    beyond Poisson (negative binomial, by moments of the weeks before); its bounds are Student's.
    Told are ratios of at least 1.2 with a lower end above 1 that pass Benjamini and Hochberg at
    .10 over everything compared.

    Columns: COLUMNS; observed and expected are events a week, excess is how many events of the
    last four weeks were above what was expected.
    """
    weeks = [
        last_week - timedelta(weeks=i) for i in reversed(range(RECENT_WEEKS + BEFORE_WEEKS + 4))
    ]
    counts = demand_weekly.filter(
        ~pl.col("is_partial") & pl.col("week_start").is_in(weeks)
        & pl.col("level").is_in(list(LEAST_EVENTS))
    )  # fmt: skip
    found = [
        _compared(counts, target, level, weeks) for target in EXPOSED for level in LEAST_EVENTS
    ]
    rows = pl.concat(found)
    if rows.is_empty():
        return rows
    q = q_values(rows["p_value"].to_numpy())
    told = (pl.col("q_value") <= FDR) & (pl.col("ratio_lo") > 1) & (pl.col("ratio") >= LEAST_RATIO)
    return rows.with_columns(pl.Series("q_value", q)).filter(told)


def _compared(counts: pl.DataFrame, target: str, level: str, weeks: list[date]) -> pl.DataFrame:
    events = counts.filter((pl.col("target") == target) & (pl.col("level") == level))
    names = events.select("series_id", "category", "sku").unique().sort("series_id")
    sold = counts.filter((pl.col("target") == "units") & (pl.col("level") == level))
    y = _array(events, names["series_id"], weeks)
    exposure = _exposure(_array(sold, names["series_id"], weeks), *EXPOSED[target])
    recent, before = slice(-RECENT_WEEKS, None), slice(-RECENT_WEEKS - BEFORE_WEEKS, -RECENT_WEEKS)
    rows = []
    for i, (series, category, sku) in enumerate(names.iter_rows()):
        one = _ratio(y[i, recent], exposure[i, recent], y[i, before], exposure[i, before])
        if one is not None and y[i, recent].sum() >= LEAST_EVENTS[level]:
            key = {"target": target, "level": level, "series_id": series}
            rows.append({**key, "category": category, "sku": sku, **one, "q_value": None})
    return pl.DataFrame(rows, schema=COLUMNS)


def _array(rows: pl.DataFrame, series: pl.Series, weeks: list[date]) -> Floats:
    """(S, W) values, 0 where there is no row."""
    out = np.zeros((len(series), len(weeks)))
    place = {name: i for i, name in enumerate(series.to_list())}
    column = {week: i for i, week in enumerate(weeks)}
    for name, week, value in rows.select("series_id", "week_start", "value").iter_rows():
        if name in place:
            out[place[name], column[week]] = value
    return out


def _exposure(sold: Floats, span: int, gap: int) -> Floats:
    """(S, W) units sold in the `span` weeks that end `gap` weeks before each."""
    summed = np.concatenate([np.zeros((len(sold), 1)), np.cumsum(sold, axis=1)], axis=1)
    ends = np.arange(sold.shape[1]) + 1 - gap
    return np.asarray(
        (summed[:, np.maximum(ends, 0)] - summed[:, np.maximum(ends - span, 0)]) / span
    )


def _ratio(
    recent: Floats, exposed: Floats, before: Floats, exposed_before: Floats
) -> dict[str, object] | None:
    told = exposed_before > 0
    a, b = float(recent.sum()), float(before[told].sum())
    ea, eb = float(exposed.sum()), float(exposed_before[told].sum())
    if told.sum() < LEAST_BEFORE_WEEKS or ea <= 0 or a <= 0 or b <= 0:
        return None
    ratio, usual, free = (a / ea) / (b / eb), ea * b / eb, int(told.sum()) - 1
    expected = exposed_before[told] * b / eb
    # Beyond Poisson, weeks scatter in proportion to what is expected of them: a moment estimate.
    beyond = float(((before[told] - expected) ** 2).sum()) * (free + 1) / free - b
    kappa = max(0.0, beyond / float((expected**2).sum()))
    apart = _unevenness(exposed) + _unevenness(exposed_before[told])
    spread = float(np.sqrt(1 / a + 1 / b + kappa * apart))
    reach = float(stats.t.ppf(0.975, free)) * spread
    return {
        "observed": a / RECENT_WEEKS,
        "expected": usual / RECENT_WEEKS,
        "ratio": ratio,
        "ratio_lo": ratio * float(np.exp(-reach)),
        "ratio_hi": ratio * float(np.exp(reach)),
        "excess": max(a - usual, 0.0),
        "n": round(a),
        "p_value": float(stats.t.sf(np.log(ratio) / spread, free)),
    }


def _unevenness(exposed: Floats) -> float:
    """What independent relative errors of weeks leave of their square in the sum: 1/n if even."""
    return float((exposed**2).sum() / exposed.sum() ** 2)
