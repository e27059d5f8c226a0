"""What becomes of somebody forgotten in published tables and quarantined rows: their rows and quotes go, counts stay."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

import polars as pl

from transforms.asof import SOURCE
from transforms.contracts import INPUTS
from transforms.forgetting import CONVERSATION, ORDERS, PASSAGE, Forgotten

ERASED = json.dumps({"row": "erased on request"})
_PARTS = re.compile(r"[\s,;|\"'{}\[\]]+")
QUOTES = ("quote", "excerpt_redacted")
"""Columns that quote the passage that `passage_id` names."""
_DECLARED = frozenset(name for table in INPUTS.values() for name in table.names)


def customer_keys(edges: pl.DataFrame, who: Forgotten) -> set[str]:
    """The published keys of the forgotten, from a night's identity_edges."""
    known = pl.Series(sorted(who.customers), dtype=pl.String).implode()
    ids = (pl.col("key_type") == "customer_id") & pl.col("key_hash").is_in(known)
    return set(edges.filter(ids)["customer_key"].to_list())


def without_customers(frame: pl.DataFrame, keys: set[str]) -> pl.DataFrame:
    """A published table of customers without the rows of `keys`."""
    gone = pl.Series(sorted(keys), dtype=pl.String).implode()
    return frame.filter(~pl.col("customer_key").is_in(gone).fill_null(False))


def quote_pairs(names: list[str]) -> list[tuple[str, str]]:
    """The columns of a published table that quote, each behind that of its passage's id.

    A quote stands in `quote` or `excerpt_redacted` beside `passage_id`, or in `quote_1` beside
    `example_1` and so on: so an erasure knows whose words they are.
    """
    pairs = [
        *((PASSAGE, name) for name in QUOTES),
        *((f"example_{n}", f"quote_{n}") for n in range(1, 10)),
    ]
    return [(example, quote) for example, quote in pairs if {example, quote} <= set(names)]


def without_quotes(
    frame: pl.DataFrame, who: Forgotten, *, rows_are_quotes: bool = False
) -> tuple[pl.DataFrame, int]:
    """A published table without the words of the forgotten, and how many of its rows quoted or named them.

    The next example of another customer takes the place of one that goes; counts stay. Where rows
    are nothing but a quote each, they go.
    """
    pairs = quote_pairs(frame.columns)
    if not pairs or not who.passages:
        return frame, 0
    known = pl.Series(sorted(who.passages), dtype=pl.String).implode()
    gone = pl.DataFrame(
        {
            example: who.by.hashed(PASSAGE, frame[example]).is_in(known).fill_null(False)
            for example, _ in pairs
        }
    )
    met = gone.select(pl.any_horizontal(pl.all()).alias("met"))["met"]
    if not met.any():
        return frame, 0
    if rows_are_quotes:
        return frame.filter(~met), int(met.sum())
    if pairs[0][0] == PASSAGE:
        kept = [pl.when(~gone[PASSAGE]).then(quote).alias(quote) for _, quote in pairs]
        return frame.with_columns(kept), int(met.sum())
    return _moved_up(frame, pairs, gone), int(met.sum())


def quotes_gone(before: Mapping[str, pl.DataFrame], after: Mapping[str, pl.DataFrame]) -> set[str]:
    """The quotes that stand in tables before an erasure and not after it."""

    def quotes(tables: Mapping[str, pl.DataFrame]) -> set[str]:
        told = (f[quote] for f in tables.values() for _, quote in quote_pairs(f.columns))
        return {quote for column in told for quote in column.drop_nulls()}

    return quotes(before) - quotes(after)


def without_repeated(frame: pl.DataFrame, spoken: set[str]) -> tuple[pl.DataFrame, int]:
    """A table that repeats quotes without those of `spoken`, and how many rows had one."""
    if not spoken or frame.is_empty():
        return frame, 0
    theirs = pl.col("quote").is_in(pl.Series(sorted(spoken)).implode()).fill_null(False)
    found = int(frame.select(theirs.sum()).item())
    return frame.with_columns(pl.when(~theirs).then("quote").alias("quote")), found


def _moved_up(
    frame: pl.DataFrame, pairs: list[tuple[str, str]], gone: pl.DataFrame
) -> pl.DataFrame:
    told = [
        pl.struct(pl.col(example).alias("e"), pl.col(quote).alias("q"), gone[example].alias("gone"))
        for example, quote in pairs
    ]
    left = pl.concat_list(told).list.filter(~pl.element().struct.field("gone"))
    made = []
    for place, (example, quote) in enumerate(pairs):
        one = left.list.get(place, null_on_oob=True)
        made += [one.struct.field("e").alias(example), one.struct.field("q").alias(quote)]
    return frame.with_columns(made)


def quarantine_erased(frame: pl.DataFrame, who: Forgotten) -> tuple[pl.DataFrame, int]:
    """Quarantined rows (source, row as JSON) with those that name somebody forgotten blanked, and their number.

    By the customer's id, an order or a conversation; what stands in a column that no input table
    declares is taken for any of these.
    """
    told = [(at, *one) for at, text in enumerate(frame["row"]) for one in _values(text)]
    schema = {"at": pl.Int64, "column": pl.String, "value": pl.String}
    values = pl.DataFrame(told, schema=schema, orient="row")
    values = values.with_columns(frame["source"].gather(values["at"]).alias(SOURCE))
    named = values.filter(_names(values, who))["at"]
    if named.is_empty():
        return frame, 0
    mine = pl.int_range(frame.height, eager=True).is_in(named.implode())
    row = pl.when(mine).then(pl.lit(ERASED)).otherwise("row").alias("row")
    return frame.with_columns(row), int(mine.sum())


def _names(values: pl.DataFrame, who: Forgotten) -> pl.Series:
    """Which values (column, value, _source) lead to the forgotten."""
    found = pl.repeat(False, values.height, dtype=pl.Boolean, eager=True)
    for columns in (("customer_id",), ORDERS, (CONVERSATION,)):
        meant = values["column"].is_in(columns) | ~values["column"].is_in(sorted(_DECLARED))
        told = values.filter(meant).select(SOURCE, pl.col("value").alias(columns[0]))
        found = found.scatter(meant.arg_true().filter(who.mine(told)), True)
    return found


def _values(text: str) -> Iterator[tuple[str, str]]:
    """Column and value of each scalar of a row as JSON; nothing of what is no such row.

    Where no table declares the column, also each part of the value: a line that could not be split
    stands whole in one.
    """
    try:
        row = json.loads(text)
    except ValueError:
        return
    for column, value in row.items() if isinstance(row, dict) else ():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str | int) and not isinstance(one, bool):
                yield column, str(one)
                if column not in _DECLARED:
                    yield from ((column, part) for part in _PARTS.split(str(one)) if part)
