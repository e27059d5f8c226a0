"""What the planner's desk promises: parts that add up, overrides that only add, one row an episode."""

from __future__ import annotations

import polars as pl

from transforms.contracts.columns import QUANTILES, quantile_name
from transforms.expectations.forecast_rules import coherent, exact_fractions, monotone_quantiles
from transforms.expectations.verdicts import Dossier

PARTS = ("delta_new_data", "delta_signals", "delta_adoption", "delta_restatement")
KEY = ["as_of", "target", "level", "series_id", "week_start", "horizon"]


def changes(dossier: Dossier, frame: pl.DataFrame) -> None:
    """Expect the parts of each change to add up to it, and SKUs to categories and total."""
    wrong = frame.filter(
        (pl.col("mean") - pl.col("previous_mean") != pl.col("delta"))
        | (pl.sum_horizontal(PARTS) != pl.col("delta"))
    ).height
    dossier.none("parts_add_up", "hold", wrong, n=frame.height)
    late = (pl.col("delta_restatement") != 0) & ~pl.col("restatement_known")
    unknown = frame.filter(late).height
    dossier.none("restatement_is_known", "hold", unknown, n=frame.height)
    coherent(dossier, frame, ("delta", *PARTS))


def final(dossier: Dossier, frame: pl.DataFrame, forecasts: pl.DataFrame | None) -> None:
    """Expect final forecasts to be the published ones but for what overrides add, over all levels."""
    gap = pl.col("final_mean") - pl.col("statistical_mean") - pl.col("override_delta")
    dossier.none("override_is_difference", "hold", frame.filter(gap != 0).height, n=frame.height)
    exact_fractions(dossier, frame, ("final_mean", "statistical_mean", "cumulative_mean"))
    monotone_quantiles(dossier, frame, [quantile_name(q) for q in QUANTILES])
    coherent(dossier, frame, ("final_mean",))
    if forecasts is None:
        dossier.undecidable("baseline_is_kept", "hold", "no forecasts table")
        return
    both = forecasts.select(*KEY, "mean").join(
        frame.select(*KEY, "statistical_mean"), on=KEY, how="full", coalesce=True
    )
    moved = both.filter(pl.col("mean").ne_missing(pl.col("statistical_mean"))).height
    dossier.none("baseline_is_kept", "hold", moved, n=forecasts.height)


def exceptions(dossier: Dossier, frame: pl.DataFrame) -> None:
    """Expect ranks from 1 on, each once, and no subject with two episodes at a time."""
    ranks = frame["rank"].sort().to_list()
    off = sum(rank != i for i, rank in enumerate(ranks, start=1))
    dossier.none("ranks_are_whole", "hold", off, n=frame.height)
    subject = ["kind", "target", "level", "series_id", "signal"]
    open_ = frame.filter(pl.col("episode_state") != "closed")
    twice = int(open_.select(subject).is_duplicated().sum())
    dossier.none("one_episode_a_subject", "hold", twice, n=open_.height)
    early = frame.filter(
        (pl.col("first_seen") > pl.col("last_seen")) | (pl.col("last_seen") > pl.col("as_of"))
    )
    dossier.none("episode_days_in_order", "hold", early.height, n=frame.height)
