"""Everything that leads to one person, found through the identity graph of all that ever landed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from flows.forget.request import CannotForget, Request
from flows.lake import Lake
from flows.settings import Settings
from transforms.asof import SOURCE
from transforms.contracts import INPUTS
from transforms.customers import links_of
from transforms.forgetting import Forgotten, conversation_hashes, order_hashes
from transforms.hashed import Hasher, hashed_frames
from transforms.identity import EMAIL, FORGOTTEN, LINKS, PHONE, Persons, resolve

_ASKED = ("customer_id", "email", "phone", "order_id", "completed_order_id", "conversation_id")


@dataclass(frozen=True, slots=True)
class Graph:
    """All rows that name a customer, with raw ids (`frames`) and the nodes of one key (`hashed`)."""

    by: Hasher
    frames: Mapping[str, pl.DataFrame]
    hashed: Mapping[str, pl.DataFrame]
    persons: Persons


def read_graph(lake: Lake, settings: Settings, by: Hasher) -> Graph:
    """The graph of every version of every row, whenever it was known."""
    frames = {}
    for name, table in INPUTS.items():
        if "customer_id" not in table.names:
            continue
        columns = [SOURCE, *(c for c in _ASKED if c in table.names)]
        frames[name] = lake.versions(name, date.max).select(columns).unique().collect()
    hashed = hashed_frames(frames, by)
    rules = settings.identity
    persons = resolve(
        links_of(hashed).drop(SOURCE),
        max_shared=rules.max_shared,
        max_emails=rules.max_emails,
        max_phones=rules.max_phones,
        max_ids=rules.max_ids,
    )
    return Graph(by, frames, hashed, persons)


def find(graph: Graph, request: Request, settings: Settings) -> Forgotten:
    """What leads to the person of `request`. Raises CannotForget for nobody, or for several."""
    nodes = _asked(graph, request)
    people = graph.persons.persons
    known = {
        n for frame in graph.hashed.values() for n in frame["customer_id"].drop_nulls().unique()
    }
    nodes = {one for one in nodes & known if not one.startswith(FORGOTTEN)}
    named = people.filter(pl.col("node").is_in(sorted(nodes)))["person"].unique()
    loose = nodes - set(people["node"].to_list())
    if len(named) + len(loose) > 1 and request.kind != "customers/redact":
        raise CannotForget(
            f"this {request.kind} leads to {len(named) + len(loose)} customers who are not known to "
            "be one person; give one of their ids, as source:id where two systems number alike"
        )
    if not nodes and not _bought(graph, request.orders):
        raise CannotForget(
            f"no customer with this {request.kind} is known in the lake {settings.paths.lake}; "
            "nothing was changed"
        )
    whole = nodes | set(people.filter(pl.col("person").is_in(named.implode()))["node"].to_list())
    return _leads(graph, {n for n in whole if not n.startswith(FORGOTTEN)}, request)


def _bought(graph: Graph, orders: tuple[str, ...]) -> bool:
    """Whether any of the orders is known and not anonymous yet."""
    lines = graph.frames["order_lines"]
    gone = pl.col("customer_id").str.starts_with(FORGOTTEN).fill_null(False)
    return bool(lines.filter(pl.col("order_id").is_in(orders), ~gone).height)


def _asked(graph: Graph, request: Request) -> set[str]:
    """The nodes that a request names outright."""
    by = graph.by
    scopes = [request.source] if request.source else ["", *by.own_ids]
    wanted = pl.DataFrame(
        [(scope, one) for scope in scopes for one in request.ids],
        schema={SOURCE: pl.String, "customer_id": pl.String},
        orient="row",
    )
    nodes = set(by.ids(wanted).to_list())
    keys = [
        *((EMAIL, key) for key in by.emails(pl.Series(request.emails, dtype=pl.String))),
        *((PHONE, key) for key in by.phones(pl.Series(request.phones, dtype=pl.String))),
    ]
    links = graph.persons.links
    for kind, key in keys:
        mine = links.filter(pl.col("key_type") == kind, pl.col("key_hash") == key)
        usable = mine.filter(pl.col("status") != "shared")
        if mine.height and usable.is_empty() and request.kind == "e-mail address":
            raise CannotForget(
                f"{mine['node'].n_unique()} customer ids share this e-mail address; give the id of "
                "the one to forget"
            )
        nodes |= set(usable["node"].to_list())
    return nodes


def _leads(graph: Graph, nodes: set[str], request: Request) -> Forgotten:
    """The hashes of everything that belongs to `nodes`, and to them alone."""
    by, members = graph.by, pl.Series(sorted(nodes), dtype=pl.String).implode()
    key = ["key_type", "key_hash"]
    own = graph.persons.links.filter(pl.col("node").is_in(members).all().over(key))
    orders = set(order_hashes(pl.Series(request.orders, dtype=pl.String), by).to_list())
    talks: set[str] = set()
    for name, frame in graph.frames.items():
        mine = frame.filter(graph.hashed[name]["customer_id"].is_in(members).fill_null(False))
        bought = {"order_lines": "order_id", "checkouts": "completed_order_id"}.get(name)
        if bought:
            orders |= set(order_hashes(mine[bought].drop_nulls(), by).to_list())
        if "conversation_id" in frame.columns:
            talks |= set(conversation_hashes(mine, by).drop_nulls().to_list())
    keys = {
        kind: own.filter(pl.col("key_type") == kind)["key_hash"].to_list()
        for kind in (EMAIL, PHONE)
    }
    return Forgotten(
        by,
        frozenset(nodes),
        frozenset(keys[EMAIL]),
        frozenset(keys[PHONE]),
        frozenset(orders),
        frozenset(talks),
    )


def as_asked(request: Request, by: Hasher) -> Forgotten:
    """What the request itself names, to tell whether an erasure has covered it already."""
    nothing = pl.DataFrame(schema={**LINKS, "status": pl.String})
    empty = Graph(by, {}, {}, Persons(nothing, nothing))
    told = Forgotten(by, frozenset(_asked(empty, request)))
    emails = by.emails(pl.Series(request.emails, dtype=pl.String)).drop_nulls()
    phones = by.phones(pl.Series(request.phones, dtype=pl.String)).drop_nulls()
    return replace(told, emails=frozenset(emails), phones=frozenset(phones))
