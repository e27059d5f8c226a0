"""What is expected of the inputs, as the lake shows them at the night, before any model sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise
from statistics import median

import polars as pl

from transforms import profile
from transforms.contracts import INPUTS, Table
from transforms.expectations.contract_rules import expect_contract
from transforms.expectations.limits import (
    Limits,
    count_band,
    ratio_band,
    share_band,
)
from transforms.expectations.verdicts import Dossier, Severity

QUANTILE_COLUMNS = {"order_lines": ("quantity", "unit_price")}
MEDIAN, TAIL = 0.5, 0.95
MIX_COLUMNS = {
    "order_lines": ("channel",),
    "conversations": ("channel", "language"),
    "upstream_tags": ("signal",),
    "call_attempts": ("cohort",),
}
PER_ORDER = ("conversations", "tickets", "refunds")
"""Tables whose rows are counted per order of the same days."""
REFERENCES = {
    "refunds": (("sku", "order_lines", "sku"), ("order_id", "order_lines", "order_id")),
    "checkouts": (("completed_order_id", "order_lines", "order_id"),),
    "shipments": (("order_id", "order_lines", "order_id"),),
    "tickets": (("order_id", "order_lines", "order_id"),),
    "passages": (("conversation_id", "conversations", "conversation_id"),),
    "upstream_tags": (("conversation_id", "conversations", "conversation_id"),),
    "call_attempts": (("conversation_id", "conversations", "conversation_id"),),
    "inventory_daily": (("sku", "order_lines", "sku"),),
}
"""Table to (column, other table, its column): keys that should be found there."""
NO_STREAM = frozenset({"overrides"})
"""Dated tables to which people add when they like: pauses and bursts say nothing of the delivery."""
HELD_WHEN_VOLUME_BREAKS = frozenset({"order_lines"})
YEAR = timedelta(days=364)
SEASON_SHIFT = 3
"""Days by which a holiday may move against the weekdays of last year."""


@dataclass(frozen=True)
class Night:
    """One night's view: tables, the last day that should be complete, and what is allowed."""

    tables: Mapping[str, profile.Frame]
    as_of: date
    timezone: str
    latency_days: int
    limits: Limits

    @property
    def last_day(self) -> date:
        """The last day that every source should have delivered in full."""
        return self.as_of - timedelta(days=self.latency_days)

    def days(self, name: str) -> pl.LazyFrame | None:
        """Rows of `name` with their business `day`; None where that cannot be told."""
        table = INPUTS[name]
        if name not in self.tables or table.event_time is None:
            return None
        rows = profile.usable(self.tables[name], table)
        if table.event_time not in rows.collect_schema():
            return None
        return profile.dated(rows, table, self.timezone)

    @cached_property
    def orders(self) -> pl.DataFrame | None:
        """`day, rows`: distinct orders by day."""
        days = self.days("order_lines")
        if days is None or "order_id" not in days.collect_schema():
            return None
        return (
            days.group_by("day")
            .agg(pl.col("order_id").n_unique().alias("rows"))
            .sort("day")
            .collect()
        )


def input_dossier(
    name: str,
    night: Night,
    previous: Mapping[str, Mapping[str, str]] | None,
    current: Mapping[str, Mapping[str, str]] | None = None,
) -> Dossier:
    """Everything expected of the input table `name`."""
    table, frame = INPUTS[name], night.tables[name]
    dossier = Dossier(name)
    expect_contract(dossier, table, frame, required=list(table.required))
    before, now = (previous or {}).get(name), (current or {}).get(name)
    _expect_schema_unchanged(dossier, table, frame, before, now)
    days = night.days(name)
    if name in NO_STREAM:
        return dossier
    if days is None:
        if table.event_time is not None:
            dossier.undecidable("fresh", "warn", "no usable event time")
        return dossier
    _Events(dossier, table, days, night).expect()
    return dossier


def _expect_schema_unchanged(
    dossier: Dossier,
    table: Table,
    frame: profile.Frame,
    before: Mapping[str, str] | None,
    delivered: Mapping[str, str] | None,
) -> None:
    """Columns that were given are still given, and of the kind that they were.

    What is `delivered` may change in any column; of the table itself, whose contract fixes the
    types of its own columns, only in others.
    """
    if before is None:
        dossier.undecidable("schema_unchanged", "warn", "no schema of an earlier night")
        return
    now = delivered if delivered is not None else profile.schema_of({table.name: frame})[table.name]
    fixed = set(table.names) if delivered is None else set()
    gone = [name for name in before if name not in now and name not in table.required]
    changed = [n for n, kind in before.items() if n in now and n not in fixed and now[n] != kind]
    for label, names in (("vanished", gone), ("changed type", changed)):
        dossier.none("schema_unchanged", "warn", len(names), n=len(before), label=label)


