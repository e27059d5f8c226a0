"""Customers across systems as counted tables, from rows whose ids are keyed hashes."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from transforms.asof import SOURCE
from transforms.calendar import local_day
from transforms.contracts import EXPORTS, UTC_TIME
from transforms.identity import EMAIL, FORGOTTEN, LINKS, PHONE, Persons, with_persons

ID_KEY = "_id_key"
"""Column of the key that an id is itself: its type, a blank, its hash."""
BUYERS = {
    SOURCE: pl.String(),
    "customer_id": pl.String(),
    "orders": pl.Int64(),
    "first_at": UTC_TIME,
    "first_order_on": pl.Date(),
    "last_order_on": pl.Date(),
}
"""Columns of `transforms.buyers`: a customer id of a source, and its orders that count."""
_KEPT_APART = ("shared", "apart")


def links_of(shown: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Links (LINKS and _source) that the shown rows tell: customers' contact details, and ids that are such."""
    parts = [pl.DataFrame(schema={**LINKS, SOURCE: pl.String})]
    if "customers" in shown:
        told = shown["customers"]
        parts += [_links(told, pl.lit(kind), pl.col(kind)) for kind in (EMAIL, PHONE)]
    typed = pl.col(ID_KEY).str.splitn(" ", 2).struct
    parts += [
        _links(frame, typed.field("field_0"), typed.field("field_1"))
        for frame in shown.values()
        if ID_KEY in frame.columns
    ]
    return pl.concat(parts).drop_nulls().unique().sort(*LINKS, SOURCE)


def _links(frame: pl.DataFrame, kind: pl.Expr, key: pl.Expr) -> pl.DataFrame:
    return frame.select(
        pl.col("customer_id").alias("node"), kind.alias("key_type"), key.alias("key_hash"), SOURCE
    )


