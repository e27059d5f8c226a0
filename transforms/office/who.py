"""Ids of customers as persons: each different id is hashed and looked up once, however many rows bear it."""

from __future__ import annotations

import polars as pl

from transforms.asof import SOURCE
from transforms.hashed import Hasher
from transforms.identity import with_persons

ID = "customer_id"
DETAILS = ("email", "phone")
"""Contact details, which table `customers` alone bears."""


def bearers(frame: pl.LazyFrame) -> pl.LazyFrame:
    """The different customer ids of `frame` as they were given, with their source and contact details."""
    details = [name for name in DETAILS if name in frame.collect_schema().names()]
    return frame.select(ID, SOURCE, *details).filter(pl.col(ID).is_not_null()).unique()


def with_who(frame: pl.DataFrame, by: Hasher, persons: pl.DataFrame) -> pl.DataFrame:
    """`frame` with the person in the place of each customer_id as it was given, in the same order.

    `persons` as `transforms.identity.resolve` gives them; an id that is not among them is a person
    of its own. Null stays null.
    """
    if ID not in frame.columns:
        return frame
    key = [ID, SOURCE] if by.own_ids else [ID]
    ids = frame.lazy().select(ID, SOURCE).unique(key).drop_nulls(ID).collect()
    nodes = ids.select(*key, by.ids(ids).alias("_node"))
    told = with_persons(nodes.rename({ID: "_raw", "_node": ID}), persons)
    named = told.rename({ID: "_who", "_raw": ID})
    return (
        frame.join(named, on=key, how="left", maintain_order="left")
        .with_columns(pl.col("_who").alias(ID))
        .drop("_who")
    )
