"""Hazards from counts are those of statsmodels from people; curves; verdicts over all rows."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from statsmodels.duration.hazard_regression import PHReg

from models.office.repeat import curve, hazard_ratio, of_strata, risk, without_signal
from models.office.repeat_rows import ANYBODY, NOBODY, Heard, repeat_rows
from tests.models.office.repeats import SAID, Shop, drawn
from transforms.office import repeats


def by_statsmodels(shop: Shop) -> tuple[float, float]:
    """Log hazard ratio of what was said, and its error, from one row a person and state.

    PHReg counts whoever enters on a day as at risk on it: half a day later is after it.
    """
    rows = []
    for one in shop.people.join(shop.since, on="customer_id", how="left").iter_rows(named=True):
        end, event = min(one["days"], 365), one["event"] and one["days"] <= 365
        talked = end if one["talked"] is None else min(one["talked"], end)
        said = end if one["since"] is None else min(one["since"], end)
        spans = ((0, talked, 0, 0), (talked, said, 1, 0), (said, end, 0, 1))
        for first, last, talk, word in spans:
            if last > first:
                rows.append((one["stratum"], first, last, talk, word, event and last == end))
    data = np.array(rows, dtype=float)
    made = PHReg(
        data[:, 2],
        data[:, 3:5],
        status=data[:, 5],
        entry=data[:, 1] + 0.5,
        strata=data[:, 0].astype(int),
        ties="breslow",
    )
    fit = made.fit()
    return float(fit.params[1]), float(fit.bse[1])


@pytest.mark.parametrize("seed", [1, 2])
def test_hazards_from_counts_are_those_of_statsmodels(seed: int) -> None:
    shop = drawn(np.random.default_rng(seed), 700, 1.6)
    (value, lo, hi), _ = hazard_ratio(shop.risk())
    beta, error = by_statsmodels(shop)
    assert value == pytest.approx(np.exp(beta), rel=1e-5)
    assert lo == pytest.approx(np.exp(beta - 1.959963985 * error), rel=1e-4)
    assert hi == pytest.approx(np.exp(beta + 1.959963985 * error), rel=1e-4)


def test_at_risk_is_who_has_entered_and_not_left() -> None:
    counted = pl.DataFrame(
        {
            "stratum": [1, 1, 1],
            "state": [0, 2, 0],
            "entry": [0, 2, 0],
            "exit": [5, 5, 3],
            "event": [True, False, True],
            "n": [2, 3, 1],
        }
    )
    found = risk(counted, 1, 10)
    assert found.at_risk.tolist() == [[3, 0, 3], [2, 0, 3]]
    assert found.events.tolist() == [[1, 0, 0], [2, 0, 0]]
    assert of_strata(found, np.array([2])).at_risk.shape == (0, 3)
    pooled = without_signal(found)
    assert pooled.at_risk.sum() == found.at_risk.sum()
    assert hazard_ratio(found) == ((None, None, None), None)


def test_time_before_it_was_said_is_not_credited_to_it() -> None:
    """With no effect at all, taking whoever says it at some time as exposed from day 0 looks like one."""
    values, naive = [], []
    for seed in range(12):
        shop = drawn(np.random.default_rng([seed, 5]), 1_500, 1.0)
        values.append(np.log(hazard_ratio(shop.risk())[0][0] or np.nan))
        early = shop.since.with_columns(pl.lit(0, pl.Int64).alias("since"))
        people = shop.people.join(
            early.select("customer_id", zero="since"), on="customer_id", how="left"
        )
        people = people.with_columns(pl.coalesce("zero", "talked").alias("talked"))
        wrong = risk(repeats.intervals(people, early, 365), shop.strata, 365)
        naive.append(np.log(hazard_ratio(wrong)[0][0] or np.nan))
    assert abs(np.mean(values)) < 0.08
    assert np.mean(naive) < -0.25


def test_a_curve_tells_shares_and_nothing_beyond_what_was_followed() -> None:
    days = np.concatenate([np.arange(1.0, 42.0), np.full(39, 60.0)])
    event = np.arange(80) < 41
    found = curve(days, event)
    assert (found["n"], found["events"]) == (80, 41)
    assert found["p_30d"] == pytest.approx(30 / 80)
    assert found["p_90d"] is None
    assert found["km_median_days"] == 41
    few = curve(days[:5], event[:5])
    assert (few["n"], few["p_30d"], few["km_median_days"]) == (5, None, None)


def test_rows_have_a_reference_and_verdicts_that_survive_many_rows() -> None:
    shop = drawn(np.random.default_rng(8), 4_000, 2.0)
    heard = [
        lambda: Heard(ANYBODY, *shop.of(shop.people.select("customer_id", since="talked").drop_nulls())),
        lambda: Heard(SAID, *shop.of(shop.since)),
    ]  # fmt: skip
    strata = shop.people.select("stratum", "category").unique().sort("stratum")
    rows = {
        (r["segment"], r["signal"]): r
        for r in repeat_rows(strata, repeats.unheard(shop.people), ["a"], heard)
    }
    assert rows["(all)", SAID]["verdict"] == "above"
    assert rows["(all)", SAID]["hr_lo"] < 2.0 < rows["(all)", SAID]["hr_hi"]
    assert rows["(all)", NOBODY]["hr"] is None
    assert rows["(all)", NOBODY]["verdict"] == "reference"
    assert rows["a", SAID]["n"] < rows["(all)", SAID]["n"]
    assert rows["a", SAID]["q_value"] >= rows["a", SAID]["p_value"]
