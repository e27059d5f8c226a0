"""Two real leads: `python -m bench.leads [--out FILE]`.

Box and Jenkins' leading indicator has to be found at three, adopted, and to lower the error out of
sample. Doctor visits before case rates, revised for weeks after they are first told: what forecasts
reach with the versions of the day, and what reading final values would have promised.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from bench.panels import DATA, box_jenkins, data_folder
from bench.revised import known_at, revision, weeks_covered
from models.backtest import backtest
from models.evidence import prove
from models.panel import Known
from models.simulate.panels import first_weeks
from models.spec import ForecastSpec, SignalSpec

TRUE_LEAD = 3
DRAWS, SEED = 1000, 7
KEEP = ("status", "lead_weeks", "oos_gain_share", "direction_ok", "p_value", "oos_p_value")
Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Worth:
    """Mean absolute error with and without signals, and the share saved with a 95 % interval."""

    with_signals: float
    without: float
    saved: float
    low: float
    high: float


def worth(rows: pl.DataFrame, point: str) -> Worth:
    """What signals saved on backtest rows, of "mean" or "p50"; target weeks are drawn together.

    Signals multiply quantiles by mean / baseline_mean, so dividing by it undoes them.
    """
    actual, said, mean = (rows[name].to_numpy() for name in ("actual", point, "mean"))
    back = np.where(mean > 0, rows["baseline_mean"].to_numpy() / np.where(mean > 0, mean, 1.0), 1.0)
    first, second = np.abs(actual - said), np.abs(actual - said * back)
    week = rows["week_start"].rank("dense").to_numpy().astype(int) - 1
    a, b = np.bincount(week, weights=first), np.bincount(week, weights=second)
    rng = np.random.default_rng(SEED)
    picks = rng.integers(0, len(a), size=(DRAWS, len(a)))
    shares = 1 - a[picks].sum(axis=1) / np.maximum(b[picks].sum(axis=1), 1e-12)
    low, high = np.quantile(shares, [0.025, 0.975])
    return Worth(
        float(first.mean()), float(second.mean()), float(1 - a.sum() / b.sum()), low, high
    )  # fmt: skip


def _rows(what: str, told: Row, done: pl.DataFrame) -> list[Row]:
    """One row for means and one for medians."""
    return [
        {"what": f"{what}, {name}", **told, **asdict(worth(done, point))}
        for name, point in (("mean", "mean"), ("median", "p50"))
    ]


def first_lead(folder: Path) -> list[Row]:
    """Box and Jenkins: what the gate says, and errors up to the lead over the last 60 weeks."""
    known, spec = box_jenkins(folder)
    found = prove(known, spec).evidence.row(0, named=True)
    spec = replace(spec, horizon=TRUE_LEAD, levels=("sku",))
    n = len(known.panels["units"].weeks)
    cutoffs = range(n - 60, n - TRUE_LEAD + 1)
    done = backtest([first_weeks(known, w) for w in cutoffs], known, spec).forecasts
    return _rows("Box-Jenkins", {name: found[name] for name in KEEP}, done)


def versions_of_the_day(folder: Path) -> list[Row]:
    """Doctor visits: with the versions of the day, and with final values, which no night had."""
    versions = pl.read_parquet(folder / "leads" / "delphi_versions.parquet")
    n = weeks_covered(versions)
    spec = ForecastSpec(
        horizon=4, levels=("sku",), signals=(SignalSpec("doctor visits", ("units",), 4),)
    )
    cutoffs = list(range(n - 26, n - spec.horizon + 1))
    outcome = known_at(versions, n)
    out: list[Row] = []
    for what, final in (("of the day", None), ("final: a leak", versions)):
        knowns = [known_at(versions, w, signal_versions=final) for w in cutoffs]
        done = backtest(knowns, outcome, spec).forecasts
        out += _rows(f"doctor visits, {what}", _told(knowns[-1], spec), done)
    out[0]["revised_share"] = float(np.mean([revision(versions, w) for w in cutoffs]))
    return out


def _told(known: Known, spec: ForecastSpec) -> Row:
    evidence = prove(known, spec).evidence.filter(pl.col("category").is_null())
    if evidence.is_empty():
        return {"status": "none", "lead_weeks": None}
    row = evidence.row(0, named=True)
    return {name: row[name] for name in KEEP}


def main(arguments: list[str]) -> int:
    """The exit code: 0."""
    parser = argparse.ArgumentParser(prog="python -m bench.leads")
    parser.add_argument("--quick", action="store_true", help="no less: it takes a minute")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args(arguments)
    folder = data_folder()
    if folder is None:
        print(f"skipped: set {DATA} to the folder of the data")
        return 0
    rows = [*first_lead(folder), *versions_of_the_day(folder)]
    print(f"{'lead':36}{'status':14}{'lead':>5}{'MAE with':>10}{'without':>9}{'saved %':>9}")
    for row in rows:
        n = {k: float(str(row[k])) for k in Worth.__slots__}
        print(
            f"{row['what']:36}{row['status']:14}{row['lead_weeks'] or '-':>5}"
            f"{n['with_signals']:10.3f}{n['without']:9.3f}{100 * n['saved']:9.1f} "
            f"[{100 * n['low']:.1f}, {100 * n['high']:.1f}]"
        )
    revised = [float(str(row["revised_share"])) for row in rows if "revised_share" in row]
    print(f"newest signal at a cutoff, revised later by {100 * revised[0]:.1f} % on average")
    if asked.out:
        asked.out.write_text(json.dumps(rows, indent=1, default=str))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
