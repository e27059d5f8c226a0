"""Which passages can be tagged, and in which language each is."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from transforms.tagging.language import OTHER, Detector, primary
from transforms.tagging.normalise import MAX_SCAN, fold_all
from transforms.tagging.phrases import PhraseBook

TAGGABLE_SCHEMA: dict[str, pl.DataType] = {
    "conversation_id": pl.String(),
    "passage_id": pl.String(),
    "taggable": pl.Boolean(),
    "language": pl.String(),
}


def read_words(texts: pl.Series) -> pl.DataFrame:
    """`text` as far as it is scanned, `folded`, and `words` (anchor text), in the order given."""
    frame = pl.DataFrame({"text": texts.cast(pl.String).fill_null("").str.slice(0, MAX_SCAN)})
    words = pl.col("folded").str.replace_all("'", "", literal=True)
    words = words.str.replace_all(r"[^a-z0-9\x{80}-\x{10ffff}]+", " ").str.strip_chars(" ")
    folded = fold_all(frame["text"]).alias("folded")
    return frame.with_columns(folded).with_columns((" " + words + " ").alias("words"))


def hinted(words: pl.DataFrame, books: Sequence[PhraseBook]) -> pl.DataFrame:
    """`hint`, `decided` and `worded` beside what `read_words` gives; they follow from the text and the books.

    `hint` is a language or null, `decided` whether the words alone decide, `worded` whether there are any.
    """
    detector = Detector(books)
    pairs = zip(words["text"].to_list(), words["words"].to_list(), strict=True)
    found = [detector.detect(*pair) for pair in pairs]
    return words.with_columns(
        pl.Series("hint", [language for language, _ in found], pl.String),
        pl.Series("decided", [decided for _, decided in found], pl.Boolean),
        (pl.col("words").str.strip_chars(" ") != "").alias("worded"),
    )


def majority(hints: pl.DataFrame) -> str | None:
    """The commonest language that words decide, first in the alphabet on a tie; None when none do."""
    decided = hints.filter(pl.col("decided") & (pl.col("hint") != OTHER))
    counts = decided.group_by("hint").len().sort(["len", "hint"], descending=[True, False])
    return None if counts.is_empty() else str(counts["hint"][0])


def with_languages(
    told: pl.DataFrame, books: Sequence[PhraseBook], fallback_language: str | None
) -> pl.DataFrame:
    """`taggable` and `language` beside speaker, language as given, `hint`, `decided` and `worded` (not empty).

    Not taggable: an agent's passage, an empty one, one in a language without a book. The language is what the
    words decide; else the one given; else `fallback_language`, or, without it, the commonest decided language of
    the frame; else what the words hint at; null when nothing is known.
    """
    fallback = primary(fallback_language) or majority(told)
    given = {code: primary(code) for code in told["language"].unique().drop_nulls().to_list()}
    decided = pl.when(pl.col("decided")).then(pl.col("hint"))
    declared = pl.col("language").replace_strict(given, default=None, return_dtype=pl.String)
    language = pl.coalesce(decided, declared, pl.lit(fallback, pl.String), pl.col("hint"))
    able = (
        language.is_in([book.language for book in books]).fill_null(False)
        & is_customer()
        & pl.col("worded")
    )
    return told.with_columns(able.alias("taggable"), language.alias("language"))


def is_customer() -> pl.Expr:
    """Whether a passage is the customer's own side, as far as anybody knows, by its `speaker`."""
    return pl.col("speaker").fill_null("unknown").str.to_lowercase() != "agent"


def complete(passages: pl.DataFrame) -> pl.DataFrame:
    """The columns that tagging reads; speaker and language are null where the frame lacks them."""
    columns = {"speaker": pl.lit(None, pl.String), "language": pl.lit(None, pl.String)}
    missing = [value.alias(name) for name, value in columns.items() if name not in passages.columns]
    return passages.with_columns(missing).select(
        pl.col("conversation_id", "passage_id", "speaker", "language", "text").cast(pl.String)
    )


def judge(
    passages: pl.DataFrame, books: Sequence[PhraseBook], fallback_language: str | None
) -> pl.DataFrame:
    """Passages with their words, `taggable` and `language`, sorted by ids and text."""
    frame = complete(passages)
    words = hinted(read_words(frame["text"]), books)
    judged = with_languages(frame.drop("text").hstack(words), books, fallback_language)
    return judged.sort("conversation_id", "passage_id", "text")


def majority_language(passages: pl.DataFrame, books: Sequence[PhraseBook]) -> str | None:
    """The commonest language that words decide. Give it as `fallback_language` wherever one corpus is tagged in parts."""
    return majority(hinted(read_words(passages["text"]), books))
