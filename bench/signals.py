"""What signals are worth and what they cost: `python -m bench.signals [--seeds 11,12] [--quick]`.

Everything is measured on simulated panels with known truth (`models.simulate.panels`), by the same
`prove` and `forecast_many` as a night's, and on the sales and leading indicator of Box and Jenkins
where the folder of the examples' data is known. Constants of the models were set on seeds 1 to 3:
judge by others. The oracle is the same forecast with effects made from the truth: the planted
categories, the true lead, the true effect.

Intervals: exact binomial for shares (of pairs: those of one panel are not independent), paired
bootstrap over seeds x categories for gains.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
from statsmodels.stats.proportion import proportion_confint

from models.backtest import backtest
from models.evidence import prove
from models.forecast import forecast_many
from models.leadpath import lead_path
from models.panel import Known, Panel, Signals, group_codes
from models.reconcile import deltas_of
from models.simulate.panels import START, PanelSpec, PanelTruth, first_weeks, simulated_panel
from models.spec import ForecastSpec, SignalSpec
from models.types import Bools, Floats, Ints

SEEDS = (11, 12, 13, 14)
NEAR = 4
DRAWS = 400
MIRROR, LEADER = "x3", "x0"
FOLDER = "HEARCAST_EXAMPLES_DATA"


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured: seeds, categories per panel, cutoffs of a backtest."""

    seeds: tuple[int, ...] = SEEDS
    categories: int = 50
    cutoffs: int = 8
    quick: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a figure with its interval, and the bound it has to reach."""

    what: str
    value: float
    low: float
    high: float
    bound: float | None = None
    at_least: bool = True
    detail: str = ""

    def verdict(self) -> str:
        """Reached, missed and by how much, or nothing where no bound is set."""
        if self.bound is None:
            return "reported"
        over = self.value - self.bound if self.at_least else self.bound - self.value
        if not np.isfinite(over):
            return "not measured"
        return "reached" if over >= 0 else f"MISSED by {-over:.2%}"

    def line(self) -> str:
        """The row as the table prints it."""
        sign = ">=" if self.at_least else "<="
        bound = "" if self.bound is None else f"{sign} {self.bound:.2%}"
        return (
            f"{self.what:47}{self.value:8.2%} [{self.low:7.2%}, {self.high:7.2%}] {bound:10}"
            f" {self.verdict():18} {self.detail}"
        )


def share_row(what: str, hits: Sequence[bool] | Bools, bound: float | None, *, at_least: bool,
              detail: str = "") -> Row:  # fmt: skip
    """A share of pairs with its exact interval."""
    n, k = len(hits), int(np.sum(hits))
    low, high = proportion_confint(k, n, method="beta") if n else (np.nan, np.nan)
    low = 0.0 if np.isnan(low) and n else low
    high = 1.0 if np.isnan(high) and n else high
    value = k / n if n else np.nan
    return Row(what, value, float(low), float(high), bound, at_least, f"{k} of {n} {detail}")


@dataclass(frozen=True, slots=True)
class Errors:
    """Absolute errors summed by cluster (N,): with signals, without, with the truth; planted."""

    full: Floats
    baseline: Floats
    oracle: Floats
    planted: Bools

    def of(self, keep: Bools | Ints) -> Errors:
        """Those clusters only."""
        return Errors(self.full[keep], self.baseline[keep], self.oracle[keep], self.planted[keep])


def together(parts: Sequence[Errors]) -> Errors:
    """The clusters of several panels."""
    return Errors(*(np.concatenate([getattr(p, n) for p in parts]) for n in Errors.__slots__))


def bootstrapped(errors: Errors, figure: Callable[[Errors], float]) -> tuple[float, float, float]:
    """A figure of the errors and its 95 % interval, clusters drawn with replacement."""
    rng, n = np.random.default_rng(1), len(errors.full)
    drawn = [figure(errors.of(rng.integers(0, n, n))) for _ in range(DRAWS)]
    low, high = np.quantile(drawn, (0.025, 0.975))
    return figure(errors), float(low), float(high)


def gain(errors: Errors) -> float:
    """By what share signals lower the baseline's absolute errors."""
    return float(1 - errors.full.sum() / errors.baseline.sum())


def told_share(errors: Errors) -> float:
    """How much of the gain that the truth would bring is reached."""
    saved = errors.baseline.sum() - errors.oracle.sum()
    return float((errors.baseline.sum() - errors.full.sum()) / saved)


