"""How columns of canonical inputs are written: ids, times, days and numbers, with their bounds."""

from __future__ import annotations

import polars as pl

from transforms.contracts.schema import EARLIEST, LATEST, UTC_TIME, Column


def name_of(
    name: str,
    prose: str,
    *,
    required: bool = False,
    private: bool = False,
    known_from: str | None = None,
) -> Column:
    """An id or another short text."""
    return Column(
        name,
        pl.String,
        prose,
        required=required,
        nullable=not required,
        max_chars=256,
        private=private,
        known_from=known_from,
    )


def instant(
    name: str,
    prose: str,
    *,
    required: bool = False,
    nullable: bool | None = None,
    known_from: str | None = None,
) -> Column:
    """A time; `nullable` where a required column may be empty."""
    empty_allowed = not required if nullable is None else nullable
    return Column(
        name,
        UTC_TIME,
        prose,
        required=required,
        nullable=empty_allowed,
        lo=EARLIEST,
        hi=LATEST,
        known_from=known_from,
    )


def day(name: str, prose: str, *, required: bool = False) -> Column:
    """A date."""
    return Column(
        name,
        pl.Date,
        prose,
        required=required,
        nullable=not required,
        lo=EARLIEST.date(),
        hi=LATEST.date(),
    )


def number(
    name: str,
    prose: str,
    *,
    unit: str = "",
    required: bool = False,
    lo: float | None = 0.0,
    hi: float | None = None,
) -> Column:
    """A number within inclusive bounds."""
    return Column(
        name, pl.Float64, prose, unit=unit, required=required, nullable=not required, lo=lo, hi=hi
    )
