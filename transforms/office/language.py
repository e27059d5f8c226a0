"""Our copy beside customers' phrases: which of their words stand in it, as said or by their stems."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache

import polars as pl
import snowballstemmer

from transforms.contracts.office_columns import MIN_SHOWN
from transforms.phrases import safe_words, without_parts

STEMMERS = {
    "da": "danish", "de": "german", "en": "english", "es": "spanish", "fi": "finnish",
    "fr": "french", "it": "italian", "nl": "dutch", "no": "norwegian", "pt": "portuguese",
    "sv": "swedish",
}  # fmt: skip
"""Languages whose words have stems (Snowball; Porter 2001); of others only words as said match."""
PHRASES = 60
"""Phrases of a scope that copy is held against: those that most people said."""
MISSING = 10
WORDS = 1 << 16
"""Words whose stems are kept: a page's words are for the most part those of the page before."""
ALONE = 1.5
"""A single word counts where it is said so much more of the category: others say too little."""
SCOPE = ("category", "language")
_INLINE = r"(?i)</?(?:a|abbr|b|em|i|mark|s|small|span|strong|sub|sup|u)(?:\s[^>]{0,2000})?>"


def copy_texts(texts: pl.Series) -> pl.Series:
    """Copy as a browser shows it: words of markup and of scripts are none."""
    column = pl.col("text")
    shown = (
        column.str.replace_all(r"(?is)<(?:style|script|head)[^>]*>.*?</(?:style|script|head)>", " ")
        .str.replace_all(_INLINE, "")
        .str.replace_all(r"<[^>]{1,2000}>", "\n")
    )
    plain = texts.to_frame("text").select(shown).to_series()
    return plain.map_elements(html.unescape, return_dtype=pl.String)


def word_lists(texts: pl.Series) -> list[list[str]]:
    """Lower-case words of each text, with a bar wherever a phrase must not run on."""
    return texts.to_frame("text").select(safe_words(pl.col("text"))).to_series().to_list()


@cache
def _stemmer(language: str) -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer(STEMMERS[language])


@lru_cache(maxsize=WORDS)
def _stem(word: str, language: str) -> str:
    return str(_stemmer(language).stemWord(word))


def stems(words: Iterable[str], language: str) -> list[str]:
    """The stem of each word; the word itself in a language without stems."""
    given = list(words)
    if language not in STEMMERS:
        return given
    return [_stem(word, language) for word in given]


def contains(words: Sequence[str], phrases: Sequence[str]) -> list[bool]:
    """Whether each phrase (words with blanks between) stands in `words`, word for word in its order."""
    text = f" {' '.join(words)} "
    return [f" {phrase} " in text for phrase in phrases]


def found_in(words: Sequence[str], phrases: Sequence[str], language: str) -> pl.DataFrame:
    """phrase, exact, lemma: whether each of `phrases` stands in copy of these `words`.

    exact: as customers say it. lemma: word by word with equal stems, so "filters lasted" matches
    "filter lasts". Whatever is exact is lemma, too.
    """
    exact = contains(words, phrases)
    stemmed = [" ".join(stems(phrase.split(), language)) for phrase in phrases]
    near = contains(stems(words, language), stemmed)
    lemma = [a or b for a, b in zip(exact, near, strict=True)]
    schema = {"phrase": pl.String, "exact": pl.Boolean, "lemma": pl.Boolean}
    return pl.DataFrame({"phrase": phrases, "exact": exact, "lemma": lemma}, schema=schema)


def candidates(weekly: pl.DataFrame, wanted: pl.DataFrame) -> pl.DataFrame:
    """category, language, phrase: what copy of the `wanted` scopes (category, language) is held against.

    `weekly` bears week_start, category (null: everything), language, size, phrase and people.
    Phrases that people say at least as often of the category as of everything (`ALONE` times as
    often where they are one word, which without a category are left out), without parts of longer
    ones; of each scope the `PHRASES` that most people said, week by week added up.
    """
    key = [*SCOPE, "size", "phrase"]
    sums = weekly.group_by(key).agg(pl.col("people").sum()).filter(pl.col("people") >= MIN_SHOWN)
    scale = pl.col("people").sum().over(*SCOPE)
    rates = sums.with_columns((pl.col("people") / scale).alias("rate"))
    usual = rates.filter(pl.col("category").is_null()).select(
        "language", "phrase", pl.col("rate").alias("usual")
    )
    own = rates.join(wanted, on=list(SCOPE), how="semi", nulls_equal=True).join(
        usual, on=["language", "phrase"], how="left"
    )
    least = pl.when(pl.col("size") > 1).then(1.0).otherwise(ALONE)
    typical = pl.col("rate") >= least * pl.col("usual")
    anywhere = pl.col("category").is_null() & (pl.col("size") > 1)
    mine = own.filter(anywhere | (pl.col("category").is_not_null() & typical))
    whole = without_parts(mine.with_columns(pl.lit(0).alias("week_start")))
    order = pl.struct(-pl.col("people"), "phrase").rank("ordinal").over(*SCOPE)
    return (
        whole.filter(order <= PHRASES)
        .select(*SCOPE, "phrase")
        .sort(*SCOPE, "phrase", nulls_last=False)
    )


def sayings(said: pl.DataFrame, chosen: pl.DataFrame) -> pl.DataFrame:
    """category, language, phrase, person: who of a batch said which of the chosen phrases, once each.

    `said` bears person, category, language and phrase; what is said of a category is said of
    everything (null), too.
    """
    columns = [*SCOPE, "phrase", "person"]
    everything = said.with_columns(pl.lit(None, dtype=pl.String).alias("category"))
    both = pl.concat([said.select(columns), everything.select(columns)])
    return both.join(chosen, on=[*SCOPE, "phrase"], how="semi", nulls_equal=True).unique()


def support(spoken: pl.DataFrame) -> pl.DataFrame:
    """category, language, phrase, people: different people who said it; fewer than three are left out."""
    counts = spoken.unique().group_by(*SCOPE, "phrase").agg(pl.len().cast(pl.Int64).alias("people"))
    return counts.filter(pl.col("people") >= MIN_SHOWN)


def missing(told: pl.DataFrame) -> str:
    """The phrases of `told` (phrase, people, lemma) that copy lacks, most said first, with their people."""
    lacking = told.filter(~pl.col("lemma")).sort("people", "phrase", descending=[True, False])
    shown = lacking.head(MISSING).select("phrase", "people").iter_rows()
    return "; ".join(f"{phrase} ({people})" for phrase, people in shown)