def as_heard(known: Known, truth: PanelTruth, spec: PanelSpec) -> Floats:
    """What of the true effect (C, T + lead) a signal tells that is heard in few conversations.

    True size and true reliability of the rate; weeks to come are those that the lead reaches.
    """
    if known.signals is None or not spec.heard:
        return truth.log_effect
    rate = known.signals.rate[0]
    late = np.concatenate([np.zeros((len(rate), spec.lead)), rate], axis=1)[:, : rate.shape[1]]
    away = late - late[:, spec.lead :].mean(axis=1, keepdims=True)
    cross = (away * truth.log_effect)[truth.planted][:, spec.lead :].sum()
    power = (away**2)[truth.planted][:, spec.lead :].sum()
    return np.asarray(cross / power * away * truth.planted[:, None])


def true_effects(
    truth: PanelTruth, lead: int, n_weeks: int, horizon: int, effect: Floats
) -> Floats:
    """Log effects (C, H) as of a cutoff from the truth: what ``lead`` weeks tell, less what is felt.

    The path of the signal is that of an adopted one with the true lead and effect.
    """
    heard = effect[:, : n_weeks + lead]
    out = np.zeros((len(heard), horizon))
    for c in np.flatnonzero(truth.planted):
        out[c] = lead_path(heard[c], lead, horizon, 0)
    return out


def cutoffs_of(spec: PanelSpec, n: int) -> list[int]:
    """Weeks known at the cutoffs, a month and a week apart, the last one with its near weeks."""
    return [spec.weeks - NEAR - 5 * i for i in range(n)][::-1]


def errors_of(spec: PanelSpec, n_cutoffs: int, horizons: tuple[int, int]) -> Errors:
    """Errors at SKU level by category over the horizons (first, last) of a backtest."""
    known, asked, truth = simulated_panel(spec)
    effects = as_heard(known, truth, spec)
    asked = replace(asked, levels=("sku",), quantiles=(0.5,), cumulative_quantiles=(0.5,))
    panel = known.panels["units"]
    _, groups = group_codes(panel.series)
    ends = cutoffs_of(spec, n_cutoffs)
    sums = np.zeros((3, groups.n))
    made = forecast_many([first_weeks(known, n) for n in ends], asked)
    for end, part in zip(ends, made, strict=True):
        rows = part.forecasts.sort("series_id", "horizon")
        mean, base = (
            rows[name].to_numpy().reshape(len(panel.y), asked.horizon)
            for name in ("mean", "baseline_mean")
        )
        effect = true_effects(truth, spec.lead, end, asked.horizon, effects)
        told = base + deltas_of(base, np.exp(effect[None, groups.codes]) - 1.0)[0]
        first, last = horizons
        actual = panel.y[:, end + first - 1 : end + last]
        for i, forecast in enumerate((mean, base, told)):
            away = np.abs(forecast[:, first - 1 : last][:, : actual.shape[1]] - actual).sum(axis=1)
            sums[i] += np.bincount(groups.codes, weights=away, minlength=groups.n)
    return Errors(sums[0], sums[1], sums[2], truth.planted)


def gains(scale: Scale) -> Iterator[Row]:
    """Gain, share of what the truth would bring, and harm."""
    harmless: list[Errors] = []
    for r2, least in ((0.05, None), (0.10, 0.025), (0.20, 0.07)):
        spec = PanelSpec(r2=r2, n_categories=scale.categories)
        parts = [
            errors_of(replace(spec, seed=s), scale.cutoffs, (1, spec.lead)) for s in scale.seeds
        ]
        errors = together(parts)
        planted = errors.of(errors.planted)
        known = f"truth told: {1 - planted.oracle.sum() / planted.baseline.sum():.2%}"
        yield Row(f"gain, R2 {r2:.0%}, horizons up to the lead",
                  *bootstrapped(planted, gain), least, detail=known)  # fmt: skip
        yield Row(f"share of the gain with the truth, R2 {r2:.0%}",
                  *bootstrapped(planted, told_share), None if least is None else 0.85)  # fmt: skip
        harmless.append(errors.of(~errors.planted))
    yield harm_row("harm where nothing is planted", together(harmless))
    half = PanelSpec(member_share=0.5, r2=0.20, n_categories=scale.categories)
    parts = [errors_of(replace(half, seed=s), scale.cutoffs, (1, half.lead)) for s in scale.seeds]
    planted = together(parts).of(np.concatenate([p.planted for p in parts]))
    yield Row("gain, half of the members, R2 20%", *bootstrapped(planted, gain))
    spec = PanelSpec(planted_share=0.0, n_categories=scale.categories)
    parts = [errors_of(replace(spec, seed=s), scale.cutoffs, (1, NEAR)) for s in scale.seeds]
    yield harm_row("harm in panels without any link", together(parts))


def harm_row(what: str, errors: Errors) -> Row:
    """By how much signals raise errors where they cannot help."""
    value, low, high = bootstrapped(errors, gain)
    return Row(what, -value, -high, -low, 0.0015, at_least=False)


