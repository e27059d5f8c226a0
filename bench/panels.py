"""The panels of the bench: real ones as their sources have them, simulated ones with known truth.

A case is what was known at each cutoff of the protocol, what then happened, and what the peers are
told beside history. Real data are read from the folder that HEARCAST_EXAMPLES_DATA names.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from models.panel import Known, Panel, Signals
from models.simulate.panels import LEADER, PanelSpec, first_weeks, simulated_panel
from models.spec import ForecastSpec, SignalSpec
from models.types import Dates, Floats

DATA = "HEARCAST_EXAMPLES_DATA"
START = np.datetime64("2022-01-03")
HORIZON, STEP, ORIGINS = 13, 4, 6
DOMINICKS_SERIES, DOMINICKS_SEED = 300, 7
SIMULATED_SEED = 4101
MANY = 1000.0


@dataclass(frozen=True, slots=True)
class Case:
    """One panel under the protocol.

    ``outcome``: everything that is ever known; ``cutoffs``: weeks known at each scored cutoff,
    ascending; ``rehearsals``: earlier ones, all of whose weeks ahead end before the first scored
    cutoff, on which a backtest would choose a peer. ``truth`` (K, C, T): signals by category, the
    true leader first, and its lead in weeks, for the peers that are given it; None = no signals.
    """

    name: str
    outcome: Known
    spec: ForecastSpec
    cutoffs: tuple[int, ...]
    rehearsals: tuple[int, ...]
    truth: Floats | None = None
    lead: int = 0

    def known(self, weeks: int) -> Known:
        """What was known after the first ``weeks`` weeks."""
        return first_weeks(self.outcome, weeks)


def data_folder() -> Path | None:
    """The folder of the real panels, or None where it is not set or is not there."""
    folder = Path(os.environ.get(DATA, "/nonexistent"))
    return folder if folder.is_dir() else None


def protocol(weeks: int, origins: int, horizon: int = HORIZON) -> tuple[int, ...]:
    """Weeks known at ``origins`` cutoffs 4 weeks apart; the last leaves exactly one horizon."""
    return tuple(weeks - horizon - STEP * i for i in range(origins))[::-1]


def rehearsal(cutoffs: Sequence[int], n: int, horizon: int = HORIZON) -> tuple[int, ...]:
    """Earlier cutoffs, 4 weeks apart, whose targets were all known at the first scored one."""
    return tuple(cutoffs[0] - horizon - STEP * i for i in range(n))[::-1]


def known_of(
    y: Floats, weeks: Dates, categories: Sequence[str], signals: Signals | None = None
) -> Known:
    """A panel of units (S, T), nan = nothing known, as everything known at its last day."""
    names = [f"s{i:04d}" for i in range(len(y))]
    series = pl.DataFrame(
        {"series_id": names, "category": categories, "sku": names, "channel": [None] * len(y)},
        schema_overrides={"channel": pl.String},
    )
    cutoff = (weeks[-1] + np.timedelta64(6, "D")).item()
    return Known(cutoff, 0, {"units": Panel(series, weeks, y)}, signals)


def online_retail(folder: Path) -> tuple[Floats, Dates]:
    """(S, T) weekly units of the SKUs that sell in at least 80 of 104 complete weeks, and weeks."""
    lines = pl.read_parquet(folder / "online_retail" / "online_retail_ii.parquet").filter(
        (pl.col("Quantity") > 0)
        & (pl.col("UnitPrice") > 0)
        & ~pl.col("InvoiceNo").str.starts_with("C")
        & pl.col("StockCode").str.contains(r"^\d{5}")
    )
    weeks = np.arange(np.datetime64("2009-12-07"), np.datetime64("2011-12-05"), 7)
    units = (
        lines.select(
            pl.col("StockCode").str.to_uppercase().alias("sku"),
            pl.col("InvoiceDate").dt.truncate("1w").dt.date().alias("week"),
            pl.col("Quantity"),
        )
        .filter(pl.col("week").is_between(weeks[0].item(), weeks[-1].item()))
        .group_by("sku", "week")
        .agg(pl.col("Quantity").sum())
    )
    skus = {sku: i for i, sku in enumerate(sorted(set(units["sku"].to_list())))}
    y = np.zeros((len(skus), len(weeks)))
    row = [skus[sku] for sku in units["sku"].to_list()]
    column = (units["week"].to_numpy().astype("datetime64[D]") - weeks[0]).astype(int) // 7
    y[row, column] = units["Quantity"].to_numpy()
    return y[(y > 0).sum(axis=1) >= 80], weeks


def dominicks(folder: Path) -> tuple[Floats, Dates, list[str]]:
    """(S, T) units of 300 store x brand series drawn by a fixed seed, weeks, brands.

    A store's week that the source does not have is nan.
    """
    rows = pl.read_parquet(folder / "dominicks_oj" / "orange_juice.parquet")
    pairs = rows.select("store", "brand").unique().sort("store", "brand")
    drawn = np.random.default_rng(DOMINICKS_SEED).permutation(pairs.height)[:DOMINICKS_SERIES]
    pairs = pairs[np.sort(drawn)].with_row_index("i")
    rows = rows.join(pairs, on=["store", "brand"])
    first, last = int(str(rows["week"].min())), int(str(rows["week"].max()))
    y = np.full((pairs.height, last - first + 1), np.nan)
    y[rows["i"].to_numpy(), rows["week"].to_numpy() - first] = np.exp(rows["logmove"].to_numpy())
    weeks = np.datetime64("1990-06-14") + 7 * np.arange(y.shape[1]).astype("timedelta64[D]")
    return y, weeks, [f"brand {b:02d}" for b in pairs["brand"].to_list()]


def _case(name: str, known: Known, origins: int) -> Case:
    cutoffs = protocol(len(known.panels["units"].weeks), origins)
    return Case(name, known, ForecastSpec(levels=("sku",)), cutoffs, rehearsal(cutoffs, 2))


def real_cases(folder: Path, *, quick: bool) -> list[Case]:
    """Online Retail and Dominick's under the research protocol; in a hurry, fewer series."""
    some = slice(None, None, 4 if quick else 1)
    y, weeks = online_retail(folder)
    y = y[some]
    retail = _case("online_retail", known_of(y, weeks, ["all"] * len(y)), ORIGINS)
    y, weeks, brands = dominicks(folder)
    y, brands = y[some], brands[some]
    return [retail, _case("dominicks", known_of(y, weeks, brands), ORIGINS)]


