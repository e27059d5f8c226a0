"""What a page is made of: sections of verdicts, tables, charts and quotes, without any layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import polars as pl

Tone = Literal["good", "watch", "bad", "plain"]


@dataclass(frozen=True, slots=True)
class Night:
    """One published night as a page reads it.

    `tables` holds the tables that are there; `absent` says, for every other, why not, in the
    manifest's words. `manifest` is the night's own; `business` its name.
    """

    as_of: date
    business: str
    manifest: Mapping[str, Any]
    tables: Mapping[str, pl.DataFrame]
    absent: Mapping[str, str]

    def table(self, name: str) -> pl.DataFrame | None:
        """The table, or None where that night has none; `why` says why."""
        return self.tables.get(name)

    def why(self, name: str) -> str:
        """One sentence on why a table is not there."""
        reason = self.absent.get(name, "this version of the night does not make it")
        return f"Not published that night: {name} ({reason})."


@dataclass(frozen=True, slots=True)
class Verdict:
    """One sentence that says how it stands, and whether somebody should look."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of texts. `numeric` are the positions of columns that are set to the right."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart and the table of its numbers. `kind` decides how `frame` is drawn.

    band: week, part (sold, ahead), value, lo, hi, without; weeks of `sold` have value only.
    lead: week, target, rate; either may be null.
    dots: label, value, lo, hi, shown in the order given.
    """

    kind: Literal["band", "lead", "dots"]
    title: str
    alt: str
    frame: pl.DataFrame
    unit: str
    grid: Grid


@dataclass(frozen=True, slots=True)
class Quote:
    """Redacted words of a customer, and where they stand."""

    text: str
    about: str
    side: Literal["for", "against"] = "for"


@dataclass(frozen=True, slots=True)
class Section:
    """One chapter of a page. `notes` explain how to read it; `absent` what could not be shown."""

    key: str
    title: str
    verdicts: tuple[Verdict, ...]
    grids: tuple[Grid, ...] = ()
    charts: tuple[Chart, ...] = ()
    quotes: tuple[Quote, ...] = ()
    notes: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
