"""What the gate adopts that it should not, and what it finds: `python -m bench.placebo [sets]`.

Placebos run on the real demand of Olist and Online Retail II, where a business grows tenfold,
levels break and categories are thin: (a) Olist's own signals moved round by 20 weeks and more, all
categories alike, so that what they share and how they last stays; (b) counts of mentions from
autoregressive log odds, half of them common to all categories, on exposure as thin and as growing
as Olist's or some times richer. Nothing of it can lead. Power is that of simulated brands.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
from statsmodels.stats.proportion import proportion_confint

from bench.night import ROOT
from flows import environment, forecasting, stages
from flows.identity import hasher
from flows.keys import keyring
from flows.knowledge import Tags
from flows.night import open_night, rules_of, spec_of
from flows.simulate import write_brand
from flows.stage_results import Judged
from models.assemble import signals as signals_of
from models.backtest import backtest
from models.evidence import prove
from models.metrics import accuracy
from models.panel import Known, Panel, Signals, group_codes
from models.spec import ForecastSpec, SignalSpec
from models.types import Floats, Ints
from models.weekly_rates import with_rates

FIRST_SHIFT = 20
CUTOFFS, STEP = 4, 4
Asked = tuple[Known, ForecastSpec]


def known_at(config: Path, as_of: str) -> tuple[Known, ForecastSpec]:
    """What a night knows and asks, by the night's own path on a lake that is thrown away."""
    environment.prepare(2)
    with tempfile.TemporaryDirectory(prefix="hearcast-placebo-") as folder:
        os.environ["HEARCAST_PATHS__LAKE"] = str(Path(folder) / "lake")
        os.environ["HEARCAST_PATHS__EXPORTS"] = str(Path(folder) / "exports")
        night = open_night(str(config), as_of)
        stages.pull(night)
        stages.listen(night, Judged({}, ()))
        tags = Tags(night.take("tag_rows"), night.take("tag_taggable"))
        by = hasher(night.settings, keyring(night.settings, night.lake).current)
        now, _, _ = forecasting.now_and_then(
            night.settings, night.lake, night.as_of, tags, rules_of(night.settings), by=by
        )
        return now.known, spec_of(night.settings)


def olist() -> Known:
    """Olist's units by category, with its signals."""
    known, _ = known_at(ROOT / "examples" / "olist.toml", "2018-08-31")
    return replace(known, panels={"units": known.panels["units"]})


def online_retail() -> Known:
    """Online Retail's units of SKUs that sell in 60 weeks; the code's first digits are categories.

    Categories of less than eight such SKUs make one.
    """
    known, _ = known_at(ROOT / "examples" / "online_retail.toml", "2011-12-09")
    panel = known.panels["units"]
    keep = np.nansum(panel.y > 0, axis=1) >= 60
    code = pl.col("sku").str.slice(0, 3)
    series = panel.series.filter(pl.Series(keep)).with_columns(
        pl.when(pl.len().over(code) >= 8).then(code).otherwise(pl.lit("rest")).alias("category")
    )
    return Known(known.cutoff, 0, {"units": Panel(series, panel.weeks, panel.y[keep])})


def shifted(signals: Signals, by: int) -> Signals:
    """The signals moved round by some weeks, everything alike."""
    moved = {
        name: np.roll(getattr(signals, name), by, axis=-1)
        for name in ("rate", "rate_all", "mentions", "taggable", "mentions_all", "taggable_all")
    }
    return replace(signals, **moved)


def lasting(rng: np.random.Generator, rows: int, weeks: int, phi: float) -> Floats:
    """(rows, weeks) of a stationary autoregression with variance 1."""
    noise = rng.normal(size=(rows, weeks))
    for week in range(1, weeks):
        noise[:, week] = phi * noise[:, week - 1] + np.sqrt(1 - phi**2) * noise[:, week]
    return noise


