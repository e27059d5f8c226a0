import numpy as np
import polars as pl
import pytest

from models.panel import Panel
from models.unconstrained import unconstrained, week_demand

WEEKS = np.arange(np.datetime64("2024-01-01"), np.datetime64("2026-01-05"), 7)
NAN = np.nan


def one(sold_in: float, sold_out: float, stocked: float, before: float) -> float:
    return float(week_demand(*(np.array([v]) for v in (sold_in, sold_out, stocked, before)))[0])


@pytest.mark.parametrize(
    ("sold_in", "sold_out", "stocked", "before", "expected"),
    [
        (0, 0, 0.0, 20, 20),  # never on the shelf: what weeks before let expect
        (20, 0, 1.0, 5, 20),  # always: what it sold
        (10, 0, 0.5, 20, 20),  # as expected while it lasted
        (10, 0, 0.5, NAN, 20),  # nothing before: its own pace
        (10, 9, 0.5, 2, 19),  # at least what was sold
        (0, 0, 0.0, NAN, NAN),  # nothing tells
    ],
)
def test_weeks_are_filled_by_what_tells_of_them(
    sold_in: float, sold_out: float, stocked: float, before: float, expected: float
) -> None:
    np.testing.assert_allclose(one(sold_in, sold_out, stocked, before), expected)


def test_own_days_count_the_more_of_them_had_stock() -> None:
    little, much = one(10, 0, 0.2, 10), one(40, 0, 0.8, 10)
    assert 10 < little < 50
    assert abs(much - 50) < abs(little - 50)


def panel(y: np.ndarray, hidden: np.ndarray) -> Panel:
    series = pl.DataFrame(
        {
            "series_id": ["A", "B"],
            "category": ["tea"] * 2,
            "sku": ["A", "B"],
            "channel": [None] * 2,
        },
        schema_overrides={"channel": pl.String},
    )
    return Panel(series, WEEKS, np.where(hidden, NAN, y), np.where(hidden, 0.0, y))


def out_rows(*rows: tuple[str, int, list[int], float]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"sku": sku, "week_start": WEEKS[t].item(), "censored_share": len(days) / 7,
             **{f"out_{i}": i in days for i in range(7)}, "sold_in": sold, "sold_out": 0.0}
            for sku, t, days, sold in rows
        ]
    )  # fmt: skip


SHARES = pl.DataFrame({"sku": ["A", "B"], **{f"day_{i}": [1 / 7] * 2 for i in range(7)}})
ALL = list(range(7))


def test_hidden_weeks_come_out_near_the_demand_that_was_hidden() -> None:
    rng = np.random.default_rng(2)
    season = 1 + 0.5 * np.sin(2 * np.pi * np.arange(len(WEEKS)) / 52)
    y = rng.poisson(60 * np.tile(season, (2, 1))).astype(float)
    hidden = np.zeros(y.shape, dtype=bool)
    at = np.arange(60, len(WEEKS), 7)
    hidden[0, at] = True
    rows = out_rows(*[("A", int(t), ALL, 0.0) for t in at])
    made = unconstrained(panel(y, hidden), np.ones(y.shape, dtype=bool), rows, SHARES, 52)
    assert made["method"].unique().to_list() == ["weeks_before"]
    error = np.abs(made["unconstrained_units"].to_numpy() - y[0, at])
    assert error.sum() / y[0, at].sum() < 0.2
    assert made["unconstrained_units"].sum() == pytest.approx(y[0, at].sum(), rel=0.08)
    assert made["trained_on"].to_list() == [False] * len(at)


def test_only_weeks_on_sale_that_are_over_have_rows() -> None:
    y = np.full((2, len(WEEKS)), 7.0)
    alive = np.ones(y.shape, dtype=bool)
    alive[1, :50] = False
    later = WEEKS[-1] + 7
    rows = out_rows(("A", 3, [0], 6.0), ("B", 20, ALL, 0.0), ("B", 60, [1, 2], 5.0))
    running = rows[:1].with_columns(pl.lit(later.item()).alias("week_start"))
    made = unconstrained(
        panel(y, np.zeros(y.shape, dtype=bool)), alive, pl.concat([rows, running]), SHARES, 52
    )
    assert list(zip(made["sku"], made["method"], strict=True)) == [
        ("A", "in_stock_days"), ("B", "in_stock_days"),
    ]  # fmt: skip
    assert made["lost_units"].to_list() == pytest.approx([1.0, 2.0], abs=0.01)
    assert made["trained_on"].to_list() == [True, True]


def test_a_later_week_changes_nothing() -> None:
    rng = np.random.default_rng(5)
    y = rng.poisson(20, (2, len(WEEKS))).astype(float)
    rows = out_rows(("A", 70, [0, 1, 2], 9.0))
    alive, none = np.ones(y.shape, dtype=bool), np.zeros(y.shape, dtype=bool)
    before = unconstrained(panel(y, none), alive, rows, SHARES, 52)
    y[:, 71:] *= 9
    assert before.equals(unconstrained(panel(y, none), alive, rows, SHARES, 52))
