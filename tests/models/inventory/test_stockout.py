import numpy as np
import pytest

from models.inventory.stockout import (
    Receipts,
    days_of_cover,
    lost_sales,
    stockout_days,
    supply,
)
from tests.models.inventory.outlooks import course, outlook_of, paths

SEED = 3
NONE = Receipts(np.array([], dtype=np.int64), np.array([]), np.array([]))


def receipts(*pairs: tuple[float, float]) -> Receipts:
    days, units = zip(*pairs, strict=True)
    return Receipts(np.zeros(len(pairs), dtype=np.int64), np.array(days), np.array(units))


def walked(
    daily: np.ndarray, stock: float, coming: dict[int, float], days: int
) -> tuple[np.ndarray, np.ndarray]:
    """Every path day by day: when stock is gone, and what was lost by the end of each day."""
    on_hand = np.full(len(daily), stock)
    gone = np.full(len(daily), -1)
    lost = np.zeros((len(daily), days + 1))
    for day in range(1, days + 1):
        sold = np.minimum(on_hand, daily[:, day - 1])
        lost[:, day] = lost[:, day - 1] + daily[:, day - 1] - sold
        on_hand -= sold
        gone[(gone < 0) & (on_hand <= 0)] = day
        on_hand += coming.get(day, 0.0)
    return gone, lost


def test_deliveries_serve_from_the_day_after_they_come() -> None:
    made = supply(np.array([5.0]), receipts((1, 10), (3, 4), (99, 7)), 5)
    assert made.tolist() == [[5, 15, 15, 19, 19]]


@pytest.mark.parametrize("coming", [{}, {10: 60.0}, {5: 30.0, 25: 100.0}])
def test_dates_and_losses_are_those_of_walked_paths(coming: dict[int, float]) -> None:
    daily = paths(40, 0.3, np.random.default_rng(SEED))
    one = course(outlook_of(daily))
    given = receipts(*coming.items()) if coming else NONE
    gone, lost = walked(daily, 90.0, coming, one.last_day)
    dated = stockout_days(one, np.array([90.0]), given)[0]
    for chance, day in zip((0.1, 0.5, 0.9), dated, strict=True):
        by = (gone > 0) & (gone <= (day if day >= 0 else one.last_day))
        if day >= 0:
            assert by.mean() == pytest.approx(chance, abs=0.09)
        else:  # not within the forecast
            assert by.mean() < chance + 0.09
    for until in (7, 14, 21, 35):
        made = lost_sales(one, np.array([90.0]), given, np.array([[float(until)]]))[0, 0]
        assert made == pytest.approx(
            lost[:, until].mean(), abs=max(2.5, 0.12 * lost[:, until].mean())
        )


def test_nothing_left_is_out_already_and_plenty_is_not_within_the_forecast() -> None:
    one = course(outlook_of(paths(40, 0.3, np.random.default_rng(SEED), n=1000)))
    assert stockout_days(one, np.array([0.0]), NONE).tolist() == [[0, 0, 0]]
    assert stockout_days(one, np.array([-5.0]), NONE).tolist() == [[0, 0, 0]]
    assert stockout_days(one, np.array([1e6]), NONE).tolist() == [[-1, -1, -1]]


def test_later_stock_does_not_bring_lost_sales_back() -> None:
    one = course(outlook_of(paths(70, 0.1, np.random.default_rng(SEED))))
    until = np.array([[10.0, 40.0]])
    before, after = lost_sales(one, np.array([20.0]), receipts((10, 5_000)), until)[0]
    assert before == pytest.approx(80, abs=4)
    assert after == pytest.approx(before)


@pytest.mark.parametrize("stock", [0.0, 5.0, 70.0, 235.0])
def test_cover_is_where_expected_demand_meets_stock(stock: float) -> None:
    one = course(outlook_of(paths(35, 0.2, np.random.default_rng(SEED), n=2000)))
    cover = days_of_cover(one, np.array([stock]))
    assert one.expected(cover[:, None])[0, 0] == pytest.approx(stock, abs=1e-6)


def test_cover_beyond_the_forecast_goes_on_and_without_demand_is_unknown() -> None:
    one = course(outlook_of(paths(35, 0.2, np.random.default_rng(SEED), n=2000)))
    assert days_of_cover(one, np.array([700.0]))[0] == pytest.approx(140, rel=0.03)
    still = course(outlook_of(np.zeros((5, 56))))
    assert np.isnan(days_of_cover(still, np.array([3.0]))[0])
