"""The same job put together from well-known parts: `python -m bench.assembled FOLDER`.

pandas reads the shop of ``bench.sized`` and counts weeks, a spaCy phrase matcher with a negation
window tags passages in two processes, pandas counts weekly signals, and statsforecast's AutoETS
forecasts units, returns and tickets of each SKU, 13 weeks with quantiles, at 8 cutoffs and now, in
two processes. It tests no lead, keeps no versions, validates nothing and publishes four files: less
than a night does. Prints one line of JSON as ``bench.staged`` does. Needs .venv-bench.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from bench.load import forget_peak, peak_mib
from bench.staged import spent

WEEK = "W-SUN"
HORIZON, WINDOWS, STEP = 13, 8, 4
PROCESSES = 2
COUNTED = {"units": ("order_lines_*.parquet", "ordered_at"), "returns": ("refunds.parquet", "refunded_at"),
           "tickets": ("tickets.parquet", "opened_at")}  # fmt: skip
Made = TypeVar("Made")


def counted(folder: Path, pattern: str, at: str) -> pd.DataFrame:
    """Weeks by SKU: unique_id, ds, y; weeks without a row are zero from the first one on."""
    columns = ["sku", at] + ([] if pattern == "tickets.parquet" else ["quantity"])
    rows = pd.concat(
        pd.read_parquet(path, columns=columns) for path in sorted(folder.glob(pattern))
    )
    rows["ds"] = rows[at].dt.tz_localize(None).dt.to_period(WEEK).dt.start_time
    y = (
        rows.groupby(["sku", "ds"]).size()
        if "quantity" not in rows
        else rows.groupby(["sku", "ds"])["quantity"].sum()
    )
    wide = y.unstack(fill_value=0.0)
    return wide.stack().rename("y").astype(float).reset_index().rename(columns={"sku": "unique_id"})


def tagged(folder: Path) -> pd.DataFrame:
    """Signals by week: how many passages carry each."""
    from bench.tagging import spacy_pipeline  # noqa: PLC0415 - only here

    said = pd.read_parquet(folder / "passages.parquet", columns=["conversation_id", "text"])
    when = pd.read_parquet(
        folder / "conversations.parquet", columns=["conversation_id", "started_at", "category"]
    )
    said = said.merge(when, on="conversation_id")
    nlp: Any = spacy_pipeline()
    docs = nlp.pipe(said["text"].tolist(), n_process=PROCESSES, batch_size=1_000)
    said["signal"] = [sorted({name for name, _ in doc.user_data["mentions"]}) for doc in docs]
    said["ds"] = said["started_at"].dt.tz_localize(None).dt.to_period(WEEK).dt.start_time
    return (
        said.explode("signal")
        .groupby(["category", "signal", "ds"])
        .size()
        .rename("n")
        .reset_index()
    )


def forecast(history: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The forecast from now and those of past cutoffs, with quantiles."""
    from statsforecast import StatsForecast  # noqa: PLC0415
    from statsforecast.models import AutoETS  # noqa: PLC0415

    models = [AutoETS(season_length=1, model="AZN")]
    maker = StatsForecast(models=models, freq="7D", n_jobs=PROCESSES)
    levels = [20, 40, 60, 80]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        now = maker.forecast(df=history, h=HORIZON, level=levels)
        past = maker.cross_validation(
            df=history, h=HORIZON, n_windows=WINDOWS, step_size=STEP, level=levels
        )
    return now, past


def main(arguments: list[str]) -> int:
    """The exit code: 0."""
    folder = Path(arguments[0])
    told: dict[str, dict[str, float]] = {}

    def stage(name: str, work: Callable[[], Made]) -> Made:
        forget_peak()
        wall, cpu = time.perf_counter(), spent()
        made = work()
        told[name] = {
            "seconds": round(time.perf_counter() - wall, 2),
            "cpu": round(spent() - cpu, 2),
            "peak_mib": round(peak_mib(), 0),
        }
        return made

    weeks = stage("count", lambda: {name: counted(folder, *how) for name, how in COUNTED.items()})
    signals = stage("tag", lambda: tagged(folder))
    made = stage("forecast", lambda: {name: forecast(frame) for name, frame in weeks.items()})

    def publish() -> None:
        out = folder / "assembled"
        out.mkdir(exist_ok=True)
        signals.to_parquet(out / "signals.parquet")
        for name, (now, past) in made.items():
            now.to_parquet(out / f"{name}.parquet")
            past.to_parquet(out / f"{name}_past.parquet")

    stage("publish", publish)
    print(json.dumps({"stages": told, "cpu": round(spent(), 1)}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
