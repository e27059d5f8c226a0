"""Experiments of a simulated brand: one that works, one that does not, one whose lot is broken."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import polars as pl

from models.simulate.clock import iso
from models.simulate.orders import SOLD, Orders, customer_count, customer_ids, numbered
from models.simulate.spec import Bools, BrandSpec, Ints

_DAY = 86_400
UNITS = 2_000


class Trial(NamedTuple):
    """One experiment: when it starts (weeks before the end), how long it lasts, and what is true.

    `lift`: ratio of the shares who order; `treated`: true share of the lot; `told`: the registered one.
    """

    name: str
    change: str
    weeks_ago: int
    weeks: int
    lift: float
    treated: float
    told: float
    cost: float


TESTS = (
    Trial("delivery_dates", "show the exact delivery date", 16, 8, 1.27, 0.5, 0.5, 4_000.0),
    Trial("new_photos", "new photographs", 18, 8, 1.0, 0.5, 0.5, 2_500.0),
    Trial("size_guide", "a guide to sizes", 5, 12, 1.27, 0.5, 0.5, 1_800.0),
    Trial("free_gift", "a gift with each order", 14, 8, 1.0, 0.6, 0.5, 3_200.0),
)
OBSERVED = ("help_centre", "answers in the help centre", 12, 6)
EXPECTED = 0.25


def experiments(spec: BrandSpec) -> pl.DataFrame:
    """Experiments as they were registered, a week before they began."""
    plans = [(t.name, t.change, t.weeks_ago, t.weeks, "randomised", t.told) for t in TESTS]
    plans.append((*OBSERVED, "observational", None))  # type: ignore[arg-type]  # no share
    start = np.array([_start(spec, plan[2]) for plan in plans])
    ends = start + np.array([plan[3] for plan in plans]) * 7 * _DAY
    return pl.DataFrame(
        {
            "experiment_id": [plan[0] for plan in plans],
            "starts_at": iso(spec, start),
            "ends_at": iso(spec, ends),
            "design": [plan[4] for plan in plans],
            "treatment_share": pl.Series([plan[5] for plan in plans], dtype=pl.Float64),
            "change": [plan[1] for plan in plans],
            "primary_metric": ["conversion"] * len(plans),
            "expected_lift": [EXPECTED] * len(plans),
            "announced_at": iso(spec, start - 7 * _DAY),
        }
    )


def _start(spec: BrandSpec, weeks_ago: int) -> int:
    return max(spec.n_weeks - weeks_ago, 0) * 7 * _DAY


def lots_of_tests(spec: BrandSpec, orders: Orders) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Assignments to the arms of TESTS, by experiment and customer, and what is true of them.

    Orders are drawn before arms are: so arms are drawn given who ordered, with the probabilities that
    follow (Bayes) from a lot of `treated` and a ratio of `lift`. What an order is worth does not change.
    """
    rng = spec.rng("experiments")
    frames, truth = [], {}
    for test in TESTS:
        n = min(UNITS, sum(customer_count(spec)))
        who = np.sort(rng.choice(sum(customer_count(spec)), n, replace=False))
        start = _start(spec, test.weeks_ago)
        end = min(start + test.weeks * 7 * _DAY, spec.days * _DAY)
        did = _ordered(orders, who, start + 6 * 3600, end)
        share = float(did.mean())
        base = share / (test.treated * test.lift + 1 - test.treated)
        lifted = min(base * test.lift, 0.99)
        given = np.where(did, lifted / max(share, 1e-9), (1 - lifted) / max(1 - share, 1e-9))
        arm = (rng.random(n) < test.treated * given).astype(np.int64)
        frames.append(
            pl.DataFrame(
                {
                    "experiment_id": pl.repeat(test.name, n, eager=True),
                    "customer_id": customer_ids(who),
                    "arm": pl.Series(("control", "treatment")).gather(arm),
                    "assigned_at": iso(spec, np.full(n, start + 6 * 3600)),
                    "probability": np.where(arm == 1, test.told, 1 - test.told),
                }
            )
        )
        truth[test.name] = {
            "conversion_control": base, "conversion_treatment": lifted, "ratio": test.lift,
            "order_value_ratio": 1.0, "revenue_per_eligible_ratio": test.lift,
            "lot": test.treated, "registered_share": test.told,
        }  # fmt: skip
    return pl.concat(frames), truth


def _ordered(orders: Orders, who: Ints, start: int, end: int) -> Bools:
    within = (orders.fate == SOLD) & (orders.at >= start) & (orders.at < end)
    return np.isin(who, np.unique(orders.customer[within]))


def actions_of_tests(spec: BrandSpec) -> pl.DataFrame:
    """Actions that the experiments measure, in the columns of actions."""
    start = np.array([_start(spec, t.weeks_ago) for t in TESTS])
    names = pl.Series([t.name for t in TESTS])
    return pl.DataFrame(
        {
            "action_id": numbered("TX", np.arange(len(TESTS)), 3),
            "opened_at": iso(spec, start - 14 * _DAY + 10 * 3600),
            "title": [t.change for t in TESTS],
            "owner": ["Tom Becker"] * len(TESTS),
            "function": ["product"] * len(TESTS),
            "shipped_at": iso(spec, start + 6 * 3600),
            "experiment_id": names,
            "cost": [t.cost for t in TESTS],
        }
    )
