"""Ids of customers as persons: each different id is hashed and looked up once, however many rows bear it."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from transforms.asof import SOURCE
from transforms.customers import ID_KEY
from transforms.hashed import Hasher, hashed_frames
from transforms.identity import with_persons

ID = "customer_id"
DETAILS = ("email", "phone")
"""Contact details, which table `customers` alone bears."""


def bearers(frame: pl.LazyFrame) -> pl.LazyFrame:
    """The different customer ids of `frame` as they were given, with their source."""
    return frame.select(ID, SOURCE).filter(pl.col(ID).is_not_null()).unique()


def tellers(
    customers: pl.DataFrame, bearing: Mapping[str, pl.DataFrame], by: Hasher
) -> dict[str, pl.DataFrame]:
    """Hashed rows that decide who is one person: `transforms.customers.links_of` asks for no others.

    `customers` with hashes; `bearing`: ids that other tables bear, as given. Where no id is itself an
    address or number, only customers with a contact detail that stands twice can be joined.
    """
    keyed = {name: ids for name, ids in bearing.items() if by.id_keys(ids[ID]).count()}
    if keyed or ID_KEY in customers.columns:
        return {"customers": customers, **hashed_frames(keyed, by)}
    twice = [pl.col(name).is_not_null() & pl.col(name).is_duplicated() for name in DETAILS]
    nodes = customers.filter(pl.any_horizontal(twice)).select(ID).unique()
    return {"customers": customers.join(nodes, on=ID, how="semi")}


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
