"""What the office's tables are made from: inputs as known tonight, one customer_id a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import polars as pl

from flows.identity import hasher
from flows.keys import keyring
from flows.masking import masked, masks
from flows.night import Night, rules_of
from flows.phrases import Counted
from flows.rules import Picture, Rules, Tags
from transforms.asof import SOURCE, VERSION, visible
from transforms.contracts import INPUTS, Table
from transforms.contracts.office_inputs import OFFICE_INPUTS
from transforms.customers import joined
from transforms.demand import sku_categories
from transforms.hashed import Hasher
from transforms.identity import resolve
from transforms.office import lines as small
from transforms.office.carts import orders_of
from transforms.office.segments import named
from transforms.office.who import Nodes, bearers, sharing_links, without_details

LINES = "order_lines"
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
    _coded: pl.DataFrame | None = None
    _ids: small.Ids | None = None
    _lines: pl.DataFrame | None = None
    _everybody: pl.Series | None = None

    def at(self, as_of: date) -> Given:
        """The same inputs as they were known on an earlier day, and nothing else of the night."""
        then, hashing = replace(self.night, as_of=as_of), self._hasher()
        found = Given(then, self.said, {}, hashing=hashing, _nodes=self._nodes_met())
        if self._tells_of(then):
            zone, contract = self.rules.timezone, INPUTS[LINES]
            coded = visible(self._coded_lines().lazy(), contract, as_of, zone, replaced=False)
            found._coded = coded.collect()
        return found

    def _tells_of(self, then: Night) -> bool:
        """Whether what tonight shows of order lines tells what an earlier day showed: no line has changed since."""
        lake, landed = self.night.lake, self.night.lake.told_on
        return landed(then.as_of) == landed(self.as_of) and not _second(lake.versions(LINES, self.as_of))  # fmt: skip

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
            found = small.named(self.lines, self.everybody) if name == LINES else self._joined(name)
            self._shown[name] = found
        return self._shown[name]

    @property
    def lines(self) -> pl.DataFrame:
        """Order lines as known tonight in small types (`transforms.office.lines`): a number for each person.

        What `shown` gives of order lines, in a third of the room; `everybody` tells whose number it is.
        """
        if self._lines is None:
            self._number()
        return self._lines  # type: ignore[return-value]

    def lines_with(self, *columns: str) -> pl.DataFrame:
        """_source, customer_id and `columns` of order lines, as `shown` gives them."""
        return small.named(self.lines.select(SOURCE, small.ID, *columns), self.everybody)

    @property
    def everybody(self) -> pl.Series:
        """The keyed hash of each person by the number that `lines` bear, ascending."""
        if self._everybody is None:
            self._number()
        return self._everybody  # type: ignore[return-value]

    def _number(self) -> None:
        ids, lines = self._line_ids(), self._coded_lines()
        persons = self._nodes_met().with_who(ids.told, self._people())["customer_id"]
        self._lines, self._everybody = small.numbered(lines, ids, persons)

    def _coded_lines(self) -> pl.DataFrame:
        """Order lines as known tonight, their ids as given; identifiers in names of series are masked."""
        if self._coded is None:
            found = small.coded(self._seen(LINES))
            hidden = masks(small.names(found))
            if hidden:
                texts = found.with_columns(pl.col("sku", "category").cast(pl.String))
                found = texts.with_columns(hidden).with_columns(pl.col("sku", "category").cast(pl.Categorical))  # fmt: skip
            self._coded = found
        return self._coded

    def _line_ids(self) -> small.Ids:
        if self._ids is None:
            self._ids = small.ids_of(self._coded_lines())
        return self._ids

    def release(self, *names: str) -> None:
        """Lets go of inputs that no later table needs; whoever asks for one all the same reads it again."""
        for name in names:
            self._shown.pop(name, None)
        if LINES in names:
            self._orders = self._coded = self._ids = self._lines = None

    def has(self, *names: str) -> str | None:
        """Why a table that needs these inputs is skipped, in one line; None: all have rows."""
        lacking = [name for name in names if self._none(name)]
        return f"no {' and no '.join(lacking)} given" if lacking else None

    def _none(self, name: str) -> bool:
        if name == LINES and self._coded is None:
            return bool(self._seen(name).head(1).collect().is_empty())
        return (self._coded_lines() if name == LINES else self.shown(name)).is_empty()

    @property
    def categories(self) -> pl.DataFrame:
        """Every SKU that is known tonight (sku), and its category."""
        if self._categories is None:
            self._categories = sku_categories(small.names(self.lines), self.shown("products"))
        return self._categories

    @property
    def orders(self) -> pl.DataFrame:
        """Orders that stand: order_id, customer_id, ordered_at and cents."""
        if self._orders is None:
            found = orders_of(self.lines).with_columns(pl.col(SOURCE).cast(pl.String))
            self._orders = named(found, self.everybody)
        return self._orders

    def same_people(self, frame: pl.DataFrame) -> pl.DataFrame:
        """`frame`, whose customer_id are keyed hashes of an earlier night, with those of tonight."""
        return joined({"": frame}, self._people())[""]

    def _seen(self, name: str) -> pl.LazyFrame:
        """The rows of `name` as known tonight; ids, e-mails and phones as they were given."""
        contract, zone = INPUTS[name], self.night.settings.business.timezone
        versions = self.night.lake.versions(name, self.as_of)
        return visible(versions, contract, self.as_of, zone, replaced=_second(versions))

    def _read(self, name: str) -> pl.DataFrame:
        contract, seen = INPUTS[name], self._seen(name)
        there = seen.collect_schema().names()
        private = [c for c in there if c == "text" and contract.text]
        return masked(seen.drop(*private).collect(), _names(contract))

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
            bearing = {
                name: self._line_ids().told
                if name == LINES
                else bearers(self._seen(name)).collect()
                for name in PEOPLE
            }
            rules = self.rules
            self._persons = resolve(
                sharing_links(bearing, self._hasher()).drop("_source"),
                max_shared=rules.max_shared,
                max_emails=rules.max_emails,
                max_phones=rules.max_phones,
                max_ids=rules.max_ids,
            ).persons
        return self._persons


def _second(versions: pl.LazyFrame) -> bool:
    """Whether any row has been replaced or deleted since it first landed."""
    return bool(versions.select((pl.col(VERSION) > 1).any()).collect(engine="streaming").item())


def _names(contract: Table) -> list[str]:
    """Columns that people fill in and that name published rows: touchpoints, owners, functions."""
    if contract not in (*OFFICE_INPUTS, INPUTS["owners"]):
        return []
    told = (c.name for c in contract.columns if c.dtype == pl.String and not c.private)
    return [name for name in told if name not in EVENTS]
