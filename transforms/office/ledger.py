"""Actions beside the experiments that measured them, and which of those overlap."""

from __future__ import annotations

import polars as pl

PRIMARY = "revenue_per_eligible"
FACTS = ("design", "registered_before", "starts_on", "ends_on")


def measured(actions: pl.DataFrame, lifts: pl.DataFrame) -> pl.DataFrame:
    """Shipped actions with the effect on revenue of each arm that measured them; nulls where none did.

    Revenue of an eligible unit, raw, times the arm's units: currency over the trial. An action without
    an experiment, or whose experiment has no such row, keeps one row.
    """
    shipped = actions.filter(pl.col("shipped_at").is_not_null()).select(
        "_source", "action_id", "function", "signal", "cost", "experiment_id"
    )
    n = pl.col("n_arm")
    rows = lifts.filter(pl.col("metric") == PRIMARY, pl.col("trim") == "raw").select(
        "experiment_id",
        "arm",
        *FACTS,
        n.alias("n_units"),
        "currency",
        pl.col("difference").alias("per_unit"),
        *((pl.col(f"difference{end}") * n).alias(f"benefit{end}") for end in ("", "_lo", "_hi")),
        pl.col("verdict").alias("of_lift"),
    )
    return shipped.join(rows, on="experiment_id", how="left").sort("_source", "action_id", "arm")


def shared_units(assignments: pl.DataFrame, experiments: list[str]) -> pl.DataFrame:
    """Pairs of experiments (one, other) that have a customer in common."""
    mine = (
        assignments.filter(pl.col("experiment_id").is_in(experiments))
        .select("experiment_id", "customer_id")
        .unique()
        .drop_nulls()
    )
    both = mine.join(mine, on="customer_id", suffix="_other")
    return (
        both.filter(pl.col("experiment_id") != pl.col("experiment_id_other"))
        .select(one="experiment_id", other="experiment_id_other")
        .unique()
        .sort("one", "other")
    )


def overlaps(ledger: pl.DataFrame, shared: pl.DataFrame) -> pl.DataFrame:
    """`ledger` with overlaps_with: other experiments of the same days and customers, split at commas.

    Whoever was in no lot counts as everybody: an observational design overlaps with all of its days. An
    experiment that measures several actions overlaps with itself.
    """
    facts = (
        ledger.drop_nulls("experiment_id").select("experiment_id", *FACTS).unique("experiment_id")
    )
    facts = facts.drop_nulls("starts_on")
    pairs = facts.join(facts, how="cross", suffix="_other").filter(
        pl.col("experiment_id") != pl.col("experiment_id_other"),
        pl.col("starts_on") <= pl.col("ends_on_other").fill_null(pl.date(9999, 1, 1)),
        pl.col("starts_on_other") <= pl.col("ends_on").fill_null(pl.date(9999, 1, 1)),
    )
    wide = (pl.col("design") == "observational") | (pl.col("design_other") == "observational")
    same = pairs.join(
        shared.with_columns(pl.lit(value=True).alias("_same")),
        left_on=["experiment_id", "experiment_id_other"],
        right_on=["one", "other"],
        how="left",
    ).filter(wide | pl.col("_same").fill_null(value=False))
    twice = (
        ledger.drop_nulls("experiment_id")
        .group_by("experiment_id")
        .agg(pl.struct("_source", "action_id").n_unique().alias("_n"))
        .filter(pl.col("_n") > 1)
        .select("experiment_id", pl.col("experiment_id").alias("other"))
    )
    listed = pl.concat([same.select("experiment_id", other="experiment_id_other"), twice])
    names = (
        listed.sort("experiment_id", "other")
        .group_by("experiment_id", maintain_order=True)
        .agg(pl.col("other").str.join(", ").alias("overlaps_with"))
    )
    return ledger.join(names, on="experiment_id", how="left")
