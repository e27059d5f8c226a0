"""What becomes of the rows of somebody who is forgotten: quantities and counts stay, the person goes.

Ids, e-mails and phones become marked keyed hashes, words and unknown columns become null. The same rule is applied to
rows that come again, so that they look as those in the lake do, and to nobody else's rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import polars as pl

from transforms.asof import EXTRA, SOURCE
from transforms.hashed import Hasher
from transforms.identity import EMAIL, FORGOTTEN, PHONE
from transforms.privacy import hmac_key, redact_text

ORDER, CONVERSATION = "order_id", "conversation_id"
_MARK = "\x1f"
_ORDERS = ("order_id", "completed_order_id")
_IDS = (
    *_ORDERS,
    CONVERSATION,
    "line_id",
    "refund_id",
    "checkout_id",
    "ticket_id",
    "passage_id",
    "attempt_id",
)
_WORDS = ("text", "reason", "topic", EXTRA)
_NODE = rf"^{FORGOTTEN}([0-9a-f]{{32}})"
ERASED = json.dumps({"row": "erased on request"})


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Keyed hashes, all under the key of `by`, of everything that leads to the forgotten."""

    by: Hasher
    customers: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    orders: frozenset[str] = frozenset()
    conversations: frozenset[str] = field(default_factory=frozenset)

    def mine(self, frame: pl.DataFrame) -> pl.Series:
        """Whether each row of a stored or incoming frame (with _source) is of a forgotten person."""
        found = pl.repeat(False, frame.height, dtype=pl.Boolean, eager=True)
        if "customer_id" in frame.columns:
            found |= _among(nodes_of(frame, self.by), self.customers)
        for name, keys, made in (
            ("email", self.emails, self.by.emails),
            ("phone", self.phones, self.by.phones),
        ):
            if name in frame.columns and keys:
                found |= _among(made(frame[name]), keys)
        for name in _ORDERS:
            if name in frame.columns and self.orders:
                found |= _among(order_hashes(frame[name], self.by), self.orders)
        if CONVERSATION in frame.columns and self.conversations:
            found |= _among(conversation_hashes(frame, self.by), self.conversations)
        return found


def _among(hashes: pl.Series, known: Iterable[str]) -> pl.Series:
    members = pl.Series(sorted(known), dtype=pl.String)
    return hashes.is_in(members.implode()).fill_null(False)


def nodes_of(frame: pl.DataFrame, by: Hasher) -> pl.Series:
    """The node of each row's customer; of a forgotten one the node that they were."""
    nodes = by.ids(frame)
    return pl.select(pl.coalesce(nodes.str.extract(_NODE), nodes)).to_series()


def order_hashes(ids: pl.Series, by: Hasher) -> pl.Series:
    """The hash of each order id; of a marked one the hash that it is."""
    return _bare(by.hashed(ORDER, ids))


def conversation_hashes(frame: pl.DataFrame, by: Hasher) -> pl.Series:
    """The hash of each conversation, which is its source's own; of a marked one the hash that it is."""
    return _bare(by.hashed(CONVERSATION, _scoped(frame, CONVERSATION)))


def _bare(hashes: pl.Series) -> pl.Series:
    return hashes.str.strip_prefix(FORGOTTEN)


def _scoped(frame: pl.DataFrame, name: str) -> pl.Series:
    marked = pl.col(name).str.starts_with(FORGOTTEN)
    told = pl.concat_str(SOURCE, pl.lit(_MARK), name)
    return frame.select(pl.when(marked).then(name).otherwise(told)).to_series()


def blanked(frame: pl.DataFrame, mine: pl.Series, by: Hasher) -> pl.DataFrame:
    """`frame` with the person taken out of the rows of `mine`; applied twice it is applied once."""
    if not mine.any():
        return frame
    at = mine.arg_true()
    rows = frame.filter(mine)
    columns = {}
    if "customer_id" in frame.columns:
        columns["customer_id"] = _tokens(rows, by)
    for name, kind, made in (("email", EMAIL, by.emails), ("phone", PHONE, by.phones)):
        if name in frame.columns and kind:
            columns[name] = FORGOTTEN + made(rows[name])
    for name in _IDS:
        if name in frame.columns:
            columns[name] = _untold(rows, name, by)
    for name in _WORDS:
        if name in frame.columns:
            columns[name] = pl.repeat(None, rows.height, dtype=pl.String, eager=True)
    return frame.with_columns(
        frame[name].scatter(at, values).alias(name) for name, values in columns.items()
    )


