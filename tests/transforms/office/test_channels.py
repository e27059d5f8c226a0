"""Channels: a person in two of them counts in the first, and carries what they said in any."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl

from transforms.office.channels import channel_counts, with_before
from transforms.office.periods import periods

LAST = date(2026, 3, 16)
AT = datetime(2026, 3, 18, 12, tzinfo=UTC)


def counted(
    rows: list[tuple[str, str | None, str | None, datetime]], said: list[str]
) -> pl.DataFrame:
    """Counts of one signal; `rows` are conversations (id, customer, channel, time), all taggable."""
    talks = pl.DataFrame(
        [{"_source": "a", "conversation_id": v, "customer_id": c, "channel": ch, "started_at": t}
         for v, c, ch, t in rows],
        schema_overrides={"customer_id": pl.String, "channel": pl.String},
    )  # fmt: skip
    key = ["_source", "conversation_id"]
    mentions = talks.filter(pl.col("conversation_id").is_in(said)).select(
        *key, pl.lit("worry").alias("signal")
    )
    found = channel_counts(
        talks, talks.select(key), mentions, periods(LAST), signals=["worry"], timezone="UTC",
        week_start="monday",
    )  # fmt: skip
    return with_before(found).filter(pl.col("period") == "4 weeks")


def test_a_person_in_two_channels_counts_once_in_the_first() -> None:
    found = counted(
        [("v1", "ann", "review", AT), ("v2", "ann", "call", AT - timedelta(days=1)),
         ("v3", "bob", "review", AT), ("v4", None, None, AT)],
        ["v1"],
    )  # fmt: skip
    assert found.select("channel", "n", "k").rows() == [
        ("(unknown)", 1, 0), ("call", 1, 1), ("review", 1, 0),
    ]  # fmt: skip


def test_the_period_before_is_the_one_that_ends_where_this_begins() -> None:
    found = counted(
        [("v1", "ann", "call", AT), ("v2", "bob", "call", AT - timedelta(weeks=4)),
         ("v3", "cat", "call", AT - timedelta(weeks=7)), ("v4", "dan", "call", AT - timedelta(weeks=8)),
         ("v5", "eve", "call", AT + timedelta(weeks=1))],
        ["v2", "v5"],
    )  # fmt: skip
    newest = found.filter(pl.col("period_end") == LAST + timedelta(days=6)).row(0, named=True)
    assert (newest["n"], newest["k"], newest["n_before"], newest["k_before"]) == (1, 0, 2, 1)
