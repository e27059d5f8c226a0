from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from models.inventory.arrays import Week, weekday_shares
from models.inventory.plan import plan
from models.spec import quantile_names
from tests.models.inventory.outlooks import outlook_of, paths
from transforms.contracts import EXPORTS
from transforms.contracts.check import violations
from transforms.contracts.exports import CUMULATIVE_QUANTILES

AS_OF = date(2026, 11, 15)  # a Sunday: the running week has not begun
FIRST = date(2026, 11, 16)
NAMES = quantile_names(CUMULATIVE_QUANTILES)
WEEKDAYS = pl.DataFrame({"category": [None], **{f"day_{i}": [10.0] for i in range(7)}}).cast(
    {"category": pl.String}
)
USUAL = {
    "category": "tea", "series_status": "active", "ended": False, "ends_on": None,
    "orderable": True, "unit_cost": 2.0, "unit_price": 5.0, "currency": "EUR", "pieces": True,
    "inventory_date": AS_OF, "inventory_age_days": 0.0, "inventory_stale": False,
    "on_hand_units": 50.0, "sold_since_units": 0.0, "available_units": 50.0,
    "on_order_units": 20.0, "receipts_overdue_units": 0.0, "receipts_lapsed_units": 0.0,
    "position_units": 70.0, "next_receipt_on": AS_OF + timedelta(days=5),
    "lead_time_days": 14.0, "lead_time_std_days": 0.0, "lead_time_source": "product",
    "review_period_days": 7.0, "review_period_source": "default", "service_level": 0.95,
    "service_level_source": "default", "moq": 12.0, "pack_size": 6.0,
}  # fmt: skip
TYPES = {"ends_on": pl.Date, "moq": pl.Float64, "series_status": pl.String, "pack_size": pl.Float64,
         "on_hand_units": pl.Float64, "available_units": pl.Float64, "position_units": pl.Float64,
         "inventory_date": pl.Date, "unit_price": pl.Float64, "currency": pl.String}  # fmt: skip
UNKNOWN_STOCK = dict.fromkeys(
    ("on_hand_units", "available_units", "position_units", "inventory_date", "sold_since_units")
)


def stock(**skus: dict[str, object]) -> pl.DataFrame:
    rows = [{"sku": name, **USUAL, **changes} for name, changes in skus.items()]
    return pl.DataFrame(rows, schema_overrides=TYPES)


RECEIPTS = pl.DataFrame({"sku": ["A", "GONE"], "day": [5, 3], "units": [20.0, 4.0]})


