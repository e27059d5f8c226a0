from datetime import date

import numpy as np
import polars as pl

from models.assemble import panel, signals, week_axis
from models.weekly_rates import with_rates

MONDAYS = [date(2026, 3, 2), date(2026, 3, 9), date(2026, 3, 16), date(2026, 3, 23)]


def series(**columns: object) -> pl.DataFrame:
    base: dict[str, object] = {
        "series_id": ["A", "B"],
        "category": ["x", "y"],
        "sku": ["A", "B"],
        "channel": [None, None],
        "first_week": [MONDAYS[0], MONDAYS[2]],
        "last_week": [MONDAYS[3], MONDAYS[3]],
        "status": ["active", "new"],
        "ended_on": [None, None],
    }
    types = {"channel": pl.String, "ended_on": pl.Date}
    return pl.DataFrame(base | columns, schema_overrides=types)


def weekly() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "series_id": ["A", "A", "B", "A"],
            "week_start": [MONDAYS[0], MONDAYS[2], MONDAYS[3], date(2026, 3, 30)],
            "milli": [1500, 2000, 3000, 9000],
        }
    )


def test_weeks_on_sale_without_a_row_are_zero_and_others_are_nan() -> None:
    found = panel(weekly(), series(), week_axis(MONDAYS[0], MONDAYS[3]))
    expected = np.array([[1.5, 0, 2, 0], [np.nan, np.nan, 0, 3]])
    assert np.array_equal(found.y, expected, equal_nan=True)


def test_weeks_from_the_end_on_are_nan_and_the_series_is_marked() -> None:
    ended = series(ended_on=[date(2026, 3, 18), None], status=["discontinued", "new"])
    found = panel(weekly(), ended, week_axis(MONDAYS[0], MONDAYS[3]))
    assert np.isnan(found.y[0]).tolist() == [False, False, False, True]
    assert found.series["ended"].to_list() == [True, False]


def test_weeks_without_stock_are_masked_not_zero() -> None:
    censored = pl.DataFrame(
        {"sku": ["A", "A"], "week_start": MONDAYS[1:3], "censored_share": [0.5, 0.1]}
    )
    found = panel(weekly(), series(), week_axis(MONDAYS[0], MONDAYS[3]), censored)
    assert np.isnan(found.y[0]).tolist() == [False, True, False, False]


def test_what_was_sold_is_kept_unmasked_in_every_week() -> None:
    censored = pl.DataFrame(
        {"sku": ["A", "B"], "week_start": [MONDAYS[0], MONDAYS[3]], "censored_share": [0.5, 0.5]}
    )
    ended = series(ended_on=[date(2026, 3, 11), None], status=["discontinued", "new"])
    found = panel(weekly(), ended, week_axis(MONDAYS[0], MONDAYS[3]), censored)
    assert found.sold is not None
    assert found.sold.tolist() == [[1.5, 0, 2, 0], [0, 0, 0, 3]]
    assert np.isnan(found.y[0]).tolist() == [True, False, True, True]
    assert found.series["ended_on"].to_list() == [date(2026, 3, 11), None]


def test_signals_take_their_places_and_leave_gaps_as_nan() -> None:
    counts = pl.DataFrame(
        {
            "signal": ["s", "s", "s"],
            "category": ["x", None, None],
            "week_start": [MONDAYS[1], MONDAYS[1], date(2026, 4, 6)],
            "conversations_taggable": [4, 6, 6],
            "conversations_with_signal": [1, 2, 2],
        }
    )
    found = signals(with_rates(counts), ["s", "unheard"], week_axis(MONDAYS[0], MONDAYS[3]))
    assert found is not None
    assert found.names == ("s", "unheard")
    assert found.mentions[0, 0].tolist() == [0, 1, 0, 0]
    assert found.taggable_all.tolist() == [0, 6, 0, 0]
    assert np.isnan(found.rate[0, 0]).tolist() == [True, False, True, True]
    assert np.isnan(found.rate_all[1]).all()


def test_no_conversations_are_no_signals() -> None:
    empty = with_rates(
        pl.DataFrame(
            schema={
                "signal": pl.String,
                "category": pl.String,
                "week_start": pl.Date,
                "conversations_taggable": pl.Int64,
                "conversations_with_signal": pl.Int64,
            }
        )
    )
    assert signals(empty, ["s"], week_axis(MONDAYS[0], MONDAYS[3])) is None


def test_a_series_that_never_had_stock_keeps_what_it_sold() -> None:
    censored = pl.DataFrame({"sku": ["A"] * 4, "week_start": MONDAYS, "censored_share": [1.0] * 4})
    found = panel(weekly(), series(), week_axis(MONDAYS[0], MONDAYS[3]), censored)
    assert found.y[0].tolist() == [1.5, 0.0, 2.0, 0.0]