def counted(
    rng: np.random.Generator, taggable: Ints, like: Panel, phi: float, n_signals: int = 8
) -> Signals:
    """Signals that say nothing: binomial mentions of eight in a hundred, by the night's rates."""
    names, _ = group_codes(like.series)
    weeks = like.weeks.astype("datetime64[D]").tolist()
    frames = []
    for k in range(n_signals):
        swing = lasting(rng, 1, len(weeks), phi) + lasting(rng, len(names), len(weeks), phi)
        odds = np.exp(np.log(0.08 / 0.92) + 0.5 / np.sqrt(2) * swing)
        said = rng.binomial(taggable, odds / (1 + odds))
        scopes: list[tuple[str | None, Ints, Ints]] = [
            (None, said.sum(axis=0), taggable.sum(axis=0))
        ]
        scopes += list(zip(names, said, taggable, strict=True))
        frames += [
            pl.DataFrame(
                {
                    "signal": f"placebo{k}",
                    "category": pl.Series([scope] * len(weeks), dtype=pl.String),
                    "week_start": weeks,
                    "conversations_taggable": n,
                    "conversations_with_signal": m,
                }
            )
            for scope, m, n in scopes
        ]
    made = signals_of(
        with_rates(pl.concat(frames)), [f"placebo{k}" for k in range(n_signals)], like.weeks
    )
    if made is None:
        raise ValueError("no week has a conversation")
    return made


def as_thin_as(signals: Signals, panel: Panel, rng: np.random.Generator) -> Ints:
    """(C, T) conversations as few and growing as those of real signals."""
    names, _ = group_codes(panel.series)
    mean = np.sort(signals.taggable.mean(axis=1))[::-1]
    mean = np.resize(mean, len(names))
    growth = np.resize(signals.taggable_all, len(panel.weeks)) / signals.taggable_all.mean()
    return np.asarray(rng.poisson(mean[:, None] * growth[None]), dtype=np.int64)


