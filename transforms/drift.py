"""Whether a delivery looks like those before it: columns that vanished, values of another kind, volume.

A delivery is compared with earlier files of its own kind only: another system's file has other
columns by right.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

import polars as pl

from transforms.contracts import Table
from transforms.expectations.limits import count_band
from transforms.parsing import as_text

EXPECTED = 30.0
"""Values that a column should have had before its absence is believed."""
LEAST_ROWS = 50
"""Rows from which the kind of a column's values is known."""
HISTORY = 4
"""Earlier files from which a usual volume is known."""
VOLUME_RATIO, DEVIATIONS = 4.0, 4.0
_NUMBER = r"^[+-]?\d+(?:[.]\d+)?$"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One file as it was taken in. `given`: column to how many rows give it; `kinds`: to what."""

    source: str
    table: str
    family: str
    file: str
    landing: int
    rows_in: int
    rows_good: int
    given: Mapping[str, int]
    kinds: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Drift:
    """Lines for people, and by table the schema of earlier deliveries and of the newest ones."""

    lines: tuple[str, ...] = ()
    before: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    now: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def schema_facts(good: pl.DataFrame, table: Table) -> tuple[dict[str, int], dict[str, str]]:
    """How many rows of `good` give each column, and of what kind its texts are."""
    given = {
        name: n for name in table.names if (n := good.height - good[name].null_count())
    }  # a column that nobody gives is absent
    kinds = {name: _kind(good[name]) for name in given}
    return given, kinds


def _kind(values: pl.Series) -> str:
    if values.dtype != pl.String:
        return str(values.dtype)
    texts = as_text(values).drop_nulls()
    if len(texts) < LEAST_ROWS:
        return "unknown"
    # Few columns whose first texts are numbers hold others: the rest is rarely looked at.
    parts = (texts.head(LEAST_ROWS), texts)
    return "numbers" if all(part.str.contains(_NUMBER).all() for part in parts) else "text"


def drift(deliveries: Iterable[Delivery]) -> Drift:
    """What the newest landing of each source's table has that earlier ones have not, or lacks."""
    families: dict[tuple[str, str, str], list[Delivery]] = defaultdict(list)
    for one in deliveries:
        families[(one.source, one.table, one.family)].append(one)
    newest: dict[tuple[str, str], int] = {}
    for (source, table, _), ones in families.items():
        key = (source, table)
        newest[key] = max(newest.get(key, 0), *(one.landing for one in ones))
    lines: list[str] = []
    before: dict[str, dict[str, str]] = {}
    now: dict[str, dict[str, str]] = {}
    for (source, table, _), ones in sorted(families.items()):
        latest = newest[(source, table)]
        old = [one for one in ones if one.landing < latest]
        new = [one for one in ones if one.landing == latest]
        if old and new:
            lines += _compare(old, new, before.setdefault(table, {}), now.setdefault(table, {}))
    return Drift(tuple(lines), before, now)


def _compare(
    old: Sequence[Delivery], new: Sequence[Delivery], before: dict[str, str], now: dict[str, str]
) -> list[str]:
    lines = _columns(old, new, before, now)
    sizes = [float(one.rows_in) for one in old]
    if len(sizes) < HISTORY:
        return lines
    lo, hi = count_band(sizes, ratio=VOLUME_RATIO, deviations=DEVIATIONS)
    for one in new:
        if not lo <= one.rows_in <= hi:
            lines.append(
                f"{one.file}: {one.rows_in:,} rows of {one.table}, where {median(sizes):,.0f} are "
                "usual; check whether the export is whole"
            )
    return lines


def _columns(
    old: Sequence[Delivery], new: Sequence[Delivery], before: dict[str, str], now: dict[str, str]
) -> list[str]:
    lines: list[str] = []
    rows = sum(one.rows_good for one in old)
    for name in sorted({column for one in old for column in one.given}):
        usual = sum(one.given.get(name, 0) for one in old) / rows if rows else 0.0
        kind = next(
            (k for one in reversed(old) if (k := one.kinds.get(name, "")) not in ("", "unknown")),
            "",
        )
        before[name] = kind
        there = sum(one.given.get(name, 0) for one in new)
        if not there and usual * sum(one.rows_good for one in new) >= EXPECTED:
            now.pop(name, None)
            lines.append(_line(new, f"column {name} vanished: {usual:.0%} of earlier rows give it"))
            continue
        kinds = {k for one in new if (k := one.kinds.get(name, "")) not in ("", "unknown")}
        changed = bool(kind and kinds and kind not in kinds)
        now[name] = min(kinds) if changed else kind
        if changed:
            lines.append(_line(new, f"column {name} changed its type from {kind} to {min(kinds)}"))
    return lines


def _line(new: Sequence[Delivery], said: str) -> str:
    more = f" and {len(new) - 1} more" if len(new) > 1 else ""
    return f"{new[0].file}{more} ({new[0].table}): {said}"