class _Events:
    """The checks of one table of dated events."""

    def __init__(self, dossier: Dossier, table: Table, days: pl.LazyFrame, night: Night) -> None:
        self.dossier, self.table, self.night, self.limits = dossier, table, night, night.limits
        self.days = days
        self.columns = [c for c in days.collect_schema().names() if c != "day"]
        weight = table.weight if table.weight in self.columns else None
        self.all_days = profile.daily(days, weight)
        self.past = self.all_days.filter(pl.col("day") <= night.as_of)
        self.span = profile.judged_span(self.past, night.last_day, enough=2 * self.limits.min_rows)
        self.rows = profile.windows(
            days, night.last_day, span=self.span, weeks=self.limits.weeks
        ).collect()

    def expect(self) -> None:
        fresh = self._fresh()
        self._future()
        if fresh:
            self._volume("volume_same_weekday", "warn", "rows", 1)
        else:
            self.dossier.undecidable(
                "volume_same_weekday", "warn", "nothing delivered lately: see fresh"
            )
        hold: Severity = "hold" if self.table.name in HELD_WHEN_VOLUME_BREAKS else "warn"
        self._volume("volume_week", hold, "rows", 7)
        if self.table.name in HELD_WHEN_VOLUME_BREAKS:
            self._volume("units_week", hold, "units", 7)
        self._null_shares()
        for column in QUANTILE_COLUMNS.get(self.table.name, ()):
            self._quantiles(column)
        if self.table.name == "order_lines":
            self._units_per_order()
        if self.table.name in PER_ORDER:
            self._per_order()
        for column in MIX_COLUMNS.get(self.table.name, ()):
            self._mix(column)
        for column, other, key in REFERENCES.get(self.table.name, ()):
            self._coverage(column, other, key)

    def _fresh(self) -> bool:
        """True unless the latest event is older than half again this table's longest pause.

        Orders that have stopped coming are held: a week of which some days are missing would be
        learnt as a week of low demand. A pause that came last year, too, is the season. What comes a
        few times a year, as experiments do, is held against the pauses of its whole history.
        """
        recent = self.past.filter(
            pl.col("day") > self.night.as_of - timedelta(days=7 * self.limits.weeks)
        )["day"].to_list()
        latest = self.past["day"].max()
        severity: Severity = "hold" if self.table.name in HELD_WHEN_VOLUME_BREAKS else "warn"
        if not isinstance(latest, date) or self.past.height < self.limits.min_history:
            self.dossier.undecidable("fresh", severity, "too few days", n=self.past.height)
            return True
        rare = severity == "warn" and len(recent) < self.limits.min_history
        days = self.past["day"].to_list() if rare else recent
        pause = max(((b - a).days for a, b in pairwise(days)), default=0)
        allowed = self.night.latency_days + max(self.limits.fresh_days, (3 * pause + 1) // 2)
        allowed = max(allowed, self._pause_last_year())
        age = (self.night.as_of - latest).days
        self.dossier.bound(
            "fresh",
            severity,
            age,
            None,
            allowed,
            n=len(days),
            expected=f"at most {allowed} days old",
        )
        return age <= allowed

    def _pause_last_year(self) -> int:
        """Days that the latest event was old around this date a year ago; 0 without that year."""
        ages = []
        for shift in range(-SEASON_SHIFT, SEASON_SHIFT + 1):
            day = self.night.as_of - YEAR + timedelta(days=shift)
            before = self.past.filter(pl.col("day") <= day)["day"].max()
            if isinstance(before, date):
                ages.append((day - before).days)
        return max(ages, default=0)

    def _future(self) -> None:
        rows = int(self.all_days["rows"].sum())
        if not rows:
            self.dossier.undecidable("future_share", "warn", "no rows")
            return
        share = 1.0 - int(self.past["rows"].sum()) / rows
        self.dossier.bound("future_share", "warn", share, None, self.limits.future_share, n=rows)

    def _volume(self, rule: str, severity: Severity, value: str, span: int) -> None:
        sums = self._sums(self.night.last_day, span, value)
        if len(sums) <= self.limits.min_history:
            self._too_short(rule, severity, len(sums) - 1)
            return
        ratio = self.limits.day_ratio if span == 1 else self.limits.week_ratio
        lo, hi = self._count_band(sums[1:], ratio)
        for season in self._seasons(span, value):
            # A pause or a rush that came last year, too, is the season and not a fault.
            middle = median(sums[1:]) * season
            lo, hi = min(lo, middle / 2), max(hi, middle * 2)
        self.dossier.bound(rule, severity, sums[0], lo, hi, n=len(sums) - 1)

    def _seasons(self, span: int, value: str) -> list[float]:
        """Last year's counts over those of the weeks before them, within days of the same date."""
        ratios = []
        for shift in range(-SEASON_SHIFT, SEASON_SHIFT + 1):
            sums = self._sums(self.night.last_day - YEAR + timedelta(days=shift), span, value)
            if len(sums) > self.limits.min_history // 2 and sum(sums[1:]) > 0:
                ratios.append(sums[0] * (len(sums) - 1) / sum(sums[1:]))
        return ratios

    def _count_band(self, history: list[float], ratio: float) -> tuple[float, float]:
        return count_band(history, ratio=ratio, deviations=self.limits.deviations)

    def _sums(self, last_day: date, span: int, value: str) -> list[float]:
        if value not in self.past or self.past[value].null_count() == self.past.height:
            return []
        return profile.window_sums(
            self.past, last_day, span=span, weeks=self.limits.weeks, value=value
        )

    def _too_short(self, rule: str, severity: Severity, n: int) -> None:
        self.dossier.undecidable(rule, severity, "too few of the same weekdays before", n=max(n, 0))

    def _judged(
        self, rule: str, frame: pl.DataFrame, value: str
    ) -> tuple[float, list[float], int] | None:
        """The judged value, its history and the judged rows; None (and reported) where too few."""
        here, least = pl.col("weeks_ago") == 0, self.limits.min_rows
        judged = frame.filter(here & (pl.col("rows") >= least))
        # The median of the history forgives a thin window; the judged one stands alone.
        history = frame.filter(~here & (pl.col("rows") >= least // 2))[value].to_list()
        if judged.is_empty():
            few = frame.filter(here)["rows"].sum()
            self.dossier.undecidable(rule, "warn", "too few rows in the last week", n=int(few))
            return None
        if len(history) < self.limits.min_history:
            self._too_short(rule, "warn", len(history))
            return None
        return float(judged[value][0]), history, int(judged["rows"][0])

    def _null_shares(self) -> None:
        # A column that becomes known later is emptier in younger rows: that is no drift.
        declared = [self.table.column(name) for name in self.columns]
        optional = [c.name for c in declared if c.nullable and c.known_from is None]
        if not optional:
            return
        shares = profile.null_shares(self.rows.lazy(), optional)
        for column in optional:
            found = self._judged("null_share", shares, column)
            if found is None:
                return
            value, history, n = found
            lo, hi = share_band(
                history, n=n, drift=self.limits.null_drift, deviations=self.limits.deviations
            )
            self.dossier.bound("null_share", "warn", value, lo, hi, n=n, label=column)

    def _quantiles(self, column: str) -> None:
        if column not in self.columns:
            return
        frame = profile.quantiles(self.rows.lazy(), column, (MEDIAN, TAIL))
        self._ratio(f"{column}_p50", frame, "p50", self.limits.quantile_ratio)
        self._ratio(f"{column}_p95", frame, "p95", self.limits.tail_ratio)

    def _ratio(self, rule: str, frame: pl.DataFrame, value: str, ratio: float) -> None:
        found = self._judged(rule, frame, value)
        if found is not None:
            lo, hi = ratio_band(found[1], ratio=ratio, deviations=self.limits.deviations)
            self.dossier.bound(rule, "warn", found[0], lo, hi, n=found[2])

    def _units_per_order(self) -> None:
        if {"order_id", "quantity"} <= set(self.columns):
            frame = profile.units_per_order(self.rows.lazy())
            self._ratio("units_per_order", frame, "p50", self.limits.quantile_ratio)

    def _per_order(self) -> None:
        """Rows of this table per order, both over the last seven days."""
        if self.night.orders is None:
            self.dossier.undecidable("per_order", "warn", "no orders were given")
            return
        weeks = self.limits.weeks
        here = profile.window_sums(self.past, self.night.last_day, span=7, weeks=weeks)
        orders = profile.window_sums(self.night.orders, self.night.last_day, span=7, weeks=weeks)
        pairs = [(a, b) for a, b in zip(here, orders, strict=False) if b >= self.limits.min_rows]
        if not orders or orders[0] < self.limits.min_rows:
            self.dossier.undecidable("per_order", "warn", "too few orders in the last week")
            return
        if len(pairs) <= self.limits.min_history:
            self._too_short("per_order", "warn", len(pairs) - 1)
            return
        expected = [a / b * orders[0] for a, b in pairs[1:]]
        lo, hi = self._count_band(expected, self.limits.per_order_ratio)
        now = orders[0]
        self.dossier.bound("per_order", "warn", here[0] / now, lo / now, hi / now, n=int(now))

    def _mix(self, column: str) -> None:
        if column not in self.columns:
            return
        rule = f"{column}_mix"
        frame = profile.mix_distances(self.rows.lazy(), column)
        found = self._judged(rule, frame, "distance")
        if found is not None:
            # Distances of earlier windows carry the same sampling noise as the judged one.
            worst = max(found[1])
            hi = min(1.0, self.limits.mix_drift + worst)
            self.dossier.bound(rule, "warn", found[0], None, hi, n=found[2])

    def _coverage(self, column: str, other: str, key: str) -> None:
        rule = f"{column.removesuffix('_id')}_known"
        if column not in self.columns:
            return
        frame = self.night.tables.get(other)
        rows = None if frame is None else profile.usable(frame, INPUTS[other])
        if rows is None or key not in rows.collect_schema():
            self.dossier.undecidable(rule, "warn", f"no {other} were given")
            return
        shares = profile.coverage(self.rows.lazy(), column, rows, key)
        found = self._judged(rule, shares, "share")
        if found is None:
            return
        value, history, n = found
        lo, _ = share_band(
            history, n=n, drift=self.limits.coverage_drift, deviations=self.limits.deviations
        )
        lo = max(lo, self.limits.coverage_floor)
        self.dossier.bound(rule, "warn", value, lo, None, n=n)
