"""The truth is in the data: planted leads, mirrors and placebos measured on true labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from models.simulate import MIRROR, MIRROR_LAG, Brand, BrandSpec, simulate

Floats = npt.NDArray[np.float64]
LAGS = range(-5, 9)


@dataclass
class Weekly:
    """Log targets with trend, season and promotions taken out, and rates of true mentions."""

    brand: Brand
    rates: dict[tuple[str, str], Floats]
    targets: dict[tuple[str, str], Floats]


def _weeks(column: str) -> pl.Expr:
    return pl.col(column).str.slice(0, 10).str.to_date().dt.truncate("1w").alias("week")


def _counts(brand: Brand, rows: pl.DataFrame, category: str, value: pl.Expr) -> Floats:
    some = rows.filter(pl.col("about") == category).group_by("week").agg(value.alias("n"))
    found = dict(some.iter_rows())
    return np.array([found.get(w, 0) for w in brand.spec.week_starts()[:-1]], dtype=np.float64)


def _residual(brand: Brand, category: str, level: Floats) -> Floats:
    """What trend, two yearly harmonics, promotions and stock-outs leave of a log series."""
    truth = brand.truth_weekly.filter(pl.col("category") == category)
    t = np.arange(len(level))
    columns = [np.ones(len(t)), t / 52, np.log(truth["sellable"].to_numpy()[: len(t)])]
    for k in (1, 2):
        columns += [f(2 * np.pi * k * t / 52.18) for f in (np.cos, np.sin)]
    design = np.array(columns).T
    return np.asarray(level - design @ np.linalg.lstsq(design, level, rcond=None)[0])


def _whitened(x: Floats) -> Floats:
    x = x - x.mean()
    e = x[1:] - (x[1:] @ x[:-1]) / (x @ x) * x[:-1]
    return np.asarray(e / e.std())


def correlations(signal: Floats, target: Floats) -> dict[int, float]:
    """Pre-whitened correlation of the target with the signal `lag` weeks before it."""
    x, y = _whitened(signal), _whitened(target)
    return {
        lag: float(
            np.mean(y[lag:] * x[: len(x) - lag]) if lag >= 0 else np.mean(y[:lag] * x[-lag:])
        )
        for lag in LAGS
    }


def measure(spec: BrandSpec) -> Weekly:
    """Weekly series of a brand, from its published tables and the true passage labels."""
    brand = simulate(spec)
    home = dict(brand["products"].select("sku", "category").iter_rows())
    placed = pl.col("sku").replace_strict(home, default=None)
    talk = brand["conversations"].with_columns(
        pl.coalesce("category", placed).alias("about"), _weeks("started_at")
    )
    heard = brand.truth_passages.explode("signals").drop_nulls("signals")
    said = talk.join(heard.unique(["conversation_id", "signals"]), on="conversation_id")
    back = brand["refunds"].with_columns(placed.alias("about"), _weeks("refunded_at"))
    asked = brand["tickets"].with_columns(pl.col("category").alias("about"), _weeks("opened_at"))
    rates, targets = {}, {}
    for category, facts in brand.truth["categories"].items():
        every = np.maximum(_counts(brand, talk, category, pl.len()), 1)
        for signal in {MIRROR, *facts["placebos"], *(x["signal"] for x in facts["leads"])}:
            some = said.filter(pl.col("signals") == signal)
            rates[signal, category] = _counts(brand, some, category, pl.len()) / every
        truth = brand.truth_weekly.filter(pl.col("category") == category)
        levels = {
            "units": truth["units"].to_numpy()[:-1].astype(np.float64),
            "returns": _counts(brand, back, category, pl.col("quantity").sum()),
            "tickets": _counts(brand, asked, category, pl.len()),
        }
        for target, level in levels.items():
            targets[target, category] = _residual(brand, category, np.log(level + 0.5))
    return Weekly(brand, rates, targets)


@pytest.fixture(scope="module")
def weekly() -> Weekly:
    return measure(BrandSpec(dirty=False))


def planted(weekly: Weekly) -> list[tuple[str, str, str, int]]:
    return [
        (category, x["signal"], x["target"], x["lead_weeks"])
        for category, facts in weekly.brand.truth["categories"].items()
        for x in facts["leads"]
    ]


def test_about_half_the_categories_have_each_lead(weekly: Weekly) -> None:
    pairs = [(signal, target) for _, signal, target, _ in planted(weekly)]
    assert pairs.count(("stocking_up", "units")) == 3
    assert pairs.count(("delivery_worry", "tickets")) == 4
    assert pairs.count(("durability_question", "returns")) == 4
    leads = {x for _, s, _, x in planted(weekly) if s == "stocking_up"}
    assert leads == {3, 4}


def test_planted_leads_peak_at_their_lag_and_are_strong_enough(weekly: Weekly) -> None:
    n = weekly.brand.spec.weeks
    for category, signal, target, lead in planted(weekly):
        found = correlations(weekly.rates[signal, category], weekly.targets[target, category])
        assert max(found, key=lambda lag: found[lag]) == lead, (category, signal)
        assert found[lead] * np.sqrt(n) > 3, (category, signal)
        r = np.corrcoef(
            weekly.rates[signal, category][:-lead], weekly.targets[target, category][lead:]
        )
        assert 0.10 < r[0, 1] ** 2 < 0.45, (category, signal, r[0, 1] ** 2)


def test_the_mirror_follows_units_and_does_not_lead_them(weekly: Weekly) -> None:
    for category in weekly.brand.truth["categories"]:
        found = correlations(weekly.rates[MIRROR, category], weekly.targets["units", category])
        assert max(found, key=lambda lag: found[lag]) == -MIRROR_LAG, category
        assert found[-MIRROR_LAG] > 0.4


def test_placebos_neither_lead_nor_follow_units(weekly: Weekly) -> None:
    """Their correlations are those of chance: centred on zero, of standard deviation 1/sqrt(n)."""
    seen = np.array(
        [
            list(correlations(weekly.rates[s, c], weekly.targets["units", c]).values())
            for c, facts in weekly.brand.truth["categories"].items()
            for s in facts["placebos"]
        ]
    ) * np.sqrt(weekly.brand.spec.weeks)
    assert len(seen) > 40
    assert abs(seen.mean()) < 0.15
    assert seen.std() == pytest.approx(1.0, abs=0.12)
    assert np.abs(seen.mean(axis=0)).max() < 0.5


def test_without_effects_there_is_nothing_to_find() -> None:
    none = measure(BrandSpec(units_effect=0.0, tickets_effect=0.0, returns_effect=0.0, seed=3))
    for category, signal, target, lead in planted(none):
        found = correlations(none.rates[signal, category], none.targets[target, category])
        assert abs(found[lead]) * np.sqrt(none.brand.spec.weeks) < 3.3, (category, signal)


def test_lateness_shows_in_shipments_before_tickets(weekly: Weekly) -> None:
    brand = weekly.brand
    lines = brand["order_lines"].select("order_id", "category").unique("order_id", keep="first")
    stamp = "%Y-%m-%dT%H:%M:%S%:z"
    late = pl.col("delivered_at").str.to_datetime(stamp, time_zone="UTC") > pl.col(
        "promised_at"
    ).str.to_datetime(stamp, time_zone="UTC")
    parcels = (
        brand["shipments"]
        .join(lines, on="order_id")
        .drop_nulls("delivered_at")
        .with_columns(late.alias("late"), _weeks("promised_at"), pl.col("category").alias("about"))
    )
    for category, signal, target, lead in planted(weekly):
        if target != "tickets":
            continue
        share = _counts(brand, parcels, category, pl.col("late").mean())
        found = correlations(share, weekly.targets[target, category])
        assert max(found, key=lambda lag: found[lag]) == lead, category
        worry = correlations(share, weekly.rates[signal, category])
        assert max(worry, key=lambda lag: worry[lag]) == 0, category


def test_worn_batches_come_back_as_worn(weekly: Weekly) -> None:
    brand = weekly.brand
    home = dict(brand["products"].select("sku", "category").iter_rows())
    worn = pl.col("reason").is_in(["wore_out", "stopped_working"])
    back = brand["refunds"].with_columns(
        pl.col("sku").replace_strict(home).alias("about"), _weeks("refunded_at"), worn.alias("worn")
    )
    for category, _, target, lead in planted(weekly):
        if target == "returns":
            share = _counts(brand, back, category, pl.col("worn").mean())
            driver = brand.truth_weekly.filter(pl.col("category") == category)["driver_returns"]
            r = np.corrcoef(driver.to_numpy()[: -1 - lead], share[lead:])[0, 1]
            assert r > 0.5, category


def test_categories_differ_in_their_seasons(weekly: Weekly) -> None:
    peaks = {facts["season"]["peak_week"] for facts in weekly.brand.truth["categories"].values()}
    assert len(peaks) >= 5
    for category, facts in weekly.brand.truth["categories"].items():
        season = weekly.brand.truth_weekly.filter(pl.col("category") == category)["log_season"]
        top = float(season.max())  # type: ignore[arg-type]  # polars' max is wide
        expected = facts["season"]["amplitude"] + facts["season"]["second_harmonic"]
        assert top == pytest.approx(expected, rel=0.03)
