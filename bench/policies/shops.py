"""The shops of the bench: the simulated brand, Online Retail, and panels with known truth."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from bench.panels import known_of
from bench.policies.shop import WEEK, Shop
from flows import environment
from flows.identity import hasher
from flows.keys import keyring
from flows.knowledge import picture
from flows.listening import tag_lake
from flows.night import open_night, rules_of, spec_of
from flows.pull import pull
from flows.reading import read_versions
from flows.taggers import open_tagger
from models.panel import Known
from models.simulate.panels import PanelSpec, first_weeks, simulated_panel
from models.spec import ForecastSpec
from models.types import Floats, Ints
from transforms.calendar import last_complete_week
from transforms.demand import sku_categories, unit_events

ROOT = Path(__file__).resolve().parents[2]
AS_OF = "2026-11-17"
YEAR, HORIZON = 52, 8
LEADS, PERIODS = (7, 10, 14, 21, 28), (1, 2)
SEED = 3


def _terms(n: int) -> tuple[Ints, Ints]:
    """Lead times in days and review periods in weeks, drawn by a fixed seed."""
    rng = np.random.default_rng(SEED)
    return rng.choice(LEADS, n), rng.choice(PERIODS, n)


def _dense(sold: pl.DataFrame, skus: pl.DataFrame, first: date, days: int) -> Floats:
    """(S, D) units by day of ``sold`` (sku, day, units)."""
    day = (pl.col("day") - pl.lit(first)).dt.total_days().alias("at")
    rows = sold.join(skus.select("sku").with_row_index("row"), on="sku").with_columns(day)
    rows = rows.filter(pl.col("at").is_between(0, days - 1))
    out = np.zeros((skus.height, days))
    np.add.at(out, (rows["row"].to_numpy(), rows["at"].to_numpy()), rows["units"].to_numpy())
    return out


def panel_shop(spec: PanelSpec, name: str, *, reviews: int = YEAR) -> Shop:
    """A simulated panel whose weekly units fall on days at random, run for its last year."""
    known, asked, _ = simulated_panel(spec)
    panel, ends = known.panels["units"], range(spec.weeks - reviews, spec.weeks)
    rng = np.random.default_rng([SEED, spec.seed])
    daily = rng.multinomial(panel.y.astype(np.int64), np.full(WEEK, 1 / WEEK))
    demand = daily.reshape(len(panel.y), -1).astype(np.float64)
    lead, period = _terms(len(demand))
    return Shop(
        name, panel.series.select("sku", "category"),
        tuple(first_weeks(known, n) for n in ends), replace(asked, horizon=HORIZON),
        demand, WEEK * ends[0], lead, period,
    )  # fmt: skip


def retail_shop(folder: Path, *, every: int = 1, passed: int = 0) -> Shop:
    """Online Retail's SKUs that sell in 80 of 104 weeks, run for the second year.

    ``passed``: reviews are so many days into a week. ``every``: only each so many-th SKU.
    """
    lines = pl.read_parquet(folder / "online_retail" / "online_retail_ii.parquet").filter(
        (pl.col("Quantity") > 0)
        & (pl.col("UnitPrice") > 0)
        & ~pl.col("InvoiceNo").str.starts_with("C")
        & pl.col("StockCode").str.contains(r"^\d{5}")
    )
    weeks = np.arange(np.datetime64("2009-12-07"), np.datetime64("2011-12-05"), WEEK)
    sold = lines.select(
        pl.col("StockCode").str.to_uppercase().alias("sku"),
        pl.col("InvoiceDate").dt.date().alias("day"),
        pl.col("Quantity").alias("units"),
    )
    every_sku = sold.select("sku").unique().sort("sku")
    demand = _dense(sold, every_sku, weeks[0].item(), WEEK * len(weeks))
    y = demand.reshape(len(demand), -1, WEEK).sum(axis=2)
    kept = np.flatnonzero((y > 0).sum(axis=1) >= 80)[::every]
    demand, y = demand[kept], y[kept]
    known = known_of(y, weeks, ["all"] * len(y))
    first = len(weeks) - YEAR
    knowns = tuple(_later(first_weeks(known, n), passed) for n in range(first, first + YEAR))
    skus = known.panels["units"].series.select("sku", "category")
    return Shop(
        "online_retail" + (f", reviewed on day {passed}" if passed else ""), skus, knowns,
        ForecastSpec(horizon=HORIZON), demand, WEEK * first + passed, *_terms(len(demand)),
        passed=passed,
    )  # fmt: skip


def _later(known: Known, days: int) -> Known:
    """The same known at a later day of the running week."""
    return replace(known, cutoff=known.cutoff + timedelta(days=days))


def brand_shop(*, reviews: int = YEAR) -> Shop:
    """The bundled brand, run on its products' own terms; each review knows what a night would.

    Every known comes from the lake as of its day: signals, promotions and corrections included.
    """
    environment.prepare(2)
    with tempfile.TemporaryDirectory(prefix="hearcast-bench-") as folder:
        os.environ["HEARCAST_PATHS__LAKE"] = f"{folder}/lake"
        night = open_night(str(ROOT / "hearcast.toml"), AS_OF)
        settings, lake, as_of = night.settings, night.lake, night.as_of
        pull(settings, lake, as_of)
        tags = tag_lake(lake, as_of, settings, open_tagger(settings))
        rules, key = rules_of(settings), keyring(settings, lake).current
        week = last_complete_week(as_of, rules.latency_days, rules.week_start)
        last = week + timedelta(days=6)
        days = [last - timedelta(weeks=reviews - i) for i in range(reviews)]
        versions = read_versions(lake, as_of, hasher(settings, key), rules, days)
        now = picture(versions, tags, as_of, rules)
        knowns = [picture(versions, tags, day, rules).known for day in days]
        lines, products = lake.versions("order_lines", as_of).collect(), versions.frames["products"]
        del os.environ["HEARCAST_PATHS__LAKE"]
    names = [set(k.panels["units"].series.filter(~pl.col("ended"))["sku"]) for k in knowns]
    wanted = sorted(set.intersection(*names))
    terms = products.filter(pl.col("sku").is_in(wanted)).unique("sku").sort("sku")
    sold = unit_events(lines, sku_categories(lines, products), rules.timezone)
    units = sold.select("sku", "day", units=pl.col("milli") / 1000)
    assert now.first_week is not None
    start = (days[0] - now.first_week).days + 1
    demand = _dense(units, terms, now.first_week, start + WEEK * reviews)
    return Shop(
        "simulated brand", terms.select("sku", "category"), tuple(knowns), spec_of(settings),
        demand, start, terms["lead_time_days"].to_numpy().astype(np.int64),
        (terms["review_period_days"].to_numpy() / WEEK).astype(np.int64),
    )  # fmt: skip
