"""An exception as a message: one subject and a body that somebody can act on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from transforms.contracts.desk_exports import METRIC
from transforms.wording import counted

TITLES = {
    "stock_out": "stock-out ahead",
    "overstock": "overstock",
    "forecast_jump": "forecast moved",
    "returns_rising": "returns rising",
    "tickets_rising": "tickets rising",
    "signal_adopted": "new signal",
    "signal_retired": "signal retired",
    "signal_turned": "signal turned",
    "metric_out": "metric out of control",
}
PLAIN = ("stock_out", "overstock", "returns_rising", "tickets_rising", "metric_out")
"""Kinds whose title says already what they are of."""
SEVERITIES = ("low", "medium", "high")
WAITING = ("new", "open")


def due(exceptions: pl.DataFrame, least: str) -> pl.DataFrame:
    """Exceptions that last tonight and are at least as severe as `least`, by rank."""
    enough = list(SEVERITIES[SEVERITIES.index(least) :])
    return exceptions.filter(
        pl.col("severity").is_in(enough), pl.col("episode_state").is_in(list(WAITING))
    ).sort("rank")


def subject(row: Mapping[str, Any]) -> str:
    """What it is and of what: 'stock-out ahead: KIT-003 (Kitchen Tools)'."""
    where = str(row["series_id"])
    if row["level"] in ("sku", "sku_channel") and row["category"]:
        where = f"{where} ({row['category']})"
    if row["kind"] not in PLAIN:
        where = f"{row['target']} of {where}"
    return f"{TITLES[row['kind']]}: {where}"


def at_risk(row: Mapping[str, Any]) -> str:
    """What is at stake, in money where it is known."""
    if row["value_at_risk"] is not None:
        return f"{row['value_at_risk']:,.0f} {row['value_unit']}"
    what = "events" if row["target"] == METRIC else row["target"]
    return counted(row["units_at_risk"], what)


def body(row: Mapping[str, Any]) -> str:
    """The matter, why, what customers say, what to do, whose it is, and its episode."""
    lines = [
        f"{row['headline']}.",
        f"At stake: {at_risk(row)}.",
        f"Customers: {row['customers_reason']}.",
    ]
    if row["quote"]:
        lines.append(f"In a customer's words: {row['quote']}")
    lines.append(f"To do: {row['action']}.")
    if row["due_on"] is not None:
        lines.append(f"By: {row['due_on']}.")
    lines += [
        f"Owner: {row['owner']}. Severity: {row['severity']}.",
        f"Episode {row['episode_id']}, first seen {row['first_seen']}.",
    ]
    return "\n".join(lines)


def rest_body(rows: Sequence[Mapping[str, Any]]) -> str:
    """One line for each exception that has no message of its own tonight; high ones say so."""
    return "\n".join(
        f"{'high: ' if row['severity'] == 'high' else ''}{subject(row)}, {at_risk(row)} at stake"
        for row in rows
    )
