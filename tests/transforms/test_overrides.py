"""Overrides: which count, what becomes of the others, and how they are shared over the levels."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.rows import versions
from tests.transforms.desk_rows import AS_OF, SKUS, forecasts, week
from transforms.asof import KNOWN_ON, ORDER, visible
from transforms.contracts import EXPORTS, INPUTS
from transforms.contracts.check import violations
from transforms.contracts.columns import CUMULATIVE_QUANTILES, QUANTILES, quantile_name
from transforms.final import cumulative_final, forecasts_final, overridden
from transforms.overrides import judged, named, status_table

ZONE = "America/New_York"
MADE = datetime(2026, 11, 10, 15, tzinfo=UTC)


def override(level: str, value: float, **more: Any) -> dict[str, Any]:
    base = {"level": level, "value": value, "week_start": week(1), "author": "ada",
            "reason": "a fair", "created_at": MADE, KNOWN_ON: date(2026, 11, 10)}  # fmt: skip
    return base | more


def told(*rows: dict[str, Any], as_of: date = AS_OF) -> pl.DataFrame:
    shown = visible(versions("overrides", rows).lazy(), INPUTS["overrides"], as_of, ZONE).collect()
    return judged(named(shown, ZONE), forecasts(), as_of=as_of, week_start="monday")


def final(*rows: dict[str, Any]) -> pl.DataFrame:
    return forecasts_final(forecasts(), told(*rows))


def values(out: pl.DataFrame, number: int = 1) -> dict[str, float]:
    rows = out.filter(pl.col("week_start") == week(number))
    return dict(rows.select("series_id", "final_mean").iter_rows())


def statuses(*rows: dict[str, Any], as_of: date = AS_OF) -> list[str]:
    given = told(*rows, as_of=as_of)
    status = status_table(
        given, forecasts_final(forecasts(), given), as_of=as_of, week_start="monday"
    )
    return status.sort("value")["status"].to_list()


def test_without_overrides_the_final_forecast_is_the_statistical_one() -> None:
    out = forecasts_final(forecasts(), told(override("sku", 9.0, sku="nobody")))
    assert out["final_mean"].equals(out["statistical_mean"], check_names=False)
    assert out["p90"].equals(forecasts()["p90"])


def test_a_category_is_shared_over_its_skus_by_their_means() -> None:
    out = values(final(override("category", 60.0, category="tea")))
    assert (out["T1"], out["T2"], out["tea"], out["total"]) == (45.0, 15.0, 60.0, 110.0)
    assert values(final(override("category", 60.0, category="tea")), 2)["tea"] == 40.0


def test_sku_overrides_sum_up_and_stand_under_one_from_above() -> None:
    alone = values(final(override("sku", 50.0, sku="T1")))
    assert (alone["tea"], alone["total"]) == (60.0, 110.0)
    both = values(
        final(override("sku", 50.0, sku="T1"), override("category", 55.0, category="tea"))
    )
    assert (both["T1"], both["T2"], both["tea"]) == (50.0, 5.0, 55.0)


def test_a_total_is_shared_over_what_others_left_and_adds_up_exactly() -> None:
    out = final(override("total", 1000.1, week_start=week(2)),
                override("category", 33.3, category="tea", week_start=week(2)))  # fmt: skip
    got = values(out, 2)
    assert got["tea"] == got["T1"] + got["T2"] == round(33.3 * 1024) / 1024
    assert got["total"] == got["tea"] + got["cups"] == round(1000.1 * 1024) / 1024
    assert got["C2"] == 0.0


def test_what_cannot_be_reached_changes_nothing_and_is_said() -> None:
    rows = (override("sku", 50.0, sku="T1"), override("category", 20.0, category="tea"))
    assert values(final(*rows))["tea"] == 60.0
    assert statuses(*rows) == ["unreachable", "applied"]


def test_one_series_that_sold_nothing_can_be_given_a_value() -> None:
    out = final(override("sku", 12.0, sku="C2"))
    assert values(out)["C2"] == 12.0
    row = out.filter(series_id="C2", week_start=week(1)).row(0, named=True)
    assert row["p10"] == row["p90"] == 12.0


def test_quantiles_keep_their_ratio_and_their_order() -> None:
    out = final(override("sku", 60.0, sku="T1"), override("sku", 0.0, sku="T2"))
    row = out.filter(series_id="T1", week_start=week(1)).row(0, named=True)
    assert row["p90"] == pytest.approx(2 * 30.0 * 1.4)
    for low, high in pairwise(QUANTILES):
        assert (out[quantile_name(low)] <= out[quantile_name(high)]).all()


def test_sums_from_horizon_1_and_the_factor_for_cumulative_quantiles() -> None:
    out = final(override("sku", 60.0, sku="T1", week_start=week(2)))
    rows = out.filter(series_id="T1").sort("horizon")
    assert rows["cumulative_mean"].to_list() == [30.0, 90.0, 120.0]
    assert rows["cumulative_factor"].to_list() == [1.0, 1.5, 120 / 90]
    assert out.filter(series_id="C2")["cumulative_factor"].is_null().all()


def test_rows_bear_who_overrode_them_from_the_nearest_level() -> None:
    out = final(override("category", 60.0, category="tea"),
                override("sku", 40.0, sku="T1", author="bob", reason="knows"))  # fmt: skip
    who = dict(out.filter(pl.col("horizon") == 1).select("series_id", "author").iter_rows())
    assert who == {"total": None, "tea": "ada", "T1": "bob", "T2": "ada",
                   "cups": None, "C1": None, "C2": None}  # fmt: skip


def test_the_latest_that_counts_wins_and_an_expired_one_lets_go() -> None:
    early = override("sku", 1.0, sku="T1", created_at=MADE - timedelta(days=5))
    late = override("sku", 2.0, sku="T1")
    assert statuses(early, late) == ["replaced", "applied"]
    over = late | {"expires_on": AS_OF}
    assert statuses(early, over) == ["applied", "expired"]
    assert statuses(early, late | {"expires_on": AS_OF + timedelta(days=1)}) == [
        "replaced",
        "applied",
    ]


def test_an_override_is_not_known_before_it_was_made() -> None:
    later = override("sku", 2.0, sku="T1", created_at=MADE + timedelta(days=5))
    assert told(later, as_of=date(2026, 11, 14)).is_empty()
    assert told(later).height == 1
    untold = override("sku", 2.0, sku="T1", created_at=None)
    assert told(untold, as_of=date(2026, 11, 9)).is_empty()
    assert told(untold)["status"].to_list() == ["applied"]


def test_every_override_has_its_fate_in_words() -> None:
    rows = (
        override("sku", 1.0, sku="T1", week_start=week(0)),
        override("sku", 2.0, sku="T1", week_start=week(9)),
        override("sku", 3.0, sku="gone"),
        override("sku", 4.0, sku="T1", week_start=week(1) + timedelta(days=2)),
    )
    assert statuses(*rows) == ["past", "too_far", "no_series", "no_week"]
    given = told(*rows)
    status = status_table(
        given, forecasts_final(forecasts(), given), as_of=AS_OF, week_start="monday"
    )
    assert "weeks here begin on Monday" in status.sort("value")["why"][3]
    names = EXPORTS["override_status"].names
    assert not violations(EXPORTS["override_status"], status.select(names))


def test_addresses_and_names_in_what_planners_write_are_not_published() -> None:
    row = override(
        "total", 1.0, author="ada.l@brand.com", reason="ask jo@shop.com, +1 212 555 0123"
    )
    out = told(row)
    assert out["author"].to_list() == ["ada.l"]
    assert "jo@" not in out["reason"][0]
    assert "555" not in out["reason"][0]


def test_the_order_of_rows_decides_nothing() -> None:
    rows = [override("sku", float(i), sku="T1", author=f"a{i}", **{ORDER: 5}) for i in range(4)]
    one = values(final(*rows))
    assert one == values(final(*reversed(rows)))


def test_the_sum_of_many_small_shares_is_exact() -> None:
    skus = {f"S{i:03d}": "tea" for i in range(300)}
    means = {name: 1 / 3 + i / 7 for i, name in enumerate(skus)}
    means = {name: round(value * 1024) / 1024 for name, value in means.items()}
    base = forecasts(means, skus=skus)
    shown = visible(versions("overrides", [override("total", 999_999.123)]).lazy(),
                    INPUTS["overrides"], AS_OF, ZONE).collect()  # fmt: skip
    given = judged(named(shown, ZONE), base, as_of=AS_OF, week_start="monday")
    out = forecasts_final(base, given).filter(pl.col("horizon") == 1)
    skus_sum = out.filter(level="sku")["final_mean"].sum()
    assert (
        skus_sum == out.filter(level="total")["final_mean"][0] == round(999_999.123 * 1024) / 1024
    )
    assert out["final_mean"].min() >= 0


@pytest.mark.parametrize("seed", range(12))
def test_whatever_planners_say_levels_add_up_and_what_is_applied_is_met(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(int(rng.integers(1, 9))):
        level = str(rng.choice(["total", "category", "sku"]))
        name = str(rng.choice(list(SKUS)))
        scope = {"sku": name} if level == "sku" else {}
        scope |= {"category": SKUS[name]} if level == "category" else {}
        value = float(np.round(rng.uniform(0, 120), 2))
        rows.append(override(level, value, author=f"a{i}", week_start=week(int(rng.integers(1, 3))),
                             **scope))  # fmt: skip
    given = told(*rows)
    out = forecasts_final(forecasts(), given)
    for week_start, part in out.group_by("week_start"):
        got = dict(part.select("series_id", "final_mean").iter_rows())
        assert got["tea"] == got["T1"] + got["T2"], week_start
        assert got["cups"] == got["C1"] + got["C2"], week_start
        assert got["total"] == got["tea"] + got["cups"], week_start
        assert min(got.values()) >= 0
    status = status_table(given, out, as_of=AS_OF, week_start="monday")
    for row in status.filter(status="applied").iter_rows(named=True):
        assert row["final_mean"] == round(row["value"] * 1024) / 1024, row


def test_sums_over_weeks_follow_the_final_forecast_and_others_stay_to_the_bit() -> None:
    base = forecasts()
    series = ["target", "level", "series_id"]
    summed = base.with_columns(pl.col("mean").cum_sum().over(series, order_by="horizon"))
    cumulative = summed.with_columns(
        pl.col("mean").alias(quantile_name(q)) * (0.5 + q) for q in CUMULATIVE_QUANTILES
    ).with_columns(pl.col("mean").alias("baseline_mean"))
    out = final(override("sku", 60.0, sku="T1", week_start=week(2)),
                override("sku", 8.0, sku="C2", week_start=week(1)))  # fmt: skip
    got = cumulative_final(cumulative, out)
    assert got.columns == cumulative.columns
    told = got.filter(series_id="T1").sort("horizon")
    assert told["mean"].to_list() == [30.0, 90.0, 120.0]
    assert told["p98"].to_list() == pytest.approx([30 * 1.48, 90 * 1.48, 120 * 1.48])
    assert told["baseline_mean"].to_list() == [30.0, 60.0, 90.0]
    assert got.filter(series_id="C2")["p05"].to_list() == [8.0, 8.0, 8.0]
    same = pl.col("series_id") == "C1"
    assert got.filter(same).equals(cumulative.filter(same))


def test_what_an_order_covers_is_the_final_forecast() -> None:
    weekly = forecasts()
    cumulative = weekly.select(
        *("as_of", "target", "level", "series_id", "week_start", "horizon", "mean"),
        *(pl.col("mean").alias(quantile_name(q)) for q in CUMULATIVE_QUANTILES),
    )
    out = final(override("sku", 60.0, sku="T1", week_start=week(2)))
    means, summed = overridden(weekly, cumulative, out)
    assert means.columns == weekly.columns
    told = out.select("series_id", "level", "horizon", "final_mean")
    both = means.join(told, on=["series_id", "level", "horizon"])
    assert both.height == weekly.height
    assert (both["mean"] == both["final_mean"]).all()
    assert means.filter(series_id="T1", horizon=2)["mean"].to_list() == [60.0]
    assert summed.equals(cumulative_final(cumulative, out))
