"""Phrases of one to three words in customers' passages, counted by the people who said them.

Texts are redacted before anything is counted. A phrase never runs over a stop, a number, a word with
a digit in it, a common given name or a redacted place, so no number, code or contact detail is ever part of one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import polars as pl

from transforms.asof import SOURCE, VERSION
from transforms.privacy import redact
from transforms.privacy.given_names import GIVEN_NAMES

MAX_SIZE = 3
MAX_CHARS = 20_000
"""Characters of a passage that are read; the rest of a longer one is ignored."""
MIN_PEOPLE = 3
"""A phrase that fewer different people said is not shown: it might tell who they are."""
MIN_LETTERS, MAX_WORD = 2, 30
PASSAGE = (SOURCE, VERSION, "conversation_id", "passage_id")
COUNTS = {
    "category": pl.String(),
    "language": pl.String(),
    "size": pl.Int8(),
    "phrase": pl.String(),
    "people": pl.Int64(),
}
_BREAK = "|"
_GIVEN = r"(?-u:\b)(?:" + "|".join(name.capitalize() for name in sorted(GIVEN_NAMES)) + r")(?-u:\b)"
"""Given names as names are written: three customers of one name would make a phrase of it."""


def safe_words(text: pl.Expr) -> pl.Expr:
    """Lists of lower-case words of redacted texts, with a bar wherever a phrase must not run on."""
    straight = text.str.to_lowercase().str.replace_all(r"[’‘`´]|&#0*39;|&apos;|&rsquo;", "'")
    # Placeholders, entities, links, and every word that has a digit in it.
    coded = straight.str.replace_all(r"<[a-z_]+>|&[#\w]+;|https?:\S+|www\.\S+|\S*\p{N}\S*", " | ")
    plain = coded.str.replace_all(r"[^\p{L}\p{M}'\s]+|\n+", " | ")
    return plain.str.extract_all(r"[\p{L}\p{M}]+(?:'[\p{L}\p{M}]+)*|\|")


def phrases_of(passages: pl.DataFrame, stop_words: Mapping[str, Collection[str]]) -> pl.DataFrame:
    """_row, size, phrase: what each passage says; a phrase once a passage.

    `passages` bear text and language; `_row` is the number of the row. A phrase neither begins nor
    ends with a stop word of its language or a single letter, and words of more than `MAX_WORD`
    letters break it.
    """
    texts = redact(passages["text"].str.slice(0, MAX_CHARS)).str.replace_all(_GIVEN, "<NAME>")
    words = (
        pl.DataFrame({"text": texts, "language": passages["language"]})
        .with_row_index("_row")
        .select("_row", "language", safe_words(pl.col("text")).alias("word"))
        .explode("word", empty_as_null=False, keep_nulls=False)
    )
    empty = [
        (pl.col("language") == language) & pl.col("word").is_in(sorted(stops))
        for language, stops in sorted(stop_words.items())
    ]
    stop = pl.any_horizontal([*empty, pl.col("word").str.len_chars() < MIN_LETTERS])
    broken = (pl.col("word") == _BREAK) | (pl.col("word").str.len_chars() > MAX_WORD)
    marked = words.with_columns(stop.alias("_stop"), broken.alias("_broken"))
    parts = [_of_size(marked, size) for size in range(1, MAX_SIZE + 1)]
    return pl.concat(parts).unique()


def _of_size(words: pl.DataFrame, size: int) -> pl.DataFrame:
    last = pl.col("_row").shift(1 - size) == pl.col("_row")
    whole = pl.all_horizontal([~pl.col("_broken").shift(-i).fill_null(True) for i in range(size)])
    edges = pl.col("_stop") | pl.col("_stop").shift(1 - size)
    phrase = pl.concat_str([pl.col("word").shift(-i) for i in range(size)], separator=" ")
    return words.select("_row", pl.lit(size, pl.Int8).alias("size"), phrase.alias("phrase")).filter(
        words.select((last & whole & ~edges).fill_null(False).alias("_"))["_"]
    )


def people_saying(said: pl.DataFrame) -> pl.DataFrame:
    """Rows of `COUNTS` from one batch: how many people said each phrase, by category and in all.

    `said` bears person, category, language, size, phrase, one row a passage and phrase. All
    passages of a person in a week must be in one batch; counts of batches then add up. The
    category is null for everything.
    """
    key = ["language", "size", "phrase"]
    whole = said.select("person", *key).unique().group_by(key).agg(pl.len().alias("people"))
    split = (
        said.filter(pl.col("category").is_not_null())
        .select("person", "category", *key)
        .unique()
        .group_by("category", *key)
        .agg(pl.len().alias("people"))
    )
    everything = whole.with_columns(pl.lit(None, dtype=pl.String).alias("category"))
    return pl.concat([frame.select([pl.col(n).cast(t) for n, t in COUNTS.items()])
                      for frame in (everything, split)])  # fmt: skip


def added_up(counts: list[pl.DataFrame]) -> pl.DataFrame:
    """Counts of batches of one week, added up; sorted."""
    key = [name for name in COUNTS if name != "people"]
    return pl.concat(counts).group_by(key).agg(pl.col("people").sum()).sort(key, nulls_last=False)


def without_parts(found: pl.DataFrame, *, mostly: float = 0.8) -> pl.DataFrame:
    """`found` without phrases that are mostly said as part of a longer one that is there.

    Per week, category and language: a phrase goes where a longer one that contains it was said by
    at least `mostly` as many people.
    """
    key = ["week_start", "category", "language", "phrase"]
    parts = [_parts(found, size).select(*key, "_more") for size in range(1, _longest(found))]
    if not parts:
        return found
    most = pl.concat(parts).group_by(key).agg(pl.col("_more").max())
    told = found.join(most, on=key, nulls_equal=True)
    gone = told.filter(pl.col("_more") >= mostly * pl.col("people"))
    return found.join(gone.select(key).unique(), on=key, how="anti", nulls_equal=True)


def _longest(found: pl.DataFrame) -> int:
    """Words of the longest phrase; 0 where there is none."""
    most = found.select((pl.col("phrase").str.count_matches(" ", literal=True) + 1).max()).item()
    return int(most or 0)


def _parts(found: pl.DataFrame, size: int) -> pl.DataFrame:
    """Each run of `size` words of a longer phrase as the phrase, and by how many that was said (_more)."""
    words = pl.col("phrase").str.split(" ")
    longer = found.filter(words.list.len() > size).with_columns(words.alias("_words"))
    runs = [
        longer.filter(pl.col("_words").list.len() >= start + size).with_columns(
            pl.col("_words").list.slice(start, size).list.join(" ").alias("phrase"),
            pl.col("people").alias("_more"),
        )
        for start in range(_longest(longer) - size + 1)
    ]
    return pl.concat(runs) if runs else longer.with_columns(pl.col("people").alias("_more"))
