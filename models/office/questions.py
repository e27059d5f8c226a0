"""What to ask next: where the doubt of a signal is widest for the money that hangs on it."""

from __future__ import annotations

import polars as pl

OPEN = {"insufficient": 1.0, "candidate": 1.0, "confirmed": 0.5, "rejected": 0.1}
"""How far more conversations may still change what is decided by a signal of that status."""
KNOWN_WEEKS = 13
WHOLE = 1000
"""People are added in thousandths, so that a sum does not depend on the order of rows."""
SCHEMA = {
    "family": pl.String(),
    "signal": pl.String(),
    "half_width": pl.Float64(),
    "spread": pl.Float64(),
    "known": pl.Float64(),
    "worth": pl.Float64(),
}


def next_questions(
    rates: pl.DataFrame, evidence: pl.DataFrame, worth: pl.DataFrame
) -> pl.DataFrame:
    """The signal to ask for in each family (category), in the columns of SCHEMA.

    `rates`: signals_weekly of complete weeks; `evidence`: signal_evidence; `worth`: family and
    worth, the value that is decided there. Of each family it is the signal whose interval is
    widest beside its rate, times `OPEN` of its status (pooled, where the category has none; the
    most open of its targets). `spread` is the standard deviation of one answer, `known` how many
    people of the last KNOWN_WEEKS weeks the family has told of it.
    """
    here = rates.filter(pl.col("category").is_not_null() & pl.col("rate_hi").is_not_null())
    if here.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    last = here["week_start"].max()
    recent = here.filter(pl.col("week_start") > pl.lit(last) - pl.duration(weeks=KNOWN_WEEKS))
    key = ["category", "signal"]
    known = recent.sort(*key, "week_start").group_by(key, maintain_order=True).agg(
        ((pl.col("n_effective") * WHOLE).round().cast(pl.Int64).sum() / WHOLE).alias("known"),
        pl.col("rate_shrunk", "rate_lo", "rate_hi").last(),
    )  # fmt: skip
    width = (pl.col("rate_hi") - pl.col("rate_lo")) / 2
    rate = pl.col("rate_shrunk").clip(0.001, 0.999)
    scored = known.join(_openness(evidence, known), on=key, how="left").with_columns(
        width.alias("half_width"),
        (rate * (1 - rate)).sqrt().alias("spread"),
        (width / rate * pl.col("open").fill_null(1.0)).alias("score"),
    )
    best = scored.sort("category", "score", "signal", descending=[False, True, False]).unique(
        "category", keep="first", maintain_order=True
    )
    told = best.rename({"category": "family"}).join(worth, on="family", how="left")
    return told.with_columns(pl.col("worth").fill_null(0.0)).select(list(SCHEMA))


def _openness(evidence: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """category, signal, open: of the category's own evidence, else of the pooled one."""
    valued = evidence.with_columns(
        pl.col("status").replace_strict(OPEN, return_dtype=pl.Float64).alias("open")
    )
    own = valued.group_by("category", "signal").agg(pl.col("open").max())
    pooled = own.filter(pl.col("category").is_null()).select("signal", pooled="open")
    return (
        known.select("category", "signal")
        .join(own, on=["category", "signal"], how="left")
        .join(pooled, on="signal", how="left")
        .select("category", "signal", pl.coalesce("open", "pooled").alias("open"))
    )
