"""What the office's tables are made from: inputs as known tonight, one customer_id a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import polars as pl

from flows.identity import hasher
from flows.keys import keyring
from flows.masking import masked
from flows.night import Night, rules_of
from flows.phrases import Counted
from flows.rules import Picture, Rules, Tags
from transforms.asof import DELETED, EXTRA, KNOWN_ON, ORDER, VERSION, visible
from transforms.contracts import INPUTS, Table
from transforms.contracts.office_inputs import OFFICE_INPUTS
from transforms.customers import joined
from transforms.demand import sku_categories
from transforms.hashed import Hasher
from transforms.identity import resolve
from transforms.landing import FILE, ROW
from transforms.office.carts import orders_of
from transforms.office.who import Nodes, bearers, sharing_links, without_details

SPARED = ("line_id", FILE, ROW, EXTRA, "_words", KNOWN_ON, DELETED, ORDER, "ingested_at")
"""Columns of order lines that no table needs: of ten million lines they are two gigabytes."""
EVENTS = ("conversation_id", "passage_id", "insight_id", "action_id", "distribution_id", "text")
"""Not masked: ids of single events, and whole pages."""
PEOPLE = ("customers", "order_lines", "checkouts", "tickets", "conversations", "call_attempts")
"""Tables whose rows say which ids are one person."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the night heard: tags of passages, and the counted signals that came of them."""

    tags: Tags
    now: Picture
    deaf: str | None
    counted: Counted | None = None
    """What one pass over the newest passages told; None: there were none."""


@dataclass(slots=True)
class Given:
    """The night's inputs for the office. Tables are read when first asked for, and kept."""

    night: Night
    said: Said
    tables: Mapping[str, pl.DataFrame]
    """The night's other tables, as they will be published."""
    made: dict[str, pl.DataFrame] = field(default_factory=dict)
    """What the office has made so far tonight."""
    segmented: pl.DataFrame | None = None
    """customer_id, segment and cents of everybody, people who were forgotten too: they count, and are not shown."""
    _shown: dict[str, pl.DataFrame] = field(default_factory=dict)
    _persons: pl.DataFrame | None = None
    hashing: Hasher | None = None
    """How ids become join keys: it remembers those that it has hashed. None: one of its own."""
    _nodes: Nodes | None = None
    _categories: pl.DataFrame | None = None
    _orders: pl.DataFrame | None = None

    def at(self, as_of: date) -> Given:
        """The same inputs as they were known on an earlier day, and nothing else of the night."""
        then, hashing = replace(self.night, as_of=as_of), self._hasher()
        return Given(then, self.said, {}, hashing=hashing, _nodes=self._nodes_met())

    @property
    def as_of(self) -> date:
        """The last day that may be known."""
        return self.night.as_of

    def key(self) -> bytes:
        """The key of join keys and pseudonyms in use."""
        return keyring(self.night.settings, self.night.lake).current

    @property
    def rules(self) -> Rules:
        """Time zone, first day of the week, and what else decides how events become weeks."""
        return rules_of(self.night.settings)

    def shown(self, name: str) -> pl.DataFrame:
        """The input `name` as known tonight, with `_source` beside its columns.

        customer_id is a keyed hash, one for each person; a customer who was forgotten keeps a
        marked one; of an e-mail or phone it is told only that there is one. Identifiers in names of
        series are masked. Nothing of what customers said is read (column `text`); quotes in other
        tables are as given, and not to be published unredacted.
        """
        if name not in self._shown:
            self._shown[name] = self._joined(name)
        return self._shown[name]

    def release(self, *names: str) -> None:
        """Lets go of inputs that no later table needs; whoever asks for one all the same reads it again."""
        for name in names:
            self._shown.pop(name, None)
        if "order_lines" in names:
            self._orders = None

    def has(self, *names: str) -> str | None:
        """Why a table that needs these inputs is skipped, in one line; None: all have rows."""
        lacking = [name for name in names if self.shown(name).is_empty()]
        return f"no {' and no '.join(lacking)} given" if lacking else None

    @property
    def categories(self) -> pl.DataFrame:
        """Every SKU that is known tonight (sku), and its category."""
        if self._categories is None:
            self._categories = sku_categories(self.shown("order_lines"), self.shown("products"))
        return self._categories

    @property
    def orders(self) -> pl.DataFrame:
        """Orders that stand: order_id, customer_id, ordered_at and cents."""
        if self._orders is None:
            self._orders = orders_of(self.shown("order_lines"))
        return self._orders

    def same_people(self, frame: pl.DataFrame) -> pl.DataFrame:
        """`frame`, whose customer_id are keyed hashes of an earlier night, with those of tonight."""
        return joined({"": frame}, self._people())[""]

    def _seen(self, name: str) -> pl.LazyFrame:
        """The rows of `name` as known tonight; ids, e-mails and phones as they were given."""
        contract, zone = INPUTS[name], self.night.settings.business.timezone
        versions = self.night.lake.versions(name, self.as_of)
        second = bool(versions.select((pl.col(VERSION) > 1).any()).collect().item())
        return visible(versions, contract, self.as_of, zone, replaced=second)

    def _read(self, name: str) -> pl.DataFrame:
        contract, seen = INPUTS[name], self._seen(name)
        there = seen.collect_schema().names()
        private = [c for c in there if c == "text" and contract.text]
        spared = [c for c in there if c in SPARED and name == "order_lines"]
        return masked(seen.drop(*private, *spared).collect(), _names(contract))

    def _joined(self, name: str) -> pl.DataFrame:
        frame, by = self._read(name), self._hasher()
        if name == "customers":
            frame = without_details(frame, by)
        return self._nodes_met().with_who(frame, self._people())

    def _nodes_met(self) -> Nodes:
        if self._nodes is None:
            self._nodes = Nodes(self._hasher())
        return self._nodes

    def _hasher(self) -> Hasher:
        if self.hashing is None:
            self.hashing = hasher(self.night.settings, self.key())
        return self.hashing

    def _people(self) -> pl.DataFrame:
        if self._persons is None:
            bearing = {name: bearers(self._seen(name)).collect() for name in PEOPLE}
            rules = self.rules
            self._persons = resolve(
                sharing_links(bearing, self._hasher()).drop("_source"),
                max_shared=rules.max_shared,
                max_emails=rules.max_emails,
                max_phones=rules.max_phones,
                max_ids=rules.max_ids,
            ).persons
        return self._persons


def _names(contract: Table) -> list[str]:
    """Columns that people fill in and that name published rows: touchpoints, owners, functions."""
    if contract not in (*OFFICE_INPUTS, INPUTS["owners"]):
        return []
    told = (c.name for c in contract.columns if c.dtype == pl.String and not c.private)
    return [name for name in told if name not in EVENTS]
