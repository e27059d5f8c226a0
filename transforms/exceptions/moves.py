"""Forecasts that moved beyond what is usual, and signals that were adopted, retired or turned."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from transforms.exceptions.found import conformed, moved_words, number

WEEKS = 4
LEAST_UNITS = 1.0
PARTS = {
    "delta_new_data": "new data",
    "delta_signals": "what customers say",
    "delta_adoption": "signals adopted or retired",
    "delta_restatement": "corrected history",
}
SERIES = ["target", "level", "series_id"]
SHOWN_LEVELS = ("category", "sku")
OWN_SHARE = 0.5
RECENT = timedelta(days=14)
CONFIRMED = "confirmed"


def jumps(changes: pl.DataFrame) -> pl.DataFrame:
    """Series whose next four weeks moved together by more than is usual for each of them.

    A SKU is not told beside its category's jump to the same side where it makes less than half of
    it. After a change of code, configuration, tagger or rung nothing is told: the method moved.
    """
    near = changes.filter(
        pl.col("level").is_in(SHOWN_LEVELS), pl.col("status") == "continued",
        pl.col("horizon") <= WEEKS, pl.col("same_method"),
    )  # fmt: skip
    summed = {
        name: _whole(name).sum() / 1024 for name in ("mean", "previous_mean", "delta", *PARTS)
    }
    rows = (
        near.group_by([*SERIES, "category", "sku", "channel"])
        .agg(
            **summed,
            usual=_whole("usual_change").sum() / 1024,
            unknown=pl.col("usual_change").null_count(),
            n=pl.len().cast(pl.Int64),
        )
        .filter(
            (pl.col("unknown") == 0)
            & (pl.col("delta").abs() > pl.col("usual"))
            & (pl.col("delta").abs() >= LEAST_UNITS)
        )
    )
    return _jump_words(_without_followers(rows))


def _whole(name: str) -> pl.Expr:
    return (pl.col(name) * 1024).round().cast(pl.Int64)


def _without_followers(rows: pl.DataFrame) -> pl.DataFrame:
    above = rows.filter(pl.col("level") == "category").select(
        "target", "category", pl.col("delta").alias("_above")
    )
    told = rows.join(above, on=["target", "category"], how="left", nulls_equal=False)
    follows = (
        (pl.col("level") == "sku")
        & (pl.col("_above").sign() == pl.col("delta").sign())
        & (pl.col("delta").abs() < OWN_SHARE * pl.col("_above").abs())
    ).fill_null(value=False)
    return told.filter(~follows).drop("_above")


def _jump_words(rows: pl.DataFrame) -> pl.DataFrame:
    largest = pl.max_horizontal(pl.col(name).abs() for name in PARTS)
    why = pl.coalesce(
        *(
            pl.when(pl.col(name).abs() == largest).then(pl.lit(words))
            for name, words in PARTS.items()
        )
    )
    up = pl.col("delta") > 0
    return conformed(
        rows.with_columns(
            pl.lit("forecast_jump").alias("kind"),
            pl.when(pl.col("delta").abs() > 2 * pl.col("usual")).then(pl.lit("high"))
            .otherwise(pl.lit("medium")).alias("severity"),
            (pl.lit("the forecast of the next ") + pl.col("n").cast(pl.String)
             + pl.lit(" weeks moved ") + moved_words("delta") + pl.lit(" to ") + number("mean")
             + pl.lit(" (usual: up to ") + number("usual") + pl.lit("), mostly by ") + why)
            .alias("headline"),
            pl.when(up).then(pl.lit("check cover and open orders against the higher forecast; override it if you know better"))
            .otherwise(pl.lit("check open orders against the lower forecast before they ship; override it if you know better"))
            .alias("action"),
            pl.col("delta").abs().alias("units_at_risk"),
            pl.col("mean").alias("observed"),
            pl.col("previous_mean").alias("expected"),
        )
    )  # fmt: skip


def signal_news(
    evidence: pl.DataFrame,
    contributions: pl.DataFrame,
    before: tuple[pl.DataFrame, pl.DataFrame] | None,
    as_of: date,
) -> pl.DataFrame:
    """Signals adopted in the last two weeks, retired since the night before, or turned since.

    `before` are that night's evidence and contributions; None: only adoptions are told. Turned: a
    signal adopted in both nights adds to the next four weeks where it took away, or the reverse,
    by at least a unit each time.
    """
    sure = evidence.filter(pl.col("status") == CONFIRMED)
    fresh = sure.filter(pl.col("adopted_since") > as_of - RECENT)
    parts = [_news(fresh, "signal_adopted", contributions)]
    if before is not None:
        old, old_parts = before
        key = ["signal", "target", "category"]
        was = old.filter(pl.col("status") == CONFIRMED)
        gone = was.join(sure, on=key, how="anti", nulls_equal=True)
        parts.append(_news(gone, "signal_retired", old_parts))
        both = sure.join(was.select(key), on=key, how="semi", nulls_equal=True)
        parts.append(_turned(both, contributions, old_parts))
    return pl.concat(parts)


def moved_by(contributions: pl.DataFrame) -> pl.DataFrame:
    """What each signal adds to categories and total over the next four weeks."""
    near = contributions.filter(
        pl.col("horizon") <= WEEKS, pl.col("level").is_in(["category", "total"])
    )
    return near.group_by("signal", "target", "level", "series_id").agg(
        (_whole("delta").sum() / 1024).alias("moved"), pl.len().cast(pl.Int64).alias("n")
    )


def _scoped(rows: pl.DataFrame) -> pl.DataFrame:
    pooled = pl.col("category").is_null()
    return rows.with_columns(
        pl.when(pooled).then(pl.lit("total")).otherwise(pl.lit("category")).alias("level"),
        pl.when(pooled).then(pl.lit("total")).otherwise("category").alias("series_id"),
    )


def _news(rows: pl.DataFrame, kind: str, contributions: pl.DataFrame) -> pl.DataFrame:
    key = ["signal", "target", "level", "series_id"]
    told = _scoped(rows).join(moved_by(contributions), on=key, how="left").with_columns(
        pl.col("moved").fill_null(0.0), pl.col("n").fill_null(0)
    )  # fmt: skip
    lead = pl.col("lead_weeks").cast(pl.String)
    effect = (100 * pl.col("effect")).alias("effect_percent")
    told = told.with_columns(effect)
    if kind == "signal_adopted":
        words = (
            pl.col("signal") + pl.lit(" now leads ") + pl.col("target") + pl.lit(" by ") + lead
            + pl.lit(" weeks (") + moved_words("effect_percent")
            + pl.lit(" % per standard deviation) and moves the next four weeks ") + moved_words("moved")
        )  # fmt: skip
        action = "read what customers say there before you override the forecast"
    else:
        words = (
            pl.col("signal") + pl.lit(" no longer leads ") + pl.col("target")
            + pl.lit("; it moved the next four weeks ") + moved_words("moved")
        )  # fmt: skip
        action = "do not plan by it any longer; the forecast has let go of it"
    return _signal_rows(told, kind, words, action)


def _turned(both: pl.DataFrame, now: pl.DataFrame, then: pl.DataFrame) -> pl.DataFrame:
    key = ["signal", "target", "level", "series_id"]
    old = moved_by(then).select(*key, pl.col("moved").alias("was"))
    rows = _scoped(both).join(moved_by(now), on=key).join(old, on=key)
    turned = (
        (pl.col("moved").sign() == -pl.col("was").sign())
        & (pl.min_horizontal(pl.col("moved").abs(), pl.col("was").abs()) >= LEAST_UNITS)
    )  # fmt: skip
    told = rows.filter(turned)
    words = (
        pl.col("signal") + pl.lit(" turned: it moves the next four weeks of ") + pl.col("target")
        + pl.lit(" ") + moved_words("moved") + pl.lit(", the night before ") + moved_words("was")
    )  # fmt: skip
    action = "check orders that were placed because of it"
    return _signal_rows(told, "signal_turned", words, action)


def _signal_rows(rows: pl.DataFrame, kind: str, words: pl.Expr, action: str) -> pl.DataFrame:
    return conformed(
        rows.with_columns(
            pl.lit(kind).alias("kind"),
            pl.lit("medium" if kind == "signal_turned" else "low").alias("severity"),
            words.alias("headline"),
            pl.lit(action).alias("action"),
            pl.col("moved").abs().alias("units_at_risk"),
            pl.col("moved").alias("observed"),
        )
    )