def pairs(spec: PanelSpec, seeds: Sequence[int]) -> pl.DataFrame:
    """Evidence by category of several panels, with ``planted``, ``seed`` and ``ever`` (adopted)."""
    parts = []
    for seed in seeds:
        known, asked, truth = simulated_panel(replace(spec, seed=seed))
        evidence = prove(known, asked).evidence
        names, _ = group_codes(known.panels["units"].series)
        planted = pl.DataFrame({"category": names, "planted": truth.planted})
        parts.append(
            evidence.join(planted, on="category", how="left", maintain_order="left").with_columns(
                pl.lit(seed).alias("seed"),
                (pl.col("status") == "confirmed").alias("adopted"),
                (~pl.col("change_reason").str.starts_with("never")
                 & (pl.col("change_reason") != "not enough said yet")).alias("ever"),
            )
        )  # fmt: skip
    return pl.concat(parts)


def false_rows(name: str, got: pl.DataFrame) -> Iterator[Row]:
    """False adoption of clean placebos, by category and pooled, and of the mirror."""
    own, pool = pl.col("category").is_not_null(), pl.col("category").is_null()
    fake = ~pl.col("signal").is_in([LEADER, MIRROR])
    fake |= (pl.col("signal") == LEADER) & ~pl.col("planted")
    clean = got.filter(own & fake)["adopted"].to_numpy()
    yield share_row(f"clean placebos adopted, {name}", clean, 0.02, at_least=False)
    mirror = got.filter(own & (pl.col("signal") == MIRROR))["adopted"].to_numpy()
    yield share_row(f"mirror adopted, {name}", mirror, 0.01, at_least=False)
    whole = got.filter(pool & (pl.col("signal") != LEADER))["adopted"].to_numpy()
    yield share_row(f"pools of placebos and mirror adopted, {name}", whole, None, at_least=False)


def power_rows(name: str, got: pl.DataFrame, lead: int, bound: float | None) -> Iterator[Row]:
    """Planted pairs adopted, by category, and how many of those with the right lead."""
    planted = got.filter((pl.col("signal") == LEADER) & pl.col("planted"))
    found = planted.filter("adopted")
    few = int((planted["status"] == "insufficient").sum())
    no = int((planted["status"] == "rejected").sum())
    yield share_row(f"power, {name}", planted["adopted"].to_numpy(), bound, at_least=True,
                    detail=f"({few} insufficient, {no} rejected)")  # fmt: skip
    right = (found["lead_weeks"] == lead).to_numpy()
    yield share_row(f"right lead, {name}", right, bound, at_least=True)


def adoptions(scale: Scale) -> Iterator[Row]:
    """Power, false adoption and direction."""
    usual = PanelSpec(n_categories=scale.categories)
    for r2 in (0.05, 0.10, 0.20):
        got = pairs(replace(usual, r2=r2), scale.seeds)
        yield from power_rows(f"20 series, R2 {r2:.0%}", got, usual.lead, 0.95)
        yield from false_rows(f"R2 {r2:.0%}", got)
    got = pairs(replace(usual, r2=0.10, per_category=6), scale.seeds)
    yield from power_rows("6 series, R2 10%", got, usual.lead, None)
    got = pairs(replace(usual, r2=0.10, member_share=0.5), scale.seeds)
    yield from power_rows("half of the members, R2 10%", got, usual.lead, None)
    many = replace(usual, per_category=200, n_categories=min(20, scale.categories))
    got = pairs(many, scale.seeds)
    yield from false_rows("200 series", got)
    yield from power_rows("200 series, R2 10%", got, usual.lead, None)
    both = pairs(replace(usual, two_way=True), scale.seeds)
    mutual = both.filter((pl.col("signal") == LEADER) & pl.col("planted"))
    passed = mutual["direction_ok"].fill_null(False).to_numpy()
    yield share_row("two-way link not taken for a mirror, R2 10%", passed, 0.70, at_least=True)
    yield from power_rows("two-way link, R2 10%", both, usual.lead, None)


def memory(scale: Scale) -> Iterator[Row]:
    """What 104 weekly gates in a row adopt at any time where nothing leads."""
    spec = PanelSpec(planted_share=0.0, n_categories=scale.categories)
    got = pairs(spec, scale.seeds).filter(pl.col("category").is_not_null())
    clean = got.filter(pl.col("signal") != MIRROR)
    yield share_row("ever adopted in 104 gates, placebos", clean["ever"].to_numpy(), 0.05,
                    at_least=False)  # fmt: skip
    mirror = got.filter(pl.col("signal") == MIRROR)
    yield share_row("ever adopted in 104 gates, mirror", mirror["ever"].to_numpy(), 0.05,
                    at_least=False)  # fmt: skip


