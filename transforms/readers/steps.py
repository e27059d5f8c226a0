"""Steps that several layouts share: text cells in, text cells out, rows and their order kept."""

from __future__ import annotations

import html
from collections.abc import Sequence

import polars as pl

from transforms.readers.names import plain

GID = r"^(?:gid://\w+/\w+/)?([^?]+)"
"""The number in Shopify's `gid://shopify/Order/1`; other ids stay as they are."""
ADDED_UP = "another row of the same: added up"
"""The rule under which rows are counted whose quantity stands in the first row of their key."""
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
    """`frame` with `<label>#<n>`, n counting equal labels within `by`: the same in every export."""
    keys = [*map(plain, by), plain(label)]
    nth = (pl.int_range(pl.len()).over(keys) + 1).cast(pl.String)
    return frame.with_columns((pl.col(plain(label)).fill_null("") + "#" + nth).alias(into))


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
