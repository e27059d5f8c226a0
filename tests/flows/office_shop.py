"""A tiny shop whose customers are heard: calls about carts, tickets, reviews, insights, a page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from flows import forecasting
from flows.exports import publish, write_snapshot
from flows.identity import hasher
from flows.keys import keyring
from flows.knowledge import picture
from flows.listening import tag_lake
from flows.night import Night, rules_of
from flows.office import Given, Said, office
from flows.phrases import count_phrases
from flows.pull import pull
from flows.reading import read_versions
from flows.taggers import open_tagger
from tests.flows.tiny import END, FORECAST, order_rows
from tests.flows.written import write_config
from transforms.asof import visible
from transforms.contracts import INPUTS

TABLES = ("checkouts", "assignments", "call_attempts", "conversations", "passages", "reviews",
          "refunds", "insights", "copy_pages", "owners")  # fmt: skip
BEFORE = datetime(2026, 10, 12, 9, tzinfo=UTC)
"""The Monday on which 100 customers were drawn: 80 to be called, 20 held out."""
CALLED, HELD, REACHED = 80, 20, 40
ASKS = "I wish you made a refill pack, mail me at zoe.{}@example.com"
WORDS = {
    "price": "Honestly this is far too expensive for me.",
    "fee": "Why is the shipping fee so high?",
    "both": "Why is the shipping fee so high? It is far too expensive, too.",
    "plain": "We opened the parcel in our kitchen this morning.",
}


def _at(days: float) -> str:
    return (BEFORE + timedelta(days=days)).isoformat()


def _calls() -> dict[str, list[dict[str, Any]]]:
    """Carts, arms and calls. Of 40 reached 20 order after the call, 4 before it; of 20 held out 2 do."""
    out: dict[str, list[dict[str, Any]]] = {n: [] for n in (*TABLES, "order_lines")}
    for i in range(CALLED + HELD):
        who, called = f"K{i:03d}", i < CALLED
        out["checkouts"].append({"checkout_id": f"k{i}", "customer_id": who, "started_at": _at(-1)})
        arm = "called" if called else "holdout"
        out["assignments"].append(
            {"experiment_id": "abandoner", "customer_id": who, "arm": arm, "assigned_at": _at(0)}
        )
        if called:
            reached = i < REACHED
            out["call_attempts"].append(
                {"attempt_id": f"a{i}", "cohort": "abandoner", "customer_id": who, "attempted_at": _at(1),
                 "connected": reached, "conversation_id": f"call{i}" if reached else None,
                 "selection_probability": 0.2 if i % 2 else 0.4}
            )  # fmt: skip
            if reached:
                words = WORDS[("price", "fee", "both", "plain")[i % 4]]
                _talk(out, f"call{i}", "call", who=who, day=1.0, text=words)
        bought = 2.0 if i < 20 else 0.5 if i < 24 else 3.0 if i >= CALLED + 18 else None
        if bought is not None:
            out["order_lines"].append(
                {"order_id": f"o{i}", "line_id": "1", "sku": "S1", "category": "tea",
                 "ordered_at": _at(bought), "quantity": "1", "customer_id": who, "unit_price": "10.50"}
            )  # fmt: skip
    return out


def _talk(out: dict[str, Any], name: str, channel: str, *, who: str, day: float, text: str) -> None:
    out["conversations"].append(
        {"conversation_id": name, "channel": channel, "started_at": _at(day), "customer_id": who,
         "language": "en", "category": "tea"}
    )  # fmt: skip
    out["passages"].append(
        {"passage_id": f"{name}-1", "conversation_id": name, "text": text, "said_at": _at(day),
         "speaker": "customer"}
    )  # fmt: skip


def _others(out: dict[str, Any]) -> None:
    """Tickets that ask for a refill, reviews of the newest week and those before, notes and a page."""
    for i in range(24):
        text = ASKS.format(i) if i < 6 else WORDS["fee"]
        _talk(out, f"ticket{i}", "ticket", who=f"T{i:02d}", day=20 + i % 7, text=text)
    rng = np.random.default_rng(5)
    for i in range(60):
        newest = i < 12
        stars = (1 if i < 9 else 5) if newest else int(rng.choice([4, 5]))
        text = (
            f"The spout {'leaked' if stars == 1 else 'pours'} on day {i}" if i else ASKS.format("r")
        )
        out["reviews"].append(
            {"review_id": f"r{i}", "created_at": _at(28 + i % 6 if newest else -28 + i % 50), "rating": stars,
             "text": text, "sku": "S1", "customer_id": f"R{i:02d}", "language": "en", "helpful_votes": 60 - i}
        )  # fmt: skip
    for i in range(4):
        out["insights"].append(
            {"insight_id": f"n{i}", "conversation_id": f"ticket{i}", "noted_at": _at(29),
             "claim": "A refill pack is wanted", "proposed_action": "offer one", "owner": "Ines"}
        )  # fmt: skip
    out["copy_pages"] = [
        {"page_id": "home", "published_at": _at(-90), "text": "<h1>Old</h1>", "category": "tea"},
        {"page_id": "home", "published_at": _at(-9), "text": "<p>No shipping fee, and a refill pack.</p>",
         "category": "tea", "language": "en"},
    ]  # fmt: skip
    out["refunds"] = [
        {"refund_id": "f1", "sku": "S1", "refunded_at": _at(9), "quantity": "1", "order_id": "o0"}
    ]
    out["owners"] = [{"object_type": "sku", "object_id": "S1", "owner": "Ines"}]


def office_night(config: Path) -> dict[str, Any]:
    """Hears and counts what the files say, makes the office's tables and publishes them; the manifest.

    The night without its forecasts, which nothing here rests on.
    """
    night = Night(str(config), END, "test", str(config.parent / "work"), datetime.now(UTC))
    settings, lake = night.settings, night.lake
    pull(settings, lake, END)
    tagger, rules, key = open_tagger(settings), rules_of(settings), keyring(settings, lake).current
    tags = tag_lake(lake, END, settings, tagger)
    versions = read_versions(lake, END, hasher(settings, key), rules)
    now = picture(versions, tags, END, rules, listed=True)
    shown = visible(lake.versions("passages", END), INPUTS["passages"], END, rules.timezone)
    taggers = dict.fromkeys(rules.signals, (tagger.name, tagger.version))
    tables = forecasting.heard(now, shown, taggers, lambda: key) | forecasting.known(now)
    counted = None if now.conversations.is_empty() else count_phrases(lake, END, now, tags, rules)
    desk = office(Given(night, Said(tags, now, None, counted), tables))
    assert not desk.failed, desk.failed
    tables |= desk.tables
    told: dict[str, Any] = {name: {"rung": "full"} for name in tables}
    manifest = {
        "as_of": END.isoformat(),
        "status": "Published",
        "tables": told,
        "skipped": desk.skipped,
    }
    snapshot = write_snapshot(settings.paths.exports, tables, manifest)
    publish(settings.paths.exports, snapshot, END, {"run_id": "r", "status": "Published"})
    return manifest


def office_shop(folder: Path, extra: str = "") -> Path:
    """Writes the shop to `folder`; returns its configuration."""
    inbox = folder / "in"
    inbox.mkdir(parents=True)
    out = _calls()
    _others(out)
    lines = order_rows(END - timedelta(days=280), END)
    more = pl.DataFrame(out.pop("order_lines"))
    pl.concat([lines, more], how="diagonal").write_csv(inbox / "order_lines.csv")
    for name, rows in out.items():
        pl.DataFrame(rows, infer_schema_length=None).write_ndjson(inbox / f"{name}.jsonl")
    sources = {"order_lines": "in/order_lines.csv"} | {n: f"in/{n}.jsonl" for n in TABLES}
    return write_config(folder, sources, FORECAST + extra)
