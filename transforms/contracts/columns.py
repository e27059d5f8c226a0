"""What the published tables' declarations share: kinds of columns, keys and names."""

from __future__ import annotations

import polars as pl

from transforms.contracts.schema import Column

TARGETS = ("units", "returns", "tickets")
LEVELS = ("total", "category", "sku", "sku_channel")
RUNGS = ("full", "baseline", "seasonal_naive", "stale")
WEIGHTING = ("equal", "cohort", "unknown")
STATUSES = ("confirmed", "candidate", "rejected", "insufficient")
QUANTILES = (0.05, 0.10, 0.20, 0.30, 0.40, 0.50, 0.60, 0.70, 0.80, 0.90, 0.95)
CUMULATIVE_QUANTILES = (*QUANTILES, 0.98, 0.99)


def quantile_name(level: float) -> str:
    """Column of a quantile: `p05` for 0.05, `p90` for 0.9."""
    return f"p{round(level * 100):02d}"


def text(name: str, prose: str, *, nullable: bool = False, one_of: tuple[str, ...] = ()) -> Column:
    """A column of texts."""
    return Column(name, pl.String, prose, nullable=nullable, one_of=one_of)


def real(
    name: str,
    prose: str,
    unit: str = "",
    *,
    nullable: bool = False,
    lo: float | None = None,
    hi: float | None = None,
) -> Column:
    """A column of real numbers."""
    return Column(name, pl.Float64, prose, unit=unit, nullable=nullable, lo=lo, hi=hi)


def share(name: str, prose: str, *, nullable: bool = True) -> Column:
    """A column of shares, from 0 to 1."""
    return real(name, prose, "share", nullable=nullable, lo=0.0, hi=1.0)


def count(name: str, prose: str, unit: str = "", *, nullable: bool = False) -> Column:
    """A column of counts, from 0."""
    return Column(name, pl.Int64, prose, unit=unit, nullable=nullable, lo=0)


def date(name: str, prose: str, *, nullable: bool = False) -> Column:
    """A column of days."""
    return Column(name, pl.Date, prose, nullable=nullable)


def quantiles(levels: tuple[float, ...], prefix: str = "") -> tuple[Column, ...]:
    """One column for each level."""
    what = "baseline " if prefix else ""
    return tuple(
        real(
            prefix + quantile_name(q), f"{what}{round(q * 100)} % quantile", "target units", lo=0.0
        )
        for q in levels
    )


AS_OF = date("as_of", "last day whose data were used")
TARGET = text("target", "what is forecast", one_of=TARGETS)
LEVEL = text("level", "aggregation level", one_of=LEVELS)
SERIES = text("series_id", "series within its level: 'total', the category, the SKU, 'SKU|channel'")
WEEK = date("week_start", "first day of the week")
HORIZON = Column(
    "horizon",
    pl.Int32,
    "1 is the first week that ends after as_of",
    unit="weeks",
    nullable=False,
    lo=1,
)
SCOPE = (
    text("category", "category; null only above it", nullable=True),
    text("sku", "stock-keeping unit; null only above it", nullable=True),
    text("channel", "sales channel; null only above it", nullable=True),
)
MEAN = real(
    "mean", "expected value with the signals that proved themselves", "target units", lo=0.0
)
BASELINE_MEAN = real("baseline_mean", "the same model without signals", "target units", lo=0.0)
MODEL = text("model", "the model that made the row")
RUNG = text("rung", "how far the night had to step down; speaks of failures only", one_of=RUNGS)
SERIES_KEY = ("as_of", "target", "level", "series_id", "week_start", "horizon")
TAGGER = (
    text("tagger", "who tagged"),
    text("tagger_version", "hash of tagger code, phrase files and model"),
)
