"""What each published column holds of people: derived from its name and its table, never guessed."""

from __future__ import annotations

import polars as pl

from transforms.contracts.schema import Column, Table

PSEUDONYMS = frozenset({"customer_key", "key_hash"})
EVENTS = frozenset({"conversation_id", "passage_id", "review_id", "example_1", "example_2"})
WORDS = frozenset({
    "quote", "quote_1", "quote_2", "excerpt_redacted", "phrase", "missing_phrases", "idea",
    "customers_phrase", "customers_reason",
})  # fmt: skip
STAFF = frozenset({"owner", "deputy", "author", "slice_value"})
WRITTEN = frozenset({("forecasts_final", "reason"), ("override_status", "reason")})
"""What planners wrote."""
ROWS = frozenset({("quarantine", "row")})
PLAIN = frozenset({
    "action", "action_id", "arm", "audit_id", "benchmark", "category", "change_reason", "channel",
    "channels", "check", "claim", "column", "consent_basis", "currency", "customers_signal",
    "decision_id", "distribution_id", "enabled_by", "episode_id", "evidence", "expected",
    "experiment_id", "file", "fiscal_period", "fiscal_week", "from_tagger", "from_version",
    "function", "headline", "horizon_band", "item_id", "language", "location", "meaning",
    "measured_by", "metric", "model", "object_id", "object_type", "objective_id", "observed",
    "overlaps_with", "override_id", "page_id", "period", "problem", "question", "reason", "reasons",
    "schema_version", "segment", "sender", "series_id", "series_status", "sha256",
    "signal", "skipped", "sku", "slice", "source", "statement", "statement_id", "stockout_reason",
    "system", "table", "table_meaning", "tagger", "tagger_version", "target", "team", "themes",
    "title", "to_tagger", "to_version", "touchpoint", "touchpoints", "type", "unit",
    "unmapped_columns", "value_unit", "values", "version", "volume_class", "watermark_from",
    "watermark_to", "why", "words",
})  # fmt: skip
"""Texts that hold nothing of a person: names of things, codes, sentences made of numbers."""


def privacy_class(table: Table, column: Column) -> str:
    """One of `distribution_exports.PRIVACY`.

    Raises KeyError for a column of free text that nobody has classified: say above what it holds.
    """
    name, place = column.name, (table.name, column.name)
    by_customer = "customer_key" in table.names
    told = (
        (name in PSEUDONYMS, "customer_key"),
        (by_customer and name != "as_of", "about_a_customer"),
        (place in ROWS, "redacted_row"),
        (name in WORDS, "redacted_words"),
        (name in EVENTS, "event_id"),
        (name in STAFF or place in WRITTEN, "staff"),
    )
    found = next((what for holds, what in told if holds), "none")
    free = column.dtype == pl.String and not column.one_of and name not in PLAIN
    if found == "none" and free:
        raise KeyError(f"{table.name}.{name} is not classified in transforms/contracts/private.py")
    return found
