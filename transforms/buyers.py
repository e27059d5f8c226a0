"""Who bought, one row for each customer id of a source: counted without all of their lines in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from transforms.asof import SOURCE
from transforms.customers import ID_KEY, links_of
from transforms.identity import FORGOTTEN, LINKS
from transforms.lives import DAY, FROM, UNTIL
from transforms.sold import sale_ends

_WHO = [SOURCE, "customer_id"]
_ADDRESS = rf"@|^\+|^{FORGOTTEN}"
"""In ids that may be an address or a number, or stand for somebody who was forgotten."""


def buyers(lines: pl.LazyFrame, cutoffs: Sequence[date], timezone: str) -> pl.DataFrame:
    """Every customer id of order lines that the last of `cutoffs` shows, and its orders that count.

    `lines` as `transforms.lives.lived` gives them for the same cutoffs. Columns: _source, customer_id as
    given, orders, first_at, first_order_on, last_order_on; who has only cancelled or test orders has 0 and nulls.
    """
    last = len(cutoffs) - 1
    shown = lines.filter(
        pl.col(FROM) <= last, pl.col(UNTIL) > last, pl.col("customer_id").is_not_null()
    )
    real = sale_ends(cutoffs, timezone) > last
    counted = (
        shown.filter(real)
        .group_by(_WHO)
        .agg(
            pl.col("order_id").n_unique().cast(pl.Int64).alias("orders"),
            pl.col("ordered_at").min().alias("first_at"),
            pl.col(DAY).min().alias("first_order_on"),
            pl.col(DAY).max().alias("last_order_on"),
        )
        .collect(engine="streaming")
    )
    others = shown.filter(~real).select(_WHO).unique().collect(engine="streaming")
    others = others.join(counted, on=_WHO, how="anti").with_columns(
        pl.lit(0, dtype=pl.Int64).alias("orders")
    )
    return pl.concat([counted, others], how="diagonal")


def may_be_address(ids: pl.Expr) -> pl.Expr:
    """Whether an id may be an e-mail address or number itself, or is of somebody forgotten."""
    return ids.str.contains(_ADDRESS)


def asked_of(
    frames: Mapping[str, pl.DataFrame], nodes: pl.DataFrame, talking: Sequence[str]
) -> pl.Series:
    """Which of `nodes` (customer_id as a keyed hash, _source, raw) have lines that some count asks for.

    `frames`: every other table's versions with hashed ids. Theirs are asked for who appear in one of the
    tables `talking`, who share an e-mail or telephone with another id, and whose id is one in several
    sources; so every id of whoever talks is among them, however people are joined at any cutoff.
    """
    parts = [pl.DataFrame(schema=LINKS), links_of(frames).select(list(LINKS))]
    if ID_KEY in nodes.columns:
        parts.append(links_of({"order_lines": nodes}).select(list(LINKS)))
    links = pl.concat(parts).unique()
    linked = links.filter(pl.col("node").n_unique().over("key_type", "key_hash") > 1)["node"]
    there = [frames[name]["customer_id"].drop_nulls() for name in talking]
    several = nodes.filter(pl.col("customer_id").is_duplicated())["customer_id"]
    wanted = pl.concat([linked, several, *there]).unique()
    return nodes["customer_id"].is_in(wanted.implode())
