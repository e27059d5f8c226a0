"""Whose words stand for a signal, and whose against it: chosen by a rule, not by taste."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from transforms.phrases import MIN_PEOPLE, PASSAGE
from transforms.tagging import PhraseBook
from transforms.tagging.judging import read_words
from transforms.tagging.matching import rule_hits

SHOWN = {"for": 3, "against": 1}
"""Quotes of each side, signal and category."""
SCOPE = ("signal", "category", "side")


def denied(batch: pl.DataFrame, book: PhraseBook) -> pl.DataFrame:
    """Passages of a batch, with text, that speak of a signal behind a negation only.

    Columns: those of a passage's identity, and signal. "I am not worried about delivery" is one of
    delivery_worry: a counter-example that the tagger rightly passed over.
    """
    blind = replace(book, scope=replace(book.scope, window=0))
    words = read_words(batch["text"])
    said, spoken = rule_hits(words, book), rule_hits(words, blind)
    found = sorted(set(spoken) - set(said))
    rows = batch.select(PASSAGE)[[row for row, _ in found]]
    return rows.with_columns(pl.Series("signal", [signal for _, signal in found], pl.String))


def picked(heard: pl.DataFrame, tags: pl.DataFrame, against: pl.DataFrame) -> pl.DataFrame:
    """The passages to quote, in the columns of voices but for the words themselves, and PASSAGE.

    `heard` are the passages of the weeks (with started_at, category, person), `tags` what they carry,
    `against` what they deny. Surest first, then newest; one of each person. A signal that fewer than
    three people carry in a category is not quoted there, on either side.
    """
    carried = tags.group_by(*PASSAGE, "signal").agg(pl.col("confidence").max())
    others = against.join(carried, on=[*PASSAGE, "signal"], how="anti")
    both = pl.concat(
        [
            carried.with_columns(pl.lit("for").alias("side")),
            others.with_columns(
                pl.lit(None, dtype=pl.Float64).alias("confidence"),
                pl.lit("against").alias("side"),
            ).select(*carried.columns, "side"),
        ]
    )
    said = both.join(heard, on=list(PASSAGE)).with_columns(pl.col("category").cast(pl.String))
    everything = said.with_columns(pl.lit(None, dtype=pl.String).alias("category"))
    scopes = pl.concat([said.filter(pl.col("category").is_not_null()), everything])
    people = pl.col("person").n_unique().over(SCOPE).cast(pl.Int64).alias("people")
    loud = pl.col("person").filter(pl.col("side") == "for").n_unique().over("signal", "category")
    kept = scopes.with_columns(people).filter(loud >= MIN_PEOPLE)
    ordered = kept.sort(
        *SCOPE, "confidence", "started_at", *PASSAGE,
        descending=[False, False, False, True, True, *[False] * len(PASSAGE)], nulls_last=True,
    ).unique([*SCOPE, "person"], keep="first", maintain_order=True)  # fmt: skip
    placed = ordered.with_columns(
        pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over(SCOPE).alias("place")
    )
    most = pl.col("side").replace_strict(SHOWN, return_dtype=pl.Int32)
    return placed.filter(pl.col("place") <= most).with_columns(
        pl.col("started_at").dt.date().alias("said_on")
    )
