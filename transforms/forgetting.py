"""What becomes of the rows of somebody who is forgotten: quantities and counts stay, the person goes.

Ids, e-mails and phones become marked keyed hashes, words and unknown columns become null. The same rule is applied to
rows that come again, so that they look as those in the lake do, and to nobody else's rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import polars as pl

from transforms.asof import EXTRA, SOURCE
from transforms.hashed import Hasher
from transforms.identity import EMAIL, FORGOTTEN, PHONE
from transforms.privacy import pseudonym, redact_text

ORDER, CONVERSATION, PASSAGE = "order_id", "conversation_id", "passage_id"
_MARK = "\x1f"
ORDERS = ("order_id", "completed_order_id")
_IDS = (
    *ORDERS,
    CONVERSATION,
    "line_id",
    "refund_id",
    "checkout_id",
    "ticket_id",
    PASSAGE,
    "attempt_id",
)
_WORDS = ("text", "reason", "topic", "claim", EXTRA)
ERASED = "(erased on request)"
_COUNTED = ("quote", "proposed_action")
"""Words whose being there is counted: ERASED stands for them."""
_NODE = rf"^{FORGOTTEN}([0-9a-f]{{32}})"


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Keyed hashes, all under the key of `by`, of everything that leads to the forgotten.

    `passages`: every form in which the ids of their passages may stand in a published table.
    """

    by: Hasher
    customers: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    orders: frozenset[str] = frozenset()
    conversations: frozenset[str] = field(default_factory=frozenset)
    passages: frozenset[str] = field(default_factory=frozenset)

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
        for name in ORDERS:
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


def passage_hashes(ids: pl.Series, by: Hasher, keys: Sequence[bytes]) -> set[str]:
    """The hashes of passage ids as published: plain, or as a pseudonym under one of `keys`."""
    plain = [one for one in ids.drop_nulls().unique() if not one.startswith(FORGOTTEN)]
    hidden = [pseudonym(one, key) for one in plain for key in keys]
    return set(by.hashed(PASSAGE, pl.Series([*plain, *hidden], dtype=pl.String)).to_list())


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
    columns |= _still_counted(rows)
    return frame.with_columns(
        frame[name].scatter(at, values).alias(name) for name, values in columns.items()
    )


def _still_counted(rows: pl.DataFrame) -> dict[str, pl.Series]:
    """Columns of words that are counted by being there, with ERASED in the place of each."""
    names = [name for name in _COUNTED if name in rows.columns]
    made = rows.select(
        pl.when(pl.col(n).is_not_null()).then(pl.lit(ERASED)).alias(n) for n in names
    )
    return {name: made[name] for name in names}


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
    hashes = order_hashes(values, by) if name in ORDERS else by.hashed(name, _scoped(rows, name))
    marked = pl.lit(FORGOTTEN) + pl.col("hash")
    frame = pl.DataFrame({"value": values, "hash": hashes})
    return frame.select(
        pl.when(pl.col("value").is_in(tells)).then(marked).otherwise("value")
    ).to_series()