def forecasts(lift: float, *names: str, mean: float = 40.0) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Weekly and summed forecasts of SKUs, which signals raise by `lift`."""
    outlook = outlook_of(paths(mean, 0.3, np.random.default_rng(4), n=4_000))
    weekly, summed = [], []
    for sku in names:
        for h in range(outlook.mean.shape[1]):
            key = {"sku": sku, "horizon": h + 1, "week_start": FIRST + timedelta(weeks=h)}
            base = float(outlook.mean[0, h])
            sold = 0.0 if h == 0 else None
            weekly.append(
                {**key, "mean": base * lift, "baseline_mean": base, "sold_to_date_units": sold}
            )
            told = dict(zip(NAMES, outlook.summed[0, h] * lift, strict=True))
            plain = dict(zip(NAMES, outlook.summed[0, h], strict=True))
            summed.append({**key, **told, **{f"baseline_{k}": v for k, v in plain.items()}})
    return pl.DataFrame(weekly), pl.DataFrame(summed)


def planned(rows: pl.DataFrame, *names: str, lift: float = 1.25) -> pl.DataFrame:
    weekly, summed = forecasts(lift, *names)
    return plan(
        rows, RECEIPTS, weekly, summed, WEEKDAYS, as_of=AS_OF, week=Week(0, 0), excess_days=91.0
    )


def one(frame: pl.DataFrame, sku: str) -> dict[str, object]:
    return frame.row(by_predicate=pl.col("sku") == sku, named=True)


def test_every_sku_has_its_row_and_its_reason() -> None:
    rows = stock(
        A={},
        GONE={"ended": True, "orderable": False, "series_status": "discontinued"},
        OLD={"series_status": "dormant"},
        NEW={"series_status": "too_new"},
        NEVER={"series_status": None},
        BLIND=UNKNOWN_STOCK,
    )
    made = planned(rows, "A", "BLIND")
    contract = EXPORTS["inventory_plan"]
    full = made.with_columns(pl.lit("full").alias("rung")).select(
        [pl.col(c.name).cast(c.dtype) for c in contract.columns]
    )
    assert violations(contract, full) == []
    told = {r["sku"]: (r["plan_status"], r["reason"]) for r in made.iter_rows(named=True)}
    assert told == {
        "A": ("planned", None),
        "BLIND": ("no_inventory", "no stock is known"),
        "GONE": ("discontinued", "no longer sold"),
        "NEVER": ("no_forecast", "never sold"),
        "NEW": ("no_forecast", "no complete week of sales yet"),
        "OLD": ("no_forecast", "nothing sold for 26 weeks"),
    }
    assert one(made, "GONE")["excess_units"] == 70.0
    assert one(made, "GONE")["excess_value"] == 140.0
    assert one(made, "GONE")["suggested_order_units"] == 0.0
    assert one(made, "OLD")["excess_units"] == 70.0
    assert one(made, "NEW")["excess_units"] is None
    assert one(made, "BLIND")["order_up_to_units"] > 0
    assert one(made, "BLIND")["suggested_order_units"] is None
    assert one(made, "BLIND")["stockout_reason"] == "no_inventory"


def test_an_order_fills_the_position_in_packs_and_says_what_signals_changed() -> None:
    row = one(planned(stock(A={}), "A"), "A")
    order = row["suggested_order_units"]
    assert order % 6 == 0
    assert 0 <= row["position_units"] + order - row["order_up_to_units"] < 6
    assert row["signal_delta_units"] == row["final_units"] - row["baseline_units"]
    assert row["final_units"] == pytest.approx(1.25 * row["baseline_units"], rel=1e-3)
    assert row["order_delta_units"] == order - row["suggested_order_baseline_units"] > 0
    assert row["order_delta_value"] == pytest.approx(2 * row["order_delta_units"])
    assert row["signal_delta_value"] == pytest.approx(5 * row["signal_delta_units"], abs=0.01)
    assert row["safety_stock_units"] == row["reorder_point_units"] - row["final_units"]
    assert row["cycle_service_expected"] >= 0.95
    assert row["at_risk_units"] > row["lost_sales_units"] > 0
    assert row["order_by"] == AS_OF, "70 units do not outlast two weeks of 50"
    assert row["at_risk_value"] == pytest.approx(5 * row["at_risk_units"], abs=0.01)


def test_what_overrides_change_is_told_apart_from_what_signals_change() -> None:
    rows = stock(A={}, B={})
    weekly, summed = forecasts(1.25, "A", "B")
    names = [n for n in summed.columns if n == "mean" or (n[0] == "p" and n[1:].isdigit())]
    more = pl.when(pl.col("sku") == "A").then(2.0).otherwise(1.0)
    said = (
        weekly.with_columns(pl.col("mean") * more),
        summed.with_columns(pl.col(n) * more for n in names),
    )
    terms = {"as_of": AS_OF, "week": Week(0, 0), "excess_days": 91.0}
    made = plan(rows, RECEIPTS, *said, WEEKDAYS, statistical=(weekly, summed), **terms)
    plain = plan(rows, RECEIPTS, weekly, summed, WEEKDAYS, **terms)
    a, b, before = one(made, "A"), one(made, "B"), one(plain, "A")
    assert b == one(plain, "B"), "no override reaches it"
    assert b["override_delta_units"] == b["override_order_delta_units"] == 0.0
    assert a["final_units"] == pytest.approx(2 * before["final_units"])
    for name in ("baseline_units", "signal_delta_units", "order_delta_units"):
        assert a[name] == before[name]
    assert a["override_delta_units"] == a["final_units"] - before["final_units"] > 0
    assert a["override_order_delta_units"] == (
        a["suggested_order_units"] - before["suggested_order_units"]
    )
    assert a["override_order_delta_units"] > 0


def test_a_plan_without_signals_is_the_same_plan() -> None:
    row = one(planned(stock(A={}), "A", lift=1.0), "A")
    for name in ("signal_delta_units", "order_delta_units"):
        assert row[name] == 0.0
    assert row["order_up_to_units"] == row["order_up_to_baseline_units"]


def test_what_must_be_read_with_care_is_said() -> None:
    rows = stock(
        A={"inventory_stale": True, "receipts_lapsed_units": 3.0},
        B={"lead_time_days": 90.0},
        C={"on_hand_units": -4.0, "available_units": -4.0, "position_units": 16.0},
        D={"ends_on": AS_OF + timedelta(days=10), "orderable": False},
    )
    made = planned(rows, "A", "B", "C", "D")
    assert one(made, "A")["reason"] == (
        "stock counted long ago; promised deliveries that are no longer counted on"
    )
    assert one(made, "B")["horizon_too_short"]
    assert one(made, "B")["reason"] == "the forecast ends before the protection period"
    assert one(made, "B")["final_units"] > 97 / 7 * 40
    assert one(made, "C")["reason"] == "oversold"
    assert one(made, "C")["stockout_date_p10"] == AS_OF
    assert one(made, "D")["suggested_order_units"] == 0.0
    assert one(made, "D")["order_by"] is None
    assert one(made, "D")["reason"] == "sales end before an order would arrive"


def test_no_forecast_at_all_is_a_plan_without_orders() -> None:
    weekly, summed = forecasts(1.0, "X")
    made = plan(
        stock(A={"series_status": "too_new"}), RECEIPTS, weekly.clear(), summed.clear(), WEEKDAYS,
        as_of=AS_OF, week=Week(0, 0), excess_days=91.0,
    )  # fmt: skip
    assert made["plan_status"].to_list() == ["no_forecast"]
    assert made["suggested_order_units"].to_list() == [None]


def test_order_of_rows_and_shards_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = stock(**{f"S{i}": {"available_units": 10.0 * i} for i in range(7)})
    names = rows["sku"].to_list()
    whole = planned(rows, *names)
    weekly, summed = forecasts(1.25, *names)
    monkeypatch.setattr("models.inventory.plan.SHARD", 2)
    rng = np.random.default_rng(1)
    shuffled = [f[rng.permutation(f.height)] for f in (rows, weekly, summed)]
    again = plan(
        shuffled[0], RECEIPTS, shuffled[1], shuffled[2], WEEKDAYS,
        as_of=AS_OF, week=Week(0, 0), excess_days=91.0,
    )  # fmt: skip
    assert whole.equals(again)


def test_weekdays_of_a_small_category_lean_on_the_whole() -> None:
    days = pl.DataFrame(
        {
            "category": [None, "tea", "pots"],
            "day_0": [100.0, 0.0, 900.0],
            **{f"day_{i}": [50.0, 0.0, 100.0] for i in range(1, 7)},
        }
    )
    shares = weekday_shares(pl.DataFrame({"category": ["tea", "pots", "mugs"]}), days)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    assert shares[0, 0] == pytest.approx(0.25)
    assert shares[2, 0] == pytest.approx(0.25)
    assert shares[1, 0] == pytest.approx((900 + 25) / 1600)


def test_what_was_counted_is_shown_as_it_was_counted() -> None:
    made = planned(stock(A={"on_hand_units": 3.6, "sold_since_units": 1.1}), "A")
    assert one(made, "A")["on_hand_units"] == 3.6
    assert one(made, "A")["sold_since_units"] == 1.1