def joined(shown: Mapping[str, pl.DataFrame], persons: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """`shown` with one customer_id for each person."""
    return {name: with_persons(frame, persons) for name, frame in shown.items()}


def identity_tables(
    shown: Mapping[str, pl.DataFrame],
    talked: pl.DataFrame,
    links: pl.DataFrame,
    found: Persons,
    timezone: str,
    *,
    buyers: pl.DataFrame | None = None,
) -> dict[str, pl.DataFrame]:
    """customers, identity_edges and identity_match (without its rates).

    `shown` holds nodes as customer_id, `talked` conversations with persons as customer_id. `buyers`
    (`transforms.buyers`) are nodes of one source, joined with nobody, whose order lines are not shown. People
    who were forgotten are in none of them.
    """
    buyers = pl.DataFrame(schema=BUYERS) if buyers is None else buyers
    nodes = _nodes({**shown, "": buyers}, found)
    told = (
        links.join(found.links, on=list(LINKS), how="left")
        .filter(~pl.col("node").str.starts_with(FORGOTTEN))
        .with_columns(pl.col("person").fill_null(pl.col("node")))
    )
    orders = _orders(shown, found.persons, timezone, buyers)
    edges = _edges(nodes, told)
    return {
        "customers": _customers(nodes, told, orders, talked, timezone),
        "identity_edges": edges,
        "identity_match": _match(nodes, told, orders, talked),
    }


def _nodes(shown: Mapping[str, pl.DataFrame], found: Persons) -> pl.DataFrame:
    """node, _source and person of every id that is known; no forgotten ones."""
    parts = [
        frame.select(pl.col("customer_id").alias("node"), SOURCE).unique()
        for frame in shown.values()
        if "customer_id" in frame.columns
    ]
    schema = {"node": pl.String, SOURCE: pl.String}
    return (
        pl.concat([pl.DataFrame(schema=schema), *parts])
        .drop_nulls()
        .unique()
        .filter(~pl.col("node").str.starts_with(FORGOTTEN))
        .join(found.persons, on="node", how="left")
        .with_columns(pl.coalesce("person", "node").alias("person"))
        .sort("node", SOURCE)
    )


def _orders(
    shown: Mapping[str, pl.DataFrame], persons: pl.DataFrame, timezone: str, buyers: pl.DataFrame
) -> pl.DataFrame:
    """person, orders, first_at and the days of the first and last order that counts."""
    real = pl.col("cancelled_at").is_null() & ~pl.col("is_test").fill_null(False)
    lines = with_persons(shown["order_lines"], persons).filter(
        real & pl.col("customer_id").is_not_null()
    )
    asked = lines.group_by(pl.col("customer_id").alias("person")).agg(
        pl.col("order_id").n_unique().cast(pl.Int64).alias("orders"),
        pl.col("ordered_at").min().alias("first_at"),
        local_day("ordered_at", timezone).min().alias("first_order_on"),
        local_day("ordered_at", timezone).max().alias("last_order_on"),
    )
    others = buyers.filter(pl.col("orders") > 0).rename({"customer_id": "person"})
    return pl.concat([asked, others.select(asked.columns)])


def _edges(nodes: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    contract = EXPORTS["identity_edges"]
    apart = told.filter(pl.col("status") == "apart")["node"].unique()
    several = pl.col("person").is_duplicated()  # nodes stand once a source
    ids = nodes.select(
        pl.col("person").alias("customer_key"),
        pl.lit("customer_id").alias("key_type"),
        pl.col("node").alias("key_hash"),
        pl.col(SOURCE).alias("source"),
        pl.when(pl.col("node").is_in(apart.implode()))
        .then(pl.lit("apart"))
        .when(several)
        .then(pl.lit("joined"))
        .otherwise(pl.lit("alone"))
        .alias("status"),
    )
    keys = told.select(
        pl.col("person").alias("customer_key"),
        "key_type",
        "key_hash",
        pl.col(SOURCE).alias("source"),
        "status",
    ).unique()
    return pl.concat([ids, keys]).select(contract.names).sort(contract.order)


def _customers(
    nodes: pl.DataFrame,
    told: pl.DataFrame,
    orders: pl.DataFrame,
    talked: pl.DataFrame,
    timezone: str,
) -> pl.DataFrame:
    contract = EXPORTS["customers"]
    base = _ids(nodes)
    keys = told.group_by("person").agg(
        *(
            pl.col("key_hash")
            .filter(pl.col("key_type") == kind)
            .n_unique()
            .cast(pl.Int64)
            .alias(name)
            for kind, name in ((EMAIL, "n_emails"), (PHONE, "n_phones"))
        ),
        pl.col("status").is_in(_KEPT_APART).any().alias("held_apart"),
    )
    said = talked.group_by(pl.col("customer_id").alias("person")).agg(
        pl.len().cast(pl.Int64).alias("conversations"),
        local_day("started_at", timezone).max().alias("last_conversation_on"),
    )
    table = base
    for part in (keys, orders.drop("first_at"), said):
        table = table.join(part, on="person", how="left")
    counts = ("n_emails", "n_phones", "orders", "conversations")
    return (
        table.rename({"person": "customer_key"})
        .with_columns(*(pl.col(name).fill_null(0) for name in counts))
        .with_columns(pl.col("held_apart").fill_null(False))
        .select(contract.names)
        .sort(contract.order)
    )


def _ids(nodes: pl.DataFrame) -> pl.DataFrame:
    """person, sources and n_ids; most people are one id of one source, which needs no list of its own."""
    several = pl.col("person").is_duplicated()
    alone = nodes.filter(~several).select(
        "person", pl.col(SOURCE).alias("sources"), pl.lit(1, dtype=pl.Int64).alias("n_ids")
    )
    known = (
        nodes.filter(several)
        .group_by("person")
        .agg(
            pl.col(SOURCE).unique().sort().str.join(", ").alias("sources"),
            pl.col("node").n_unique().cast(pl.Int64).alias("n_ids"),
        )
    )
    return pl.concat([alone, known])


def _match(
    nodes: pl.DataFrame, told: pl.DataFrame, orders: pl.DataFrame, talked: pl.DataFrame
) -> pl.DataFrame:
    """identity_match but for its three rates."""
    systems = pl.col(SOURCE).n_unique().over("person") > 1
    own = {
        "ids_with_email": told.filter(pl.col("key_type") == EMAIL)["node"].unique().implode(),
        "ids_with_phone": told.filter(pl.col("key_type") == PHONE)["node"].unique().implode(),
        "ids_apart": told.filter(pl.col("status") == "apart")["node"].unique().implode(),
    }
    ids = (
        nodes.with_columns(systems.alias("_matched"))
        .group_by(SOURCE)
        .agg(
            pl.len().alias("ids"),
            pl.col("_matched").sum().alias("ids_matched"),
            *(pl.col("node").is_in(members).sum().alias(name) for name, members in own.items()),
        )
    )
    shared = (
        told.filter(pl.col("status") == "shared")
        .group_by(SOURCE)
        .agg(pl.struct("key_type", "key_hash").n_unique().alias("keys_shared"))
    )
    asked = talked.join(
        orders.select(pl.col("person").alias("customer_id"), "first_at"),
        on="customer_id",
        how="left",
    )
    said = asked.group_by(SOURCE).agg(
        pl.len().alias("conversations"),
        pl.col("customer_id").is_not_null().sum().alias("conversations_with_customer"),
        (pl.col("first_at") < pl.col("started_at")).sum().alias("conversations_with_order"),
    )
    table = ids.join(said, on=SOURCE, how="full", coalesce=True).join(shared, on=SOURCE, how="left")
    numbers = [name for name in table.columns if name != SOURCE]
    return (
        table.with_columns(pl.col(name).fill_null(0).cast(pl.Int64) for name in numbers)
        .rename({SOURCE: "source"})
        .sort("source")
    )


def alarm_line(match: pl.DataFrame) -> str | None:
    """One line where customers were not joined because too much would be; None: nothing to report."""
    shared, apart = int(match["keys_shared"].sum()), int(match["ids_apart"].sum())
    if not shared and not apart:
        return None
    return (
        f"identity: {shared:,} e-mails or phones go with too many customer ids or addresses and join "
        f"nobody; {apart:,} ids would make too large a customer and stay apart (table "
        "identity_edges; [identity] max_shared, max_emails, max_phones, max_ids)"
    )
