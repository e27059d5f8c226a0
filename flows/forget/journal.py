"""Erasures in the lake: what was asked, how far it got, and the tombstones that keep people forgotten.

`<lake>/erasures/<id>.json`, written before anything is erased: keyed hashes alone, under every key that was given.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from flows.forget.request import CannotForget
from flows.identity import hasher
from flows.lake import Lake
from flows.places import Place
from flows.settings import Settings
from transforms.asof import SOURCE
from transforms.forgetting import (
    Forgotten,
    blanked,
    conversation_hashes,
    nodes_of,
    order_hashes,
)
from transforms.privacy import Keyring, key_id

LEARNED = ("customers", "order_lines", "conversations")
FIELDS = ("customers", "emails", "phones", "orders", "conversations", "passages")
BEGUN, DONE = "begun", "done"
REACH = 2
"""What an erasure goes through: one that an earlier version called done, with less reach, is done again."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """One person's erasure. `who` is by the key that marks their rows, `others` by further keys."""

    id: str
    kind: str
    asked_at: str
    status: str
    who: Forgotten
    others: tuple[Forgotten, ...] = ()
    report: Mapping[str, Any] = field(default_factory=dict)

    @property
    def all(self) -> tuple[Forgotten, ...]:
        """The person under every key."""
        return (self.who, *self.others)


def new_erasure(kind: str, asked_at: str, found: tuple[Forgotten, ...]) -> Erasure:
    """An erasure not yet begun; the same person has the same id, so that asking twice is one erasure."""
    who = found[0]
    text = "\n".join(sorted((*who.customers, *who.orders)))
    name = hashlib.sha256(text.encode()).hexdigest()[:16]
    return Erasure(name, kind, asked_at, BEGUN, who, found[1:])


def write_erasure(lake: Lake, one: Erasure) -> None:
    """Puts an erasure on disk, whole."""
    content = {
        "id": one.id,
        "kind": one.kind,
        "asked_at": one.asked_at,
        "status": one.status,
        "reach": REACH,
        "keys": [
            {"key_id": key_id(who.by.key), **{n: sorted(getattr(who, n)) for n in FIELDS}}
            for who in one.all
        ],
        "report": dict(one.report),
    }
    folder = lake.root / "erasures"
    lake.storage.private(lake.root, folder)
    text = json.dumps(content, sort_keys=True, indent=1)
    lake.storage.write(folder / f"{one.id}.json", text.encode(), mode=0o600)


def read_erasures(lake: Lake, settings: Settings, ring: Keyring) -> list[Erasure]:
    """Every erasure of the lake. Raises CannotForget where the key that marks one is not given.

    Without it people who were forgotten would come back with the next delivery.
    """
    paths = sorted((lake.root / "erasures").glob("*.json"))
    return [_read(path, settings, ring) for path in paths]


def _read(path: Place, settings: Settings, ring: Keyring) -> Erasure:
    try:
        told = json.loads(path.read_bytes())
        named = [(one["key_id"], ring.named(one["key_id"])) for one in told["keys"]]
    except (OSError, ValueError, KeyError, TypeError):
        raise CannotForget(f"{path}: can't be read; restore it from a backup of the lake") from None
    if named[0][1] is None:
        raise CannotForget(
            f"{path}: people were forgotten under the key {named[0][0]}, which is not given; set it "
            "in HEARCAST_HMAC_KEY_OLD or [privacy] old_key_blocks"
        )
    who = [
        Forgotten(hasher(settings, key), *(frozenset(one.get(n, ())) for n in FIELDS))
        for one, (_, key) in zip(told["keys"], named, strict=True)
        if key is not None
    ]
    return Erasure(
        told["id"],
        told["kind"],
        told["asked_at"],
        told["status"] if told.get("reach", 1) >= REACH else BEGUN,
        who[0],
        tuple(who[1:]),
        told["report"],
    )


class Guard:
    """Keeps the forgotten out of what a pull brings: their rows land as those in the lake look."""

    def __init__(self, erasures: list[Erasure]) -> None:
        self._all = [one.who for one in erasures]

    def learn(self, source: str, table: str, rows: pl.DataFrame) -> None:
        """Notes new ids, orders and conversations of the forgotten, whose other rows may not name them."""
        if table not in LEARNED:
            return
        told = rows.with_columns(pl.lit(source).alias(SOURCE))
        self._all = [_wider(who, table, told.filter(who.mine(told))) for who in self._all]

    def learn_stored(self, lake: Lake, source: str) -> None:
        """The same from what has landed already."""
        if self._all:
            for table in LEARNED:
                self.learn(source, table, lake.current(source, table).drop(SOURCE))

    def guarded(self, source: str, rows: pl.DataFrame) -> pl.DataFrame:
        """`rows` with the forgotten taken out."""
        for who in self._all:
            told = rows.with_columns(pl.lit(source).alias(SOURCE))
            rows = blanked(told, who.mine(told), who.by).drop(SOURCE)
        return rows


def _wider(who: Forgotten, table: str, mine: pl.DataFrame) -> Forgotten:
    if table == "customers":
        return replace(who, customers=who.customers | set(nodes_of(mine, who.by)))
    if table == "order_lines":
        return replace(who, orders=who.orders | set(order_hashes(mine["order_id"], who.by)))
    return replace(who, conversations=who.conversations | set(conversation_hashes(mine, who.by)))


def finish_begun(lake: Lake, settings: Settings, erasures: list[Erasure]) -> list[Erasure]:
    """The erasures, those that a kill cut short now done."""
    from flows.forget.erase import erase  # noqa: PLC0415 - it needs the whole of listening

    return [erase(lake, settings, one) if one.status == BEGUN else one for one in erasures]
