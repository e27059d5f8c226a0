"""Forecasts in the layout of the hubverse, and the description of it that hubs keep.

Model output format and task definitions: https://docs.hubverse.io (model output, tasks.json).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from transforms.contracts import EXPORTS
from transforms.contracts.exports import LEVELS, QUANTILES, quantile_name

MEANS = {
    "mean": "hearcast-full",
    "baseline_mean": "hearcast-baseline",
    "naive_mean": "hearcast-seasonal_naive",
}
"""Column of forecasts to the model whose mean it is."""
MAX_ROWS = 6_000_000
"""Beyond it the finest levels are left out: the layout has fifteen rows for each forecast."""
Output = tuple[str, str, float | None]
"""Column of forecasts, output_type and output_type_id."""
ROWS_EACH = len(MEANS) + 1 + len(QUANTILES)


def hub_levels(forecasts: pl.DataFrame, max_rows: int = MAX_ROWS) -> tuple[str, ...]:
    """The levels, coarsest first, that fit into `max_rows` rows of the layout; at least one."""
    counts = dict(forecasts["level"].value_counts().iter_rows())
    kept: list[str] = []
    rows = 0
    for level in (name for name in LEVELS if name in counts):
        rows += ROWS_EACH * counts[level]
        if kept and rows > max_rows:
            break
        kept.append(level)
    return tuple(kept)


def forecasts_hub(forecasts: pl.DataFrame, levels: Sequence[str]) -> pl.DataFrame:
    """The table forecasts_hub: one row for each mean, median and quantile of `forecasts`.

    Rows of a night before (rung stale) keep that night's reference date. Nothing is rounded.
    """
    week_end = pl.col("week_start") + pl.duration(days=6)
    tasks = forecasts.filter(pl.col("level").is_in(list(levels))).with_columns(
        (week_end - pl.duration(days=7) * pl.col("horizon").cast(pl.Int64)).alias("reference_date"),
        week_end.alias("target_end_date"),
        pl.col("series_id").alias("location"),
    )
    task = ["reference_date", "target", "level", "location", "horizon", "target_end_date"]
    shown = tasks.sort(task, nulls_last=False)  # each model's rows follow in the contract's order
    outputs: dict[str, list[Output]] = {m: [(c, "mean", None)] for c, m in MEANS.items()}
    outputs[MEANS["mean"]] += [(quantile_name(0.5), "median", None)]
    outputs[MEANS["mean"]] += [(quantile_name(q), "quantile", q) for q in QUANTILES]
    return pl.concat(
        [_rows(shown, model, outputs[model]) for model in sorted(outputs)], rechunk=True
    )


def _rows(tasks: pl.DataFrame, model: str, outputs: Sequence[Output]) -> pl.DataFrame:
    """The rows of one model, task by task, with each of its outputs in this order."""
    columns, kinds, levels = zip(*outputs, strict=True)
    named = tasks.with_columns(
        pl.lit(model).alias("model_id"),
        pl.lit(pl.Series([kinds], dtype=pl.List(pl.String))).first().alias("output_type"),
        pl.lit(pl.Series([levels], dtype=pl.List(pl.Float64))).first().alias("output_type_id"),
        pl.concat_list(columns).alias("value"),
    )
    contract = EXPORTS["forecasts_hub"]
    told = named.select(contract.names).explode("output_type", "output_type_id", "value")
    return told.select([pl.col(c.name).cast(c.dtype) for c in contract.columns])


def hub_tasks(hub: pl.DataFrame) -> dict[str, Any]:
    """What a hub's tasks.json says of one round: which tasks there are and what may be given.

    Valid values are those of `hub`, one reference date each round; the key `level` is a task id of
    ours beside the usual ones.
    """
    ids = ("reference_date", "target", "level", "location", "horizon", "target_end_date")
    return {
        "round_id_from_variable": True,
        "round_id": "reference_date",
        "model_tasks": [
            {
                "task_ids": {name: {"required": None, "optional": _values(hub[name])} for name in ids},
                "derived_task_ids": ["target_end_date"],
                "output_type": {
                    "mean": _output(required=True),
                    "median": _output(required=False),
                    "quantile": _output(required=False) | {
                        "output_type_id": {"required": list(QUANTILES)}
                    },
                },
                "target_metadata": [
                    _target(name) for name in hub["target"].unique().sort().to_list()
                ],
            }
        ],
        "submissions_due": {"relative_to": "reference_date", "start": 0, "end": 7},
    }  # fmt: skip


def _values(column: pl.Series) -> list[Any]:
    values = column.unique().sort().to_list()
    return [str(v) if column.dtype == pl.Date else v for v in values]


def _output(*, required: bool) -> dict[str, Any]:
    return {"is_required": required, "value": {"type": "double", "minimum": 0.0}}


def _target(name: str) -> dict[str, Any]:
    return {
        "target_id": name,
        "target_name": f"{name} a week",
        "target_units": "count",
        "target_keys": {"target": name},
        "target_type": "continuous",
        "is_step_ahead": True,
        "time_unit": "week",
    }
