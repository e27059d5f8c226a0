"""Curves of who orders again, and verdicts that survive many rows."""

from __future__ import annotations

import numpy as np
import pytest

from models.office.repeat import curve
from models.office.repeat_rows import ANYBODY, NOBODY, repeat_rows
from tests.models.office.repeats import SAID, drawn


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
    strata = shop.people.select("stratum", "category").unique().sort("stratum")
    rows = {
        (r["segment"], r["signal"]): r
        for r in repeat_rows(strata, ["a"], shop.waits(), shop.intervals())
    }
    assert set(rows) == {(one, s) for one in ("(all)", "a") for s in (NOBODY, ANYBODY, SAID)}
    assert rows["(all)", SAID]["verdict"] == "above"
    assert rows["(all)", SAID]["hr_lo"] < 2.0 < rows["(all)", SAID]["hr_hi"]
    assert 1 < rows["(all)", ANYBODY]["hr"] < rows["(all)", SAID]["hr"]
    assert rows["(all)", NOBODY]["hr"] is None
    assert rows["(all)", NOBODY]["verdict"] == "reference"
    assert rows["a", SAID]["n"] < rows["(all)", SAID]["n"]
    assert rows["a", SAID]["q_value"] >= rows["a", SAID]["p_value"]
