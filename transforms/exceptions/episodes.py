"""Findings followed over nights: one episode, one alert, however long it lasts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import polars as pl

from transforms.exceptions.found import SUBJECT
from transforms.identifiers import content_ids
from transforms.overrides import letters_only

OVER = {"new": 0, "open": 0, "fading": 1, "closed": 2}
KEPT = ["episode_id", "first_seen", "last_seen", "nights_open", "episode_state"]


def with_episodes(
    findings: pl.DataFrame, before: pl.DataFrame | None, judged: Collection[str], as_of: date
) -> pl.DataFrame:
    """Rows of exceptions: tonight's findings, and what is left of earlier ones, ranked.

    `before` is the table of the newest night before that has one. A finding that was there then
    goes on under its episode_id. One that is not seen tonight fades, and closes the next night if
    it is not seen then either: what flickers is one episode. Kinds that are not in `judged` could
    not be looked for tonight; their episodes stay as they were. Those of severity high rank first:
    what has no price, such as a metric, is never behind all that has one. Then by value at risk in
    money, then by units where no price is known; what is over comes last.
    """
    now = findings.with_columns(pl.lit(as_of).alias("as_of"))
    old = now.clear() if before is None else before.filter(pl.col("episode_state") != "closed")
    parts = [_went_on(now, old, as_of), _unseen(now, old, judged, as_of)]
    return _ranked(pl.concat([part for part in parts if part.height], how="diagonal_relaxed")
                   if any(part.height for part in parts) else parts[0])  # fmt: skip


def _went_on(now: pl.DataFrame, old: pl.DataFrame, as_of: date) -> pl.DataFrame:
    known = old.select(*SUBJECT, *KEPT) if "episode_id" in old.columns else None
    fresh = letters_only(content_ids(now, [*SUBJECT, "as_of"]))
    rows = now.with_columns(fresh.alias("_fresh"))
    if known is None:
        empty = {"episode_id": pl.String, "first_seen": pl.Date, "nights_open": pl.Int64}
        rows = rows.with_columns(pl.lit(None, dtype=t).alias(n) for n, t in empty.items())
    else:
        rows = rows.join(
            known.drop("last_seen", "episode_state"), on=SUBJECT, how="left", nulls_equal=True
        )
    is_new = pl.col("episode_id").is_null()
    return rows.with_columns(
        pl.coalesce("episode_id", "_fresh").alias("episode_id"),
        pl.coalesce("first_seen", pl.lit(as_of)).alias("first_seen"),
        pl.lit(as_of).alias("last_seen"),
        (pl.col("nights_open").fill_null(0) + 1).alias("nights_open"),
        pl.when(is_new).then(pl.lit("new")).otherwise(pl.lit("open")).alias("episode_state"),
    ).drop("_fresh")


def _unseen(
    now: pl.DataFrame, old: pl.DataFrame, judged: Collection[str], as_of: date
) -> pl.DataFrame:
    """Earlier episodes that tonight does not see, as they were told last."""
    if "episode_id" not in old.columns:
        return old
    gone = old.join(now.select(SUBJECT), on=SUBJECT, how="anti", nulls_equal=True)
    asked = pl.col("kind").is_in(sorted(judged))
    state = (
        pl.when(~asked).then(pl.when(pl.col("episode_state") == "new").then(pl.lit("open"))
                             .otherwise("episode_state"))
        .when(pl.col("episode_state") == "fading").then(pl.lit("closed"))
        .otherwise(pl.lit("fading"))
    )  # fmt: skip
    return gone.with_columns(
        state.alias("episode_state"),
        pl.lit(as_of).alias("as_of"),
        (pl.col("nights_open") + 1).alias("nights_open"),
    )


def _ranked(rows: pl.DataFrame) -> pl.DataFrame:
    order = [
        pl.col("episode_state").replace_strict(OVER, return_dtype=pl.Int8),
        pl.col("severity") != "high",
        -pl.col("value_at_risk").fill_null(-1.0),
        -pl.col("units_at_risk"),
        pl.col("episode_id"),
    ]
    ranked = rows.sort(order)
    return ranked.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("rank"))
