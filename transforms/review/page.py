"""The weekly review as sections, the most important sentence of each first."""

from __future__ import annotations

from dataclasses import dataclass

from transforms.review.ahead import ahead_section
from transforms.review.attention import exceptions_section
from transforms.review.changes import changes_section
from transforms.review.leads import evidence_section, leads_section
from transforms.review.orders import orders_section
from transforms.review.parts import Night, Section, Verdict
from transforms.review.programme import programme_section
from transforms.review.quality import quality_section, status_verdict
from transforms.review.record import record_section
from transforms.review.skus import Coverage, coverage
from transforms.review.voices import voices_section

READ = (
    "forecasts",
    "forecasts_cumulative",
    "forecasts_final",
    "forecast_changes",
    "demand_weekly",
    "series_listed",
    "signals_weekly",
    "signal_evidence",
    "signal_value",
    "accuracy",
    "accuracy_stockouts",
    "forecast_value_added",
    "exceptions",
    "inventory_plan",
    "phrase_stats",
    "voices",
    "tag_audit",
    "identity_match",
    "programme_cadence",
    "connect_rate",
    "insight_rate",
    "action_speed",
    "ingest_report",
    "quality_checks",
)
"""Every table that the page draws on."""


@dataclass(frozen=True, slots=True)
class Review:
    """The page: headlines, sections in reading order, and which SKUs are in it."""

    headlines: tuple[Verdict, ...]
    sections: tuple[Section, ...]
    coverage: Coverage


def review(night: Night) -> Review:
    """The weekly review of one night."""
    attention, ahead, changes = (
        exceptions_section(night),
        ahead_section(night),
        changes_section(night),
    )
    orders, leads, record = orders_section(night), leads_section(night), record_section(night)
    sections = (
        attention,
        orders,
        changes,
        ahead,
        leads,
        evidence_section(night),
        voices_section(night),
        record,
        programme_section(night),
        quality_section(night),
    )
    first = (section.verdicts[:1] for section in (ahead, changes, attention, orders, leads, record))
    headlines = (status_verdict(night), *(verdict for verdicts in first for verdict in verdicts))
    return Review(headlines, sections, coverage(night))
