"""Who is who across systems: customer ids joined by e-mail and phone, on keyed hashes alone.

An id, an e-mail and a phone are equal or not; nothing is guessed by likeness. Two ids are one customer when a chain of
shared keys leads from one to the other (connected components; Tarjan 1972). A key that too many ids share (a shop's
own address, a call centre) joins nobody, and a customer that grew too large is taken apart again: joining two people
is worse than knowing one twice. Both are reported.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

EMAIL, PHONE, CUSTOMER = "email", "phone", "customer_id"
FORGOTTEN = "gone-"
"""How the ids and keys of people who were forgotten begin: a keyed hash stands behind it."""
LINKS = {"node": pl.String, "key_type": pl.String, "key_hash": pl.String}
"""Columns of links: a customer id's hash and a key that it bears."""


@dataclass(frozen=True, slots=True)
class Persons:
    """`person` of each `node` that shares a key with another, and how each link ended.

    A node that is not in `persons` is a person of its own.

    `links` has LINKS, person and status: joined (the key connects ids), alone (one id has it),
    shared (too many ids have it: it joins nobody), apart (its customer grew too large).
    """

    persons: pl.DataFrame
    links: pl.DataFrame


def normal_email(values: pl.Series, *, merge_plus: bool) -> pl.Series:
    """Addresses in one form: lower case, without "mailto:", blanks and, by choice, +tags; null: none."""
    text = values.cast(pl.String).str.strip_chars(" \t\r\n<>\"'").str.to_lowercase()
    text = text.str.replace(r"^mailto:", "")
    if merge_plus:
        text = text.str.replace(r"^([^+@]+)\+[^@]*@", "${1}@")
    gone = text.str.starts_with(FORGOTTEN)
    sound = (text.str.contains(r"^[^@\s]+@[^@\s]+\.[^@\s]+$") | gone).fill_null(False)
    return pl.select(pl.when(sound).then(text)).to_series().alias(values.name)


MAX_PHONES = 3
"""Telephones that one e-mail address may go with: mobile, home, work."""


def resolve(
    links: pl.DataFrame,
    *,
    max_shared: int,
    max_emails: int,
    max_ids: int,
    max_phones: int = MAX_PHONES,
) -> Persons:
    """Customers from `links` (LINKS): a person is named by the least of its ids' hashes.

    A key joins nobody where more than `max_shared` ids bear it, or ids of more than `max_emails`
    e-mail addresses (of a phone) or `max_phones` phones (of an address): what a household or a shop
    shares is nobody's name.
    """
    links = links.select(list(LINKS)).drop_nulls().unique().sort(list(LINKS))
    key = ["key_type", "key_hash"]
    several = pl.concat(
        [_going_with(links, PHONE, EMAIL, max_emails), _going_with(links, EMAIL, PHONE, max_phones)]
    )
    links = links.with_columns(pl.col("node").n_unique().over(key).alias("_ids")).join(
        several, on=key, how="left", maintain_order="left"
    )
    several_ids = pl.col("_several").fill_null(False) & (pl.col("_ids") > 1)
    many = (pl.col("_ids") > max_shared) | several_ids
    links = links.with_columns(many.alias("_many")).drop("_several")
    usable = links.filter(~pl.col("_many"), pl.col("_ids") > 1)
    persons = _components(usable)
    size = pl.col("node").n_unique().over("person")
    persons = persons.with_columns((size > max_ids).alias("_apart")).with_columns(
        pl.when("_apart").then("node").otherwise("person").alias("person")
    )
    told = links.join(persons, on="node", how="left").with_columns(
        pl.coalesce("person", "node").alias("person"), pl.col("_apart").fill_null(False)
    )
    status = (
        pl.when("_many")
        .then(pl.lit("shared"))
        .when("_apart")
        .then(pl.lit("apart"))
        .when(pl.col("_ids") > 1)
        .then(pl.lit("joined"))
        .otherwise(pl.lit("alone"))
    )
    found = told.with_columns(status.alias("status")).drop("_ids", "_apart", "_many")
    return Persons(persons.select("node", "person").sort("node"), found.sort(list(LINKS)))


def _going_with(links: pl.DataFrame, kind: str, other: str, most: int) -> pl.DataFrame:
    """Keys of `kind`, and whether their ids bear more than `most` different keys of the `other` kind."""
    theirs = links.filter(pl.col("key_type") == other).select(
        "node", pl.col("key_hash").alias("_other")
    )
    return (
        links.filter(pl.col("key_type") == kind)
        .join(theirs, on="node")
        .group_by("key_type", "key_hash")
        .agg((pl.col("_other").n_unique() > most).alias("_several"))
    )


def _components(links: pl.DataFrame) -> pl.DataFrame:
    """`node` and `person` for every node of `links`."""
    if links.is_empty():
        return pl.DataFrame(schema={"node": pl.String, "person": pl.String})
    nodes = links["node"].unique().sort()
    keys = links.select("key_type", "key_hash").unique().sort("key_type", "key_hash")
    numbered = links.join(nodes.to_frame().with_row_index("_node"), on="node").join(
        keys.with_row_index("_key"), on=["key_type", "key_hash"]
    )
    rows = numbered["_node"].to_numpy().astype(np.int64)
    columns = numbered["_key"].to_numpy().astype(np.int64) + len(nodes)
    size = len(nodes) + keys.height
    graph = coo_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(size, size))
    _, label = connected_components(graph.tocsr(), directed=False)
    return (
        pl.DataFrame({"node": nodes, "_label": label[: len(nodes)]})
        .with_columns(pl.col("node").min().over("_label").alias("person"))
        .select("node", "person")
    )


def with_persons(frame: pl.DataFrame, persons: pl.DataFrame) -> pl.DataFrame:
    """`frame` with the person in the place of each `customer_id` (a node); unlinked ids stay."""
    if persons.is_empty() or "customer_id" not in frame.columns:
        return frame
    renamed = persons.select(pl.col("node").alias("customer_id"), pl.col("person").alias("_person"))
    return (
        frame.join(renamed, on="customer_id", how="left", maintain_order="left")
        .with_columns(pl.coalesce("_person", "customer_id").alias("customer_id"))
        .drop("_person")
    )
