"""Who answers for what, and which active objects nobody answers for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from transforms.contracts.answering_exports import OBJECTS

KEY = ["object_type", "object_id"]
SCHEMA = {"object_type": pl.String, "object_id": pl.String, "own": pl.String}
GOING = ("active", "new", "too_new")


def active_objects(
    tables: Mapping[str, pl.DataFrame],
    actions: pl.DataFrame,
    touchpoints: pl.DataFrame,
    as_of: date,
) -> pl.DataFrame:
    """object_type, object_id and own (the owner that the object itself names) of all that is active.

    `tables`: those of the night that are there, of series_listed, signal_evidence and segments.
    """
    parts = [pl.DataFrame(schema=SCHEMA)]
    if (listed := tables.get("series_listed")) is not None:
        going = listed.filter(pl.col("status").is_in(GOING))
        parts += [
            _objects(going.filter(pl.col("level") == "category"), "category", "category"),
            _objects(going.filter(pl.col("level") == "total"), "target", "target"),
        ]
    if (proved := tables.get("signal_evidence")) is not None:
        parts.append(_objects(proved.filter(pl.col("status") == "confirmed"), "signal", "signal"))
    if (segments := tables.get("segments")) is not None:
        parts.append(_objects(segments, "segment", "segment"))
    done = pl.col("verified_at").is_null() & pl.col("dropped_at").is_null()
    parts += [
        _objects(actions.filter(done), "action", "action_id", "owner"),
        _objects(newest(touchpoints, as_of), "touchpoint", "touchpoint", "owner"),
    ]
    return pl.concat(parts)


def newest(touchpoints: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The newest figures of each touchpoint that count at `as_of`, by name."""
    begun = touchpoints.filter((pl.col("since") <= as_of).fill_null(value=True))
    order = begun.sort("touchpoint", "since", "_source", nulls_last=False)
    return order.unique("touchpoint", keep="last", maintain_order=True)


def _objects(frame: pl.DataFrame, kind: str, name: str, owner: str | None = None) -> pl.DataFrame:
    own = pl.lit(None, dtype=pl.String) if owner is None else pl.col(owner)
    told = frame.filter(pl.col(name).is_not_null()).select(
        pl.lit(kind).alias("object_type"), pl.col(name).alias("object_id"), own.alias("own")
    )
    return told.group_by(KEY).agg(pl.col("own").drop_nulls().sort().first())


def owners(given: pl.DataFrame, active: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """object_type, object_id, owner, deputy, since and status of `active` objects and those of `given`.

    `given`: the input owners; of two rows the later `since` counts, and none that is still to come.
    What it says goes before the owner that an object names itself.
    """
    begun = given.filter((pl.col("since") <= as_of).fill_null(value=True))
    last = begun.sort(*KEY, "since", "_source", nulls_last=False).unique(
        KEY, keep="last", maintain_order=True
    )
    named = last.select(*KEY, "owner", "deputy", "since", pl.lit(True).alias("listed"))
    both = active.with_columns(pl.lit(True).alias("active")).join(
        named, on=KEY, how="full", coalesce=True
    )
    owner = pl.coalesce("owner", "own")
    status = (
        pl.when(pl.col("active").is_null())
        .then(pl.lit("idle"))
        .when(owner.is_null())
        .then(pl.lit("missing"))
        .otherwise(pl.lit("owned"))
    )
    return both.select(*KEY, owner.alias("owner"), "deputy", "since", status.alias("status")).sort(
        KEY
    )


def missing_line(rows: pl.DataFrame) -> str | None:
    """One line of what nobody answers for; None: somebody does for everything."""
    gaps = rows.filter(pl.col("status") == "missing")
    if gaps.is_empty():
        return None
    counts = {kind: gaps.filter(pl.col("object_type") == kind).height for kind in OBJECTS}
    told = ", ".join(f"{kind} {count}" for kind, count in counts.items() if count)
    return f"nobody is accountable for {gaps.height} active objects ({told}): add them to owners (table owners, status missing)"
