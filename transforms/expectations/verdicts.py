"""What was judged and how it ended: the small table that nights, reports and Data Docs share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import polars as pl

Severity: TypeAlias = Literal["warn", "hold"]
Status: TypeAlias = Literal["passed", "failed", "not_enough_data"]

CHECKS = {
    "table": pl.String,
    "check": pl.String,
    "severity": pl.String,
    "status": pl.String,
    "observed": pl.String,
    "expected": pl.String,
    "n": pl.Int64,
}
MAX_NAMED = 3
"""Failing columns named in `observed`; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Case:
    """One expectation on one small frame; several cases may share a check (one per column)."""

    check: str
    severity: Severity
    view: str
    kind: str
    arguments: Mapping[str, object]
    expected: str
    label: str
    n: int


@dataclass(frozen=True, slots=True)
class Undecided:
    """A check that cannot be decided, and why."""

    check: str
    severity: Severity
    why: str
    expected: str
    n: int


@dataclass(slots=True)
class Dossier:
    """The evidence on one table: small frames (views) and what is expected of them.

    The view `facts` has one row and a column per metric, filled by `bound`.
    """

    table: str
    views: dict[str, pl.DataFrame] = field(default_factory=dict)
    facts: dict[str, float] = field(default_factory=dict)
    cases: list[Case] = field(default_factory=list)
    undecided: list[Undecided] = field(default_factory=list)

    def expect(
        self,
        rule: str,
        severity: Severity,
        view: str,
        kind: str,
        *,
        expected: str,
        n: int,
        label: str = "",
        **arguments: object,
    ) -> None:
        """Ask Great Expectations' `kind` of `view`, under the check `<table>.<rule>`."""
        self.cases.append(
            Case(f"{self.table}.{rule}", severity, view, kind, arguments, expected, label, n)
        )

    def bound(
        self,
        rule: str,
        severity: Severity,
        value: float,
        lo: float | None,
        hi: float | None,
        *,
        n: int,
        expected: str = "",
        label: str = "",
    ) -> None:
        """Expect the metric `value` to lie in [lo, hi]; None leaves that side open."""
        metric = f"{rule}.{label}" if label else rule
        self.facts[metric] = float(value)
        self.expect(
            rule,
            severity,
            "facts",
            "ExpectColumnMaxToBeBetween",
            expected=expected or between(lo, hi),
            n=n,
            label=label,
            column=metric,
            min_value=lo,
            max_value=hi,
        )

    def none(self, rule: str, severity: Severity, count: int, *, n: int, label: str = "") -> None:
        """Expect that `count`, a number of offenders among `n`, is nought."""
        self.bound(rule, severity, count, 0, 0, n=n, expected="none", label=label)

    def undecidable(
        self, rule: str, severity: Severity, why: str, *, n: int = 0, expected: str = ""
    ) -> None:
        """Report that `rule` could not be judged: it is never passed silently."""
        self.undecided.append(Undecided(f"{self.table}.{rule}", severity, why, expected, n))

    def frames(self) -> dict[str, pl.DataFrame]:
        """Every view, `facts` included."""
        facts = {"facts": pl.DataFrame([self.facts])} if self.facts else {}
        return {**self.views, **facts}


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Judgements on tables.

    `checks`: one row per check (`table, check, severity, status, observed, expected, n`), sorted by
    table and check. `observed` and `expected` are numbers and contract names, never a customer's
    value. `docs`: one JSON-like document per table for Data Docs; it carries clock times and must
    not reach a Parquet file.
    """

    checks: pl.DataFrame
    docs: tuple[Mapping[str, Any], ...] = ()

    @property
    def held(self) -> set[str]:
        """Tables with a failed check of severity hold."""
        return set(self._failed("hold")["table"].to_list())

    @property
    def warnings(self) -> list[str]:
        """One line per failed check of severity warn."""
        return _lines(self._failed("warn"))

    @property
    def hold_reasons(self) -> list[str]:
        """One line per failed check of severity hold."""
        return _lines(self._failed("hold"))

    @property
    def undecided(self) -> list[str]:
        """One line per check that had not enough data."""
        return _lines(self.checks.filter(pl.col("status") == "not_enough_data"))

    def _failed(self, severity: Severity) -> pl.DataFrame:
        return self.checks.filter((pl.col("status") == "failed") & (pl.col("severity") == severity))


def table_of(rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """`checks` from rows, sorted by table and check."""
    return pl.DataFrame(list(rows), schema=CHECKS).sort("table", "check")


def number(value: float) -> str:
    """`value` with at most four significant digits or, from 1000 on, as a whole number."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def between(lo: float | None, hi: float | None) -> str:
    """The words for an inclusive range."""
    if lo is not None and hi is not None:
        return f"{number(lo)} to {number(hi)}"
    if lo is not None:
        return f"at least {number(lo)}"
    return f"at most {number(hi)}" if hi is not None else "anything"


def _lines(checks: pl.DataFrame) -> list[str]:
    return [
        f"{row['check']}: {row['observed']}"
        + (f"; expected {row['expected']}" if row["expected"] else "")
        + f" (n = {row['n']})"
        for row in checks.iter_rows(named=True)
    ]