def simulated_case(name: str, n_categories: int, per_category: int, *, origins: int = 8) -> Case:
    """A simulated panel with a planted lead (R2 10 %) in half its categories, a fresh seed."""
    spec = PanelSpec(
        n_categories=n_categories, per_category=per_category, seed=SIMULATED_SEED + n_categories
    )
    known, wanted, _ = simulated_panel(spec)
    cutoffs = protocol(spec.weeks, origins)
    heard = known.signals
    if heard is None:
        raise ValueError("a simulated panel has signals")
    return Case(
        name, known, replace(wanted, levels=("sku",)), cutoffs, rehearsal(cutoffs, 2),
        truth=np.roll(heard.rate, -LEADER, axis=0), lead=spec.lead,
    )  # fmt: skip


def simulated_cases(*, quick: bool) -> list[Case]:
    """12 categories of 8 series and, when there is time, 50 of 20."""
    small = simulated_case("simulated 12 x 8", 12, 8, origins=4 if quick else 8)
    return [small] if quick else [small, simulated_case("simulated 50 x 20", 50, 20)]


def box_jenkins(folder: Path) -> tuple[Known, ForecastSpec]:
    """Box and Jenkins' sales and their leading indicator, both in levels, as a shop would have them."""
    sales = pl.read_csv(folder / "leads" / "BJsales.csv")["value"].to_numpy()
    lead = pl.read_csv(folder / "leads" / "BJsales.lead.csv")["value"].to_numpy()
    weeks = START + 7 * np.arange(len(sales)).astype("timedelta64[D]")
    signals = spoken("lead", lead[None], ("all",), weeks)
    spec = ForecastSpec(signals=(SignalSpec("lead", ("units",), 8),))
    return known_of(sales[None], weeks, ["all"], signals), spec


def spoken(name: str, values: Floats, categories: tuple[str, ...], weeks: Dates) -> Signals:
    """A signal (C, T) that is seen exactly: as shares of very many conversations."""
    many = np.full(values.shape, MANY)
    return Signals(
        names=(name,),
        categories=categories,
        weeks=weeks,
        rate=values[None],
        rate_all=values.mean(axis=0)[None],
        mentions=np.nan_to_num(values)[None] * MANY,
        taggable=many,
        mentions_all=np.nan_to_num(values).sum(axis=0)[None] * MANY,
        taggable_all=many.sum(axis=0),
    )
