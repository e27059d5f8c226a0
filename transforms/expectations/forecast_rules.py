"""What forecasts promise: levels that add up, ordered quantiles, whole series, proved signals."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import polars as pl

from transforms.expectations.contract_rules import named
from transforms.expectations.verdicts import Dossier

FRACTION = 1024
"""Means are whole multiples of 2^-10, so sums of them in whole numbers are exact."""
SERIES = ("as_of", "target", "level", "series_id")
CELL = ("as_of", "target", "week_start", "horizon")
LEVELS = (("category", "total"), ("sku", "category"), ("sku_channel", "sku"))
"""(children, parents): children's values add up to their parent's."""
PARENT_KEY = {"total": (), "category": ("category",), "sku": ("sku",)}
OUTSIDE_LEVELS = frozenset({"tickets"})
"""Targets whose total may exceed its categories: what has no category counts at the top alone."""


def monotone_quantiles(dossier: Dossier, frame: pl.DataFrame, names: Sequence[str]) -> None:
    """Expect each quantile to be at least the one below it, by target and level."""
    if frame.is_empty():
        dossier.undecidable("monotone_quantiles", "hold", "no rows")
        return
    steps = {f"{b} below {a}": pl.col(b) - pl.col(a) for a, b in pairwise(names)}
    least = frame.lazy().group_by("target", "level").agg(**{k: v.min() for k, v in steps.items()})
    shown = least.sort("target", "level").collect().drop("target", "level")
    view = f"quantile steps {names[0]} to {names[-1]}"
    dossier.views[view] = shown.select(smallest_step=pl.min_horizontal(pl.all()))
    dossier.expect(
        "monotone_quantiles",
        "hold",
        view,
        "ExpectColumnMinToBeBetween",
        expected="no quantile below a lower one",
        n=frame.height,
        label=named(label for label in steps if shown.filter(pl.col(label) < 0).height),
        column="smallest_step",
        min_value=0,
    )


def delta_is_difference(dossier: Dossier, frame: pl.DataFrame) -> None:
    """Expect signal_delta to be mean - baseline_mean, exactly."""
    gap = pl.col("mean") - pl.col("baseline_mean") - pl.col("signal_delta")
    dossier.none("delta_is_difference", "hold", frame.filter(gap != 0).height, n=frame.height)


def exact_fractions(dossier: Dossier, frame: pl.DataFrame, columns: Sequence[str]) -> None:
    """Expect whole multiples of 2^-10."""
    for column in columns:
        scaled = pl.col(column) * FRACTION
        wrong = frame.filter(scaled != scaled.round(0)).height
        dossier.none("exact_fractions", "hold", wrong, n=frame.height, label=column)


def _whole(column: str, parts: int = FRACTION) -> pl.Expr:
    return (pl.col(column) * parts).round(0).cast(pl.Int64, strict=False)


def coherent(
    dossier: Dossier, frame: pl.DataFrame, columns: Sequence[str], *, parts: int = FRACTION
) -> None:
    """Expect the values of each level to add up to the level above, in whole parts of a unit.

    Forecasts come in parts of 2^-10, what was demanded in thousandths. A level that is not published for a target is passed over; a check without any pair of levels
    has not enough data.
    """
    cell = [name for name in CELL if name in frame.columns]
    for children, parents in LEVELS:
        if children == "sku_channel" and children not in frame["level"]:
            continue
        rule = f"{children}_adds_up_to_{parents}"
        key = [*cell, *PARENT_KEY[parents]]
        both = _paired(frame, (children, parents), key, columns, parts)
        if both.is_empty():
            dossier.undecidable(rule, "hold", f"no {children} and {parents} rows of one target")
            continue
        view = f"{children} and {parents}"
        dossier.views[view] = both
        for column in columns:
            dossier.expect(
                rule,
                "hold",
                view,
                "ExpectColumnPairValuesToBeEqual",
                expected=f"{parents} equal to the sum of its {children} rows",
                n=both.height,
                label=column,
                column_A=column,
                column_B=f"{column} of children",
            )


def _paired(
    frame: pl.DataFrame,
    levels: tuple[str, str],
    key: list[str],
    columns: Sequence[str],
    parts: int,
) -> pl.DataFrame:
    """`column` of each parent beside the sum of its children; absent ones count as nought."""
    children, parents = levels
    level = pl.col("level")
    wanted = set(frame.filter(level == children)["target"].to_list())
    wanted &= set(frame.filter(level == parents)["target"].to_list())
    if parents == "total":
        wanted -= OUTSIDE_LEVELS
    rows = frame.filter(pl.col("target").is_in(sorted(wanted)))
    whole = [_whole(column, parts).sum().alias(column) for column in columns]
    above = rows.filter(level == parents).group_by(key).agg(whole)
    below = rows.filter(level == children).group_by(key).agg(whole)
    both = above.join(below, on=key, how="full", coalesce=True, suffix=" of children")
    return both.sort(key).drop(key).fill_null(0)


def complete_horizons(dossier: Dossier, frame: pl.DataFrame, horizon: int) -> None:
    """Expect each series to have every horizon 1 .. `horizon` and no other."""
    series = frame.group_by(SERIES).agg(
        pl.col("horizon").n_unique().alias("distinct"),
        pl.col("horizon").min().alias("first"),
        pl.col("horizon").max().alias("last"),
    )
    distinct, first, last = pl.col("distinct"), pl.col("first"), pl.col("last")
    whole = (distinct == horizon) & (first == 1) & (last == horizon)
    dossier.none("complete_horizons", "hold", series.filter(~whole).height, n=series.height)


def weeks_follow_horizons(dossier: Dossier, frame: pl.DataFrame) -> None:
    """Expect horizon h to be the week h - 1 weeks after horizon 1, the same for every series."""
    first = pl.col("week_start") - pl.duration(weeks=pl.col("horizon").cast(pl.Int64) - 1)
    starts = frame.select("as_of", first.alias("first")).unique()
    dossier.none(
        "weeks_follow_horizons", "hold", starts.height - starts["as_of"].n_unique(), n=frame.height
    )


def series_are_listed(dossier: Dossier, frame: pl.DataFrame, listed: pl.DataFrame | None) -> None:
    """Expect every series listed as active or new to have forecasts, and others only if begun.

    A series that is too new or upcoming may have one: where other products tell how such begin.
    """
    if listed is None or listed.is_empty():
        dossier.undecidable("series_listed", "hold", "no series_listed table")
        return
    key = ["target", "level", "series_id"]
    must, may = ["active", "new"], ["active", "new", "too_new", "upcoming"]
    alive = listed.filter(pl.col("status").is_in(must)).select(key)
    allowed = listed.filter(pl.col("status").is_in(may)).select(key)
    shown = frame.select(key).unique()
    for label, wrong in (
        ("listed without forecast", alive.join(shown, on=key, how="anti")),
        ("forecast but not listed", shown.join(allowed, on=key, how="anti")),
    ):
        dossier.none("series_listed", "hold", wrong.height, n=shown.height, label=label)


def only_confirmed_move(
    dossier: Dossier,
    contributions: pl.DataFrame | None,
    evidence: pl.DataFrame | None,
) -> None:
    """Expect no signal to move a mean unless it is confirmed for that target.

    Stale rows are left out: they stand as an earlier night's evidence made them.
    """
    rule = "only_confirmed_move"
    if contributions is None or evidence is None:
        dossier.undecidable(rule, "hold", "no contributions or no evidence")
        return
    confirmed = evidence.filter(pl.col("status") == "confirmed").select("signal", "target")
    moved = contributions.filter((pl.col("delta") != 0) & (pl.col("rung") != "stale"))
    unproved = moved.join(confirmed, on=["signal", "target"], how="anti")
    dossier.none(rule, "hold", unproved.height, n=moved.height)


def adds_up_to_delta(
    dossier: Dossier, contributions: pl.DataFrame, forecasts: pl.DataFrame | None
) -> None:
    """Expect the deltas of each forecast to add up to its signal_delta exactly."""
    if forecasts is None:
        dossier.undecidable("adds_up", "hold", "no forecasts table")
        return
    key = ["as_of", "target", "level", "series_id", "week_start", "horizon"]
    sums = contributions.group_by(key).agg(_whole("delta").sum().alias("sum"))
    both = forecasts.select(*key, _whole("signal_delta").alias("delta")).join(
        sums, on=key, how="full", coalesce=True
    )
    wrong = both.filter(pl.col("delta").fill_null(0) != pl.col("sum").fill_null(0)).height
    dossier.none("adds_up", "hold", wrong, n=forecasts.height)