def growing(panel: Panel, rng: np.random.Generator) -> Ints:
    """(C, T) conversations, 20 a week and category on average, from few to many."""
    names, _ = group_codes(panel.series)
    size = 20 * rng.gamma(1.5, 1 / 1.5, size=(len(names), 1))
    growth = np.linspace(0.15, 1.85, len(panel.weeks))
    return np.asarray(rng.poisson(size * growth[None]), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Tally:
    """Pairs tested, adopted at the end, adopted at any weekly gate, and with either p <= .05."""

    tested: int = 0
    adopted: int = 0
    ever: int = 0
    lead: int = 0
    out_of_sample: int = 0

    def __add__(self, other: Tally) -> Tally:
        """Sums, field by field."""
        return Tally(*(getattr(self, n) + getattr(other, n) for n in self.__slots__))


def tally(evidence: pl.DataFrame) -> Tally:
    """Counts over the pairs of which enough was said."""
    told = evidence.filter(pl.col("p_value").is_not_null())
    return Tally(
        told.height,
        int((told["status"] == "confirmed").sum()),
        int((~told["change_reason"].str.starts_with("never")).sum()),
        int((told["p_value"] <= 0.05).sum()),
        int((told["oos_p_value"] <= 0.05).sum()),
    )


def asked(known: Known, signals: Signals) -> tuple[Known, ForecastSpec]:
    """Everything known with other signals, each of which is looked for in units."""
    spec = ForecastSpec(
        levels=("category",), signals=tuple(SignalSpec(name) for name in signals.names)
    )
    return replace(known, signals=signals), spec


def placebos(olist: Known, other: Known, sets: int) -> dict[str, Callable[[], Iterator[Asked]]]:
    """Named streams of (known, spec) without any lead: `sets` of each kind."""
    real = olist.signals
    if real is None:
        raise ValueError("Olist has reviews")
    weeks = len(real.weeks)

    def moved() -> Iterator[Asked]:
        for by in np.linspace(FIRST_SHIFT, weeks - FIRST_SHIFT, sets).astype(int):
            yield asked(olist, shifted(real, int(by)))

    def made(known: Known, *, rich: bool, phi: float) -> Callable[[], Iterator[Asked]]:
        def stream() -> Iterator[Asked]:
            panel = known.panels["units"]
            for i in range(sets):
                rng = np.random.default_rng([int(100 * phi), int(rich), i])
                n = growing(panel, rng) if rich else as_thin_as(real, panel, rng)
                yield asked(known, counted(rng, n, panel, phi))

        return stream

    out: dict[str, Callable[[], Iterator[Asked]]] = {"Olist, its signals moved": moved}
    for name, known in (("Olist", olist), ("Online Retail", other)):
        for rich in (False, True):
            for phi in (0.7, 0.95):
                label = f"{name}, {'20 a week' if rich else 'thin'}, phi {phi}"
                out[label] = made(known, rich=rich, phi=phi)
    return out


def first_weeks(known: Known, n: int) -> Known:
    """What was known after the first n weeks."""
    panels = {k: Panel(p.series, p.weeks[:n], p.y[:, :n].copy()) for k, p in known.panels.items()}
    heard = known.signals
    if heard is not None:
        arrays = (
            "weeks",
            "rate",
            "rate_all",
            "mentions",
            "taggable",
            "mentions_all",
            "taggable_all",
        )
        heard = replace(heard, **{name: getattr(heard, name)[..., :n] for name in arrays})
    last = known.panels["units"].weeks[n - 1] + np.timedelta64(6, "D")
    return Known(last.item(), known.gap_weeks, panels, heard)


def harm(known: Known, spec: ForecastSpec) -> float:
    """WAPE with signals less WAPE without, by category, mean over bands of a backtest."""
    weeks = len(known.panels["units"].weeks)
    ends = [weeks - spec.horizon - STEP * i for i in range(CUTOFFS)][::-1]
    past = backtest([first_weeks(known, n) for n in ends], known, spec)
    rows = accuracy(past.forecasts, known, spec).filter(pl.col("model") == "full")
    return float(np.mean(rows["wape_difference"].to_numpy()))


def share(count: int, of: int) -> str:
    """A share with its exact 95 % interval."""
    if not of:
        return f"{'-':>20}"
    low, high = proportion_confint(count, of, method="beta")
    return f"{count / of:7.2%} [{np.nan_to_num(low):5.2%}, {high:5.2%}]"


def _placebo_study(sets: int) -> None:
    print(
        f"{'placebos':35}{'scope':10}{'pairs':>7}  {'adopted':22}{'ever adopted':22}p<.05, oos; harm"
    )
    for name, stream in placebos(olist(), online_retail(), sets).items():
        pooled, own, costs = Tally(), Tally(), []
        for known, spec in stream():
            evidence = prove(known, spec).evidence
            whole = pl.col("category").is_null()
            one, two = tally(evidence.filter(whole)), tally(evidence.filter(~whole))
            # What was never adopted moved no forecast.
            costs.append(harm(known, spec) if one.ever + two.ever else 0.0)
            pooled, own = pooled + one, own + two
        for scope, t in (("pooled", pooled), ("category", own)):
            sizes = f"{t.lead / max(t.tested, 1):.3f}, {t.out_of_sample / max(t.tested, 1):.3f}"
            print(
                f"{name:35}{scope:10}{t.tested:7}  {share(t.adopted, t.tested):24}"
                f"{share(t.ever, t.tested):24}{sizes}; {np.mean(costs):+.3%}",
                flush=True,
            )


def power(seed: int) -> tuple[set[tuple[str, str, str]], set[tuple[str, str, str]]]:
    """Planted and adopted (signal, target, category) of a simulated brand."""
    with tempfile.TemporaryDirectory(prefix="hearcast-brand-") as folder:
        write_brand(Path(folder) / "data" / "sample", skus=60, weeks=156, seed=seed)
        config = Path(folder) / "hearcast.toml"
        config.write_text((ROOT / "hearcast.toml").read_text(encoding="utf-8"), encoding="utf-8")
        known, spec = known_at(config, "2026-11-17")
        truth = json.loads((Path(folder) / "data" / "sample" / "truth.json").read_text("utf-8"))
    planted = {
        (lead["signal"], lead["target"], category)
        for category, what in truth["categories"].items()
        for lead in what["leads"]
    }
    found = prove(known, spec).evidence.filter(
        (pl.col("status") == "confirmed") & pl.col("category").is_not_null()
    )
    return planted, set(found.select("signal", "target", "category").iter_rows())


def main(arguments: list[str]) -> int:
    """The exit code."""
    _placebo_study(int(arguments[0]) if arguments else 20)
    for seed in range(7, 13):
        planted, found = power(seed)
        false = ", ".join(map(str, sorted(found - planted))) or "none"
        print(f"brand, seed {seed}: {len(found & planted)} of {len(planted)} leads; false: {false}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
