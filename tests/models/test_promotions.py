"""What promotions do is found where it was planted, and nothing where nothing was."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from models.exposures import Drivers, aligned, promotion_drivers, rows_of, until
from models.panel import Groups
from models.promotion_weeks import LOG_HIGH
from models.promotions import Uplift, promotion_multipliers, spread_of, uplift
from tests.models.driven import NAMES, elsewhere, exposures, promoted

WEEKS = np.datetime64("2024-01-01") + 7 * np.arange(6).astype("timedelta64[D]")
SERIES = pl.DataFrame({"series_id": ["a", "b"]})


def weekly(*rows: tuple[str, int, str | None, int, int, int | None]) -> pl.DataFrame:
    """Rows of series, week number, kind, days, any_days, discount."""
    schema = {
        "series_id": pl.String(),
        "week_start": pl.Date(),
        "kind": pl.String(),
        "days": pl.Int32(),
        "any_days": pl.Int32(),
        "discount": pl.Int64(),
    }
    dated = [(s, WEEKS[w].item(), *rest) for s, w, *rest in rows]
    return pl.DataFrame(dated, schema=schema, orient="row")


def test_exposures_are_shares_of_days_with_what_comes_after() -> None:
    made = promotion_drivers(
        weekly(("a", 1, "sale", 7, 7, 2000), ("a", 2, "sale", 3, 5, None), ("a", 2, "mail", 2, 5, 1000)),
        SERIES,
        WEEKS,
        assumed=True,
    )  # fmt: skip
    assert made.names == NAMES
    assert made.assumed
    x = made.x[:, 0].astype(float)
    assert x[0] == pytest.approx([0, 1, 5 / 7, 0, 0, 0])
    assert x[1] == pytest.approx([0, 0, 0, 5 / 7, 0, 0])
    # The sale that tells no discount is taken as the sale that does.
    assert x[2] == pytest.approx([0, 0.2, 0.2 * 5 / 7, 0, 0, 0])
    assert x[3] == pytest.approx([0, 0, 2 / 7, 0, 0, 0])
    assert x[4] == pytest.approx([0, 1, 3 / 7, 0, 0, 0])
    assert not made.x[:, 1].any()


def test_weeks_and_series_outside_are_left_out_and_nothing_gives_nothing() -> None:
    far = weekly(("a", 0, None, 7, 7, None)).with_columns(
        pl.lit(date(2020, 1, 6)).alias("week_start")
    )
    for rows in (far, weekly(("z", 1, None, 7, 7, None)), weekly()):
        made = promotion_drivers(rows, SERIES, WEEKS, assumed=False)
        assert made.x.shape == (0, 2, 6)
    one = promotion_drivers(weekly(("b", 0, None, 7, 7, None)), SERIES, WEEKS, assumed=False)
    assert one.names == ("any", "after"), "one kind and no discount need no columns of their own"


def test_drivers_follow_the_order_of_the_series() -> None:
    made = promotion_drivers(weekly(("b", 0, None, 7, 7, None)), SERIES, WEEKS, assumed=False)
    turned = aligned(made, SERIES[::-1])
    assert turned.series_ids == ("b", "a")
    assert np.array_equal(turned.x, made.x[:, ::-1])
    assert np.array_equal(rows_of(made, np.array([1])).x, made.x[:, 1:])
    with pytest.raises(ValueError, match="nothing of 1"):
        aligned(made, pl.DataFrame({"series_id": ["a", "x"]}))
    with pytest.raises(ValueError, match="x is"):
        Drivers(("a",), ("any",), made.x)


@pytest.mark.parametrize(("level", "off"), [(3.0, 0.08), (0.0, 0.12)])
def test_multipliers_come_close_to_the_truth_for_many_and_for_few_units(
    level: float, off: float
) -> None:
    truth = promoted(level=level, each=20)
    made = promotion_multipliers(uplift(truth.known, truth.drivers, truth.groups), truth.drivers)
    ahead = truth.m[:, truth.n_weeks :] > 1
    error = np.log(made / truth.m)[:, truth.n_weeks :][ahead]
    assert np.abs(error).mean() < off
    assert abs(error.mean()) < off / 2
    assert np.abs(np.log(truth.m)[:, truth.n_weeks :][ahead]).mean() > 0.4
    assert made[:, truth.n_weeks :][~ahead] == pytest.approx(1.0, abs=0.1)


def test_a_dip_after_promotions_is_found() -> None:
    truth = promoted(each=20, level=3.5)
    rng = np.random.default_rng(3)
    y = np.where(truth.drivers.x[1] == 1, rng.binomial(truth.y.astype(int), 0.75), truth.y)
    beta = uplift(y[:, : truth.n_weeks], truth.drivers, truth.groups).beta.mean(axis=0)
    assert beta[1] == pytest.approx(np.log(0.75), abs=0.08)


def test_promotions_of_another_world_do_next_to_nothing() -> None:
    found = []
    for seed in (5, 6, 7):
        placebo = elsewhere(promoted(seed=seed), seed + 50)
        made = uplift(placebo.known, placebo.drivers, placebo.groups)
        found.append(np.log(promotion_multipliers(made, placebo.drivers)))
    assert np.abs(np.stack(found)).max() < 0.12
    assert np.abs(np.stack(found)).mean() < 0.02


def test_a_promotion_of_everything_is_as_uncertain_as_its_weeks_are_few() -> None:
    """Three weeks that all series share say little, however many series there are."""
    rng = np.random.default_rng(1)
    on = np.zeros((200, 80))
    on[:, [20, 40, 60]] = 1.0
    luck = np.exp(0.15 * rng.normal(size=80))
    y = rng.poisson(30 * luck, size=(200, 80)).astype(float)
    none = np.zeros_like(on)
    drivers = exposures(on, none, none)
    groups = Groups(np.zeros(200, dtype=np.int64), 1)
    apart = np.log(luck[[20, 40, 60]]).mean()
    found = np.log(promotion_multipliers(uplift(y, drivers, groups), drivers))[:, 20].mean()
    assert abs(found) < abs(apart) + 0.05
    assert abs(found) < 0.2


def test_a_kind_never_seen_has_the_effect_of_all_kinds_at_its_discount() -> None:
    truth = promoted()
    x = truth.drivers.x.copy()
    x[3, :, : truth.n_weeks] += x[4, :, : truth.n_weeks]
    x[4, :, : truth.n_weeks] = 0  # so far all were mailings; sales are new
    drivers = replace(truth.drivers, x=x)
    made = uplift(truth.known, drivers, truth.groups)
    new = promotion_multipliers(made, drivers)[:, truth.n_weeks :]
    lifted = new[truth.m[:, truth.n_weeks :] > 1]
    assert 0.3 < np.log(lifted).mean() < 0.9


def test_extremes_are_capped_at_what_was_seen() -> None:
    truth = promoted()
    made = uplift(truth.known, truth.drivers, truth.groups)
    assert made.top_discount == pytest.approx(0.3)
    x = truth.drivers.x.copy()
    x[2, :, truth.n_weeks :] *= 3
    wild = promotion_multipliers(made, replace(truth.drivers, x=x))
    usual = x.copy()
    usual[2] = np.minimum(x[2], x[0] * np.float32(0.3))
    assert np.allclose(wild, promotion_multipliers(made, replace(truth.drivers, x=usual)))
    steep = Uplift(np.full_like(made.beta, 50.0), 0.3)
    assert promotion_multipliers(steep, truth.drivers).max() <= np.exp(LOG_HIGH) + 1e-9


def test_part_of_a_week_lifts_that_part_only() -> None:
    drivers = exposures(np.array([[1.0, 3 / 7, 0.0]]), np.zeros((1, 3)), np.zeros((1, 3)))
    beta = np.zeros((1, 5))
    beta[0, 0] = np.log(3.0)
    made = promotion_multipliers(Uplift(beta, 0.0), drivers)
    assert made[0] == pytest.approx([3.0, 1 + 2 * 3 / 7, 1.0])


def test_only_weeks_that_are_known_tell() -> None:
    truth = promoted(categories=3, each=5)
    shown = until(truth.drivers, truth.n_weeks)
    a = uplift(truth.known, truth.drivers, truth.groups)
    assert np.array_equal(a.beta, uplift(truth.known, shown, truth.groups).beta)
    short = uplift(truth.known[:, :60], truth.drivers, truth.groups)
    assert not np.array_equal(a.beta, short.beta)


def test_nothing_known_gives_no_effects() -> None:
    truth = promoted(categories=2, each=3)
    for y in (np.full((6, 104), np.nan), np.zeros((6, 104)), truth.known[:, :1]):
        made = promotion_multipliers(uplift(y, truth.drivers, truth.groups), truth.drivers)
        assert np.isfinite(made).all()
        assert made == pytest.approx(np.ones_like(made), abs=1e-6)


def test_the_spread_of_true_effects_is_told_from_noise() -> None:
    rng = np.random.default_rng(2)
    sd = rng.uniform(0.1, 0.5, size=(400, 2))
    true = rng.normal(size=(400, 2)) * [0.3, 0.0]
    spread = spread_of(true + sd * rng.normal(size=sd.shape), sd**2)
    assert spread[0] == pytest.approx(0.09, rel=0.3)
    assert spread[1] < 0.01
