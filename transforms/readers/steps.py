"""Steps that several layouts share: text cells in, text cells out, rows and their order kept."""

from __future__ import annotations

import html
from collections.abc import Sequence

import polars as pl

from transforms import parsing
from transforms.readers.names import plain

GID = r"^(?:gid://\w+/\w+/)?([^?]+)"
"""The number in Shopify's `gid://shopify/Order/1`; other ids stay as they are."""
ADDED_UP = "another row of the same: added up"
"""The rule under which rows are counted whose quantity stands in the first row of their key."""
SUPERSEDED = "an earlier state of a record that the file holds again"
"""The rule under which rows are counted that a later state of their record replaces."""
TRUE = r"(?i)^(?:true|t|1|yes)$"


def blank_as_null(frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` with null for cells of nothing but blanks."""
    texts = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    return frame.with_columns(pl.col(texts).str.strip_chars().replace("", None))


def first_of_group(frame: pl.DataFrame, by: str, names: Sequence[str]) -> pl.DataFrame:
    """`frame` with the first given value of each of `names` in all rows of its group."""
    key = plain(by)
    filled = [pl.col(name).drop_nulls().first().over(key).alias(name) for name in map(plain, names)]
    return frame.with_columns(pl.when(pl.col(key).is_not_null()).then(one) for one in filled)


def added_up(frame: pl.DataFrame, by: Sequence[str], names: Sequence[str]) -> pl.DataFrame:
    """`frame` with the sums of `names` by `by` as `made.<name>`, and `made.again` on all but the first row.

    Nulls add nothing; a group of nulls alone sums to null. A cell that is no number becomes the
    sum, so that validation quarantines it with what the file said.
    """
    keys = [plain(one) for one in by]
    whole = pl.all_horizontal(pl.col(keys).is_not_null())
    sums = []
    for name in map(plain, names):
        number = pl.col(name).cast(pl.Float64, strict=False)
        unread = pl.when(number.is_null()).then(pl.col(name)).drop_nulls().first().over(keys)
        total = pl.when(number.is_not_null().any().over(keys)).then(number.sum().over(keys))
        same = pl.coalesce(unread, total.cast(pl.String))
        sums.append(pl.when(whole).then(same).otherwise(pl.col(name)).alias(f"made.{name}"))
    again = whole & (pl.int_range(pl.len()).over(keys) > 0)
    return frame.with_columns(*sums, again.cast(pl.String).alias("made.again"))


def numbered(frame: pl.DataFrame, by: Sequence[str], label: str, into: str) -> pl.DataFrame:
    """`frame` with `<label>#<n>`, n counting equal labels within `by`: the same in every export.

    `by` tells copies of an order apart (NUMBER, `copies`): a copy must bear the names of the first.
    """
    keys = [*map(plain, by), plain(label)]
    nth = (pl.int_range(pl.len()).over(keys) + 1).cast(pl.String)
    return frame.with_columns((pl.col(plain(label)).fill_null("") + "#" + nth).alias(into))


def copies(frame: pl.DataFrame, by: str, head: str, into: str) -> pl.DataFrame:
    """`frame` with which copy of its group each row belongs to, where exports stand one after the other.

    A copy begins where `head`, given in a group's first row alone, is given; in a file that gives it in
    every row, where a group's rows go on after those of another. A group with one head is one copy,
    however its rows are sorted.
    """
    key, given = plain(by), pl.col(plain(head)).is_not_null()
    resumed = pl.col(key).ne_missing(pl.col(key).shift(1))
    begins = pl.when(given.all()).then(resumed).otherwise(given).cast(pl.Int64).alias(into)
    nth = pl.when(pl.col(into).sum().over(key) > 1).then(pl.col(into).cum_sum().over(key))
    return frame.with_columns(begins).with_columns(nth.otherwise(1).cast(pl.String).alias(into))


def superseded(frame: pl.DataFrame, by: str, changed: str) -> pl.DataFrame:
    """`frame` with `made.superseded`: whether a record of the same id was changed later.

    Nobody is, where it is not said when; a time without offset is taken as UTC.
    """
    key, at = plain(by), parsing.times(frame[plain(changed)], "UTC").alias("made.state")
    last = pl.col("made.state").max().over(key)
    older = pl.col(key).is_not_null() & (pl.col("made.state") < last).fill_null(False)
    return frame.with_columns(at).with_columns(older.cast(pl.String).alias("made.superseded"))


def lowered(frame: pl.DataFrame, names: Sequence[str], into: str) -> pl.DataFrame:
    """`frame` with the first given of `names`, trimmed and in lower case."""
    values = [pl.col(plain(one)).str.strip_chars().replace("", None) for one in names]
    return frame.with_columns(pl.coalesce(values).str.to_lowercase().alias(into))


def plain_text(column: str, into: str = "made.text") -> pl.Expr:
    """An expression: HTML as the words that a reader sees."""
    text = (
        pl.col(plain(column))
        .str.replace_all(
            r"(?is)<(?:style|script|head|blockquote)[^>]*>.*?</(?:style|script|head|blockquote)>",
            " ",
        )
        .str.replace_all(r"(?i)<(?:br|/p|/div|/li|/tr)[^>]*>", "\n")
        .str.replace_all(r"<[^>]{1,2000}>", "")
    )
    return text.map_elements(html.unescape, return_dtype=pl.String).str.strip_chars().alias(into)