def _tokens(rows: pl.DataFrame, by: Hasher) -> pl.Series:
    """The marked node in the place of an id, with the key that the id itself was."""
    nodes, keys = by.ids(rows), by.id_keys(rows["customer_id"])
    gone = rows["customer_id"].str.starts_with(FORGOTTEN)
    made = pl.DataFrame({"id": rows["customer_id"], "node": nodes, "key": keys, "gone": gone})
    token = pl.lit(FORGOTTEN) + pl.col("node")
    with_key = pl.concat_str(token, pl.lit(":"), "key")
    return made.select(
        pl.when("gone").then("id").when(pl.col("key").is_not_null()).then(with_key).otherwise(token)
    ).to_series()


def _untold(rows: pl.DataFrame, name: str, by: Hasher) -> pl.Series:
    """The ids of a column; those that tell a person are marked hashes."""
    values = rows[name]
    tells = values.drop_nulls().unique().to_list()
    tells = [v for v in tells if not v.startswith(FORGOTTEN) and redact_text(v) != v]
    known = (
        set(rows["customer_id"].drop_nulls().to_list()) if "customer_id" in rows.columns else set()
    )
    tells += [v for v in values.drop_nulls().unique().to_list() if v in known and v not in tells]
    if not tells:
        return values
    hashes = order_hashes(values, by) if name in _ORDERS else by.hashed(name, _scoped(rows, name))
    marked = pl.lit(FORGOTTEN) + pl.col("hash")
    frame = pl.DataFrame({"value": values, "hash": hashes})
    return frame.select(
        pl.when(pl.col("value").is_in(tells)).then(marked).otherwise("value")
    ).to_series()


def quarantine_erased(frame: pl.DataFrame, who: Forgotten) -> tuple[pl.DataFrame, int]:
    """Quarantined rows (source, row as JSON) with those that name a forgotten order or conversation blanked."""
    rows = frame.select("source", "row").to_dicts()
    told = [_names(one["source"], one["row"], who) for one in rows]
    if not any(told):
        return frame, 0
    mine = pl.Series(told)
    text = pl.select(pl.when(mine).then(pl.lit(ERASED)).otherwise(frame["row"])).to_series()
    return frame.with_columns(text.alias("row")), sum(told)


def _names(source: str, text: str, who: Forgotten) -> bool:
    try:
        row = json.loads(text)
    except ValueError:
        return False
    if not isinstance(row, dict):
        return False
    return _is(row, _ORDERS, who.orders, lambda v: f"{ORDER}{_MARK}{v}", who.by) or _is(
        row, (CONVERSATION,), who.conversations,
        lambda v: f"{CONVERSATION}{_MARK}{source}{_MARK}{v}", who.by,
    )  # fmt: skip


def _is(
    row: dict[str, object],
    names: tuple[str, ...],
    known: frozenset[str],
    told: Callable[[str], str],
    by: Hasher,
) -> bool:
    values = [str(row[name]) for name in names if row.get(name) is not None]
    return any(hmac_key(told(value), by.key) in known for value in values)


def customer_keys(edges: pl.DataFrame, who: Forgotten) -> set[str]:
    """The published keys of the forgotten, from a night's identity_edges."""
    known = pl.Series(sorted(who.customers), dtype=pl.String).implode()
    ids = (pl.col("key_type") == "customer_id") & pl.col("key_hash").is_in(known)
    return set(edges.filter(ids)["customer_key"].to_list())


def without_customers(frame: pl.DataFrame, keys: set[str]) -> pl.DataFrame:
    """A published table of customers without the rows of `keys`."""
    gone = pl.Series(sorted(keys), dtype=pl.String).implode()
    return frame.filter(~pl.col("customer_key").is_in(gone).fill_null(False))