def few_words(scale: Scale) -> Iterator[Row]:
    """What is found, and gained, when a signal is heard in few conversations."""
    for heard in (20, 60, 200):
        spec = PanelSpec(r2=0.20, heard=heard, n_categories=scale.categories)
        got = pairs(spec, scale.seeds)
        yield from power_rows(f"heard in {heard} a week, R2 20%", got, spec.lead, None)
        seeds = scale.seeds[:2]
        parts = [errors_of(replace(spec, seed=s), scale.cutoffs, (1, spec.lead)) for s in seeds]
        errors = together(parts)
        planted = errors.of(errors.planted)
        known = f"truth of what is heard: {1 - planted.oracle.sum() / planted.baseline.sum():.2%}"
        yield Row(f"gain, heard in {heard} a week, R2 20%", *bootstrapped(planted, gain),
                  detail=known)  # fmt: skip
        yield Row(f"share of the gain with the truth, {heard} a week",
                  *bootstrapped(planted, told_share))  # fmt: skip
        yield harm_row(f"harm, heard in {heard} a week", errors.of(~errors.planted))


def box_jenkins(folder: Path) -> tuple[Known, ForecastSpec]:
    """Sales of Box and Jenkins (series M) as weekly units, their leading indicator as a rate."""
    sales = pl.read_csv(folder / "leads" / "BJsales.csv")["value"].to_numpy()
    lead = pl.read_csv(folder / "leads" / "BJsales.lead.csv")["value"].to_numpy()
    weeks = START + 7 * np.arange(len(sales)).astype("timedelta64[D]")
    series = pl.DataFrame({"series_id": "M", "category": "all", "sku": "M", "channel": ""})
    said = np.full((1, 1, len(sales)), 100.0)
    rate = lead[None, None] / 100
    signals = Signals(
        ("lead",), ("all",), weeks, rate, rate[0], said, said[0], said[0], said[0, 0]
    )  # fmt: skip
    panel = Panel(series, weeks, sales[None])
    last = (weeks[-1] + np.timedelta64(6, "D")).item()
    spec = ForecastSpec(levels=("sku",), signals=(SignalSpec("lead"),))
    return Known(last, 0, {"units": panel}, signals), spec


def leads(scale: Scale) -> Iterator[Row]:
    """Box and Jenkins' lead: found, adopted, and worth something out of sample."""
    folder = os.environ.get(FOLDER)
    if not folder or not (Path(folder) / "leads").is_dir():
        return
    known, spec = box_jenkins(Path(folder))
    row = prove(known, spec).evidence.row(0, named=True)
    found = [row["status"] == "confirmed" and row["lead_weeks"] == 3]
    told = f"lead {row['lead_weeks']}, {row['status']} since {row['adopted_since']}"
    yield share_row("Box-Jenkins lead of 3 adopted", found, 1.0, at_least=True, detail=told)
    step = 4 if scale.quick else 1
    ends = list(range(84, 150 - 3, step))
    for horizon in (3, 13):
        cuts = [n for n in ends if n + horizon <= 150]
        past = backtest([first_weeks(known, n) for n in cuts], known, spec).forecasts
        near = past.filter(pl.col("horizon") <= horizon)
        wrong = {n: (near[n] - near["actual"]).abs().to_numpy() for n in ("mean", "baseline_mean")}
        place = near["cutoff"].rank("dense").to_numpy().astype(int) - 1
        full, base = (np.bincount(place, weights=w).astype(np.float64) for w in wrong.values())
        errors = Errors(full, base, base, np.ones(len(base), dtype=bool))
        yield Row(f"Box-Jenkins gain, horizons 1 to {horizon}", *bootstrapped(errors, gain), 0.0,
                  detail=f"{len(cuts)} cutoffs, MAE {base.sum() / len(near):.3f} without")  # fmt: skip


PARTS = {"leads": leads, "memory": memory, "adoptions": adoptions, "gains": gains,
         "few_words": few_words}  # fmt: skip


def main(arguments: list[str]) -> int:
    """The exit code: 1 where a bound was missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.signals")
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)))
    parser.add_argument("--quick", action="store_true", help="two small panels of each kind")
    parser.add_argument("--only", default=",".join(PARTS), help="parts of " + ", ".join(PARTS))
    asked = parser.parse_args(arguments)
    seeds = tuple(int(s) for s in asked.seeds.split(","))
    scale = Scale(seeds[:2], 20, 3, quick=True) if asked.quick else Scale(seeds)
    missed = False
    for name in asked.only.split(","):
        for row in PARTS[name](scale):
            print(row.line(), flush=True)
            missed |= row.verdict().startswith("MISSED")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
