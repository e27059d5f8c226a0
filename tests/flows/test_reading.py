"""Order lines as sums and a few rows say what all of them say, at every cutoff."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from flows.knowledge import Rules, Tags, picture
from flows.reading import OTHERS, Versions, counted_versions, cutoffs_before
from transforms.asof import DELETED, KNOWN_ON, ORDER, SOURCE, VERSION
from transforms.contracts import INPUTS
from transforms.customers import BUYERS
from transforms.hashed import Hasher, hashed_frames
from transforms.lives import lived

END = date(2026, 3, 1)
RULES = Rules("UTC", "monday", ("total", "sku"), ("stocking_up",), 0, (), 4, "none")
WORDS = {
    SOURCE: pl.String(), VERSION: pl.Int32(),
    **dict.fromkeys(("conversation_id", "passage_id"), pl.String()),
}  # fmt: skip
TAGS = Tags(
    pl.DataFrame(schema={**WORDS, "signal": pl.String(), "span_start": pl.Int32(), "span_end": pl.Int32(),
                         "tagger": pl.String(), "tagger_version": pl.String(), "confidence": pl.Float64()}),
    pl.DataFrame(schema=WORDS),
)  # fmt: skip


def by() -> Hasher:
    return Hasher(b"key", ("desk",), merge_plus=False, country="none")


def stored(table: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    columns = {SOURCE: pl.String, KNOWN_ON: pl.Date, VERSION: pl.Int32, DELETED: pl.Boolean}
    frame = pl.DataFrame(rows, schema={**INPUTS[table].schema, **columns})
    return frame.with_columns(
        pl.col(KNOWN_ON).fill_null(date(1900, 1, 1)), pl.col(VERSION).fill_null(1),
        pl.col(DELETED).fill_null(value=False), pl.int_range(pl.len(), dtype=pl.Int64).alias(ORDER),
    )  # fmt: skip


def shop(seed: int) -> tuple[pl.DataFrame, dict[str, pl.DataFrame]]:
    """Two sources whose ids meet, a help desk that knows addresses, tickets about orders, moved customers."""
    rng = np.random.default_rng(seed)
    begin = datetime(2026, 1, 1, tzinfo=UTC)

    def at() -> datetime:
        return begin + timedelta(hours=int(rng.integers(0, 24 * 58)))

    lines: list[dict[str, Any]] = []
    for number in range(120):
        for version in range(1, 2 + int(rng.random() < 0.2)):
            when = at()
            lines.append({
                SOURCE: ("web", "app")[number % 5 == 0], "order_id": f"o{number // 2}", "line_id": f"l{number}",
                "sku": f"s{rng.integers(0, 4)}", "ordered_at": when, "quantity": 1.0,
                "customer_id": [None, f"c{rng.integers(0, 25)}", "ann@x.org"][int(rng.choice(3, p=(0.1, 0.85, 0.05)))],
                "category": "tea", "channel": "web", "is_test": bool(rng.random() < 0.1),
                "cancelled_at": when + timedelta(days=9) if rng.random() < 0.2 else None,
                KNOWN_ON: when.date() + timedelta(days=int(rng.integers(0, 9))), VERSION: version,
                DELETED: version > 1 and bool(rng.random() < 0.4),
            })  # fmt: skip
    talks = [
        {SOURCE: "desk", "conversation_id": f"v{i}", "channel": "chat", "started_at": at(),
         "customer_id": who}
        for i, who in enumerate(["d1", "d2", "ann@x.org", "d1", None])
    ] + [{SOURCE: "web", "conversation_id": "v9", "channel": "chat", "started_at": at(), "customer_id": "c7"}]  # fmt: skip
    people = [("desk", "d1", "bob@x.org"), ("web", "c3", "bob@x.org"), ("web", "c4", "cy@x.org"),
              ("desk", "d2", "cy@x.org"), ("web", "c5", "alone@x.org")]  # fmt: skip
    asked = [
        {SOURCE: "web", "ticket_id": f"t{i}", "opened_at": at(), "order_id": f"o{i * 3}"}
        for i in range(12)
    ]
    frames = {name: stored(name, []) for name in OTHERS}
    frames["conversations"] = stored("conversations", talks)
    frames["tickets"] = stored("tickets", asked)
    known = [{SOURCE: s, "customer_id": c, "email": e} for s, c, e in people]
    frames["customers"] = stored("customers", known)
    return stored("order_lines", lines), hashed_frames(frames, by())


def whole(lines: pl.DataFrame, part: Versions) -> Versions:
    """The same with every order line at hand, and nobody who is only counted."""
    rows = lived(lines.lazy(), INPUTS["order_lines"], part.cutoffs, RULES.timezone).collect()
    hashed = hashed_frames({"order_lines": rows}, by())["order_lines"]
    return replace(part, lines=hashed, buyers=pl.DataFrame(schema=BUYERS))


@pytest.mark.parametrize("seed", range(4))
def test_the_rows_that_are_asked_for_tell_what_all_rows_tell(seed: int) -> None:
    lines, frames = shop(seed)
    cutoffs = cutoffs_before(END, [END - timedelta(weeks=5)])
    part = counted_versions(lines.lazy(), frames, by(), RULES, cutoffs)
    every = whole(lines, part)
    assert 0 < part.lines.height < every.lines.height
    assert part.buyers.height
    for cutoff in (cutoffs[0], cutoffs[5], END):
        listed = cutoff == END
        ours = picture(part, TAGS, cutoff, RULES, listed=listed)
        theirs = picture(every, TAGS, cutoff, RULES, listed=listed)
        assert ours.conversations.equals(theirs.conversations)
        for name, demand in theirs.demand.items():
            assert ours.demand[name].weekly.equals(demand.weekly), name
            assert ours.demand[name].series.equals(demand.series), name
        assert ours.identity.keys() == theirs.identity.keys()
        for name, table in theirs.identity.items():
            assert ours.identity[name].equals(table), name
    assert ours.conversations["attributed_by"].to_list().count("last_order") >= 3


def test_where_calls_were_made_every_customer_could_have_been_called() -> None:
    lines, frames = shop(0)
    call = {SOURCE: "web", "attempt_id": "a", "cohort": "recent", "customer_id": "c1",
            "attempted_at": datetime(2026, 2, 1, tzinfo=UTC), "connected": True}  # fmt: skip
    frames |= hashed_frames({"call_attempts": stored("call_attempts", [call])}, by())
    part = counted_versions(lines.lazy(), frames, by(), RULES, (END,))
    assert part.buyers.is_empty()
    told = set(part.lines["customer_id"].drop_nulls())
    rows = lived(lines.lazy(), INPUTS["order_lines"], (END,), "UTC").collect()
    assert told == set(by().ids(rows).drop_nulls())
