"""What many cutoffs heard, joined at once, is what each of them hears by itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from transforms.asof import DELETED, KNOWN_ON, ORDER, SOURCE, VERSION, has_second, visible
from transforms.contracts import INPUTS
from transforms.customers import ID_KEY
from transforms.signals import all_conversations
from transforms.spoken import NAMING, Spoken, spoken

ZONE = "America/New_York"
BEGIN = date(2026, 1, 5)
CUTOFFS = tuple(BEGIN + timedelta(days=days) for days in (2, 6, 9, 15, 25, 40))
KEY, PASSAGE = (
    [SOURCE, "conversation_id"],
    [SOURCE, VERSION, "conversation_id", "passage_id"],
)
SIGNALS = ("stocking_up", "delivery_worry", "gift")


def lake_columns(rng: np.random.Generator, rows: list[dict[str, Any]], name: str) -> pl.DataFrame:
    """Versions of `rows`, some of which a later one moves, changes or deletes."""
    made = []
    for row in rows:
        for version in range(1, 1 + int(rng.integers(1, 4))):
            known = BEGIN + timedelta(days=int(rng.integers(0, 35)))
            later = version > 1 and bool(rng.random() < 0.3)
            moved = {k: v + timedelta(days=int(rng.integers(0, 9))) if v and k.endswith("_at") else v
                     for k, v in row.items()}  # fmt: skip
            made.append({**moved, KNOWN_ON: known, VERSION: version, DELETED: later})
    schema = {**INPUTS[name].schema, KNOWN_ON: pl.Date, VERSION: pl.Int32, DELETED: pl.Boolean}
    extra = {SOURCE: pl.String} | ({ID_KEY: pl.String} if name == "passages" else {})
    frame = pl.DataFrame(made, schema={**schema, **extra})
    return frame.with_columns(pl.Series(ORDER, rng.permutation(frame.height), pl.Int64))


def instant(rng: np.random.Generator) -> datetime:
    return datetime(2026, 1, 5, tzinfo=UTC) + timedelta(hours=int(rng.integers(0, 24 * 20)))


def shop(seed: int) -> tuple[dict[str, pl.DataFrame], pl.DataFrame, pl.DataFrame]:
    """Tables that name conversations, and taggable passages and tags of them."""
    rng = np.random.default_rng(seed)
    talks = [
        {SOURCE: f"s{n % 2}", "conversation_id": f"v{n // 2}", "channel": "chat", "started_at": instant(rng)}
        for n in range(24)
        if rng.random() < 0.8
    ]  # fmt: skip
    said = [
        {
            SOURCE: f"s{n % 2}", "passage_id": f"p{n}", "conversation_id": f"v{rng.integers(0, 16)}",
            "said_at": instant(rng) if rng.random() < 0.6 else None, "channel": "call",
            "customer_id": f"c{n % 5}", ID_KEY: "email x" if rng.random() < 0.1 else None,
        }
        for n in range(120)
    ]  # fmt: skip
    frames = {name: INPUTS[name].empty().with_columns(pl.lit("").alias(SOURCE)) for name in NAMING}
    frames["conversations"] = lake_columns(rng, talks, "conversations")
    frames["passages"] = lake_columns(rng, said, "passages")
    able = frames["passages"].select(PASSAGE).sample(fraction=0.7, seed=seed)
    tags = able.sample(n=150, with_replacement=True, seed=seed).with_columns(
        signal=pl.Series(rng.choice(SIGNALS, 150))
    )
    return frames, able, tags


def shown(frames: Mapping[str, pl.DataFrame], name: str, cutoff: date) -> pl.DataFrame:
    frame = frames[name]
    seen = visible(frame.lazy(), INPUTS[name], cutoff, ZONE, replaced=has_second(frame))
    return seen.collect()


def named(frame: pl.DataFrame, found: Spoken, ids: pl.Series) -> pl.DataFrame:
    """`frame` with ids in the place of numbers."""
    assert found.cutoffs == CUTOFFS
    return frame.with_columns(ids.gather(frame["conversation_id"]).alias("conversation_id"))


@pytest.mark.parametrize("seed", range(6))
def test_each_cutoff_hears_what_it_would_by_itself(seed: int) -> None:
    frames, able, tags = shop(seed)
    found = spoken(frames, able, tags, CUTOFFS, ZONE)
    both = pl.concat([frames[n]["conversation_id"] for n in ("conversations", "passages")])
    ids, heard_any = both.unique().sort(), 0
    for cutoff in CUTOFFS:
        there = shown(frames, "passages", cutoff).select(PASSAGE)
        heard, said = found.told(there, cutoff)
        want = able.join(there, on=PASSAGE, how="semi").select(KEY).unique().sort(KEY)
        assert named(heard, found, ids).select(KEY).unique().sort(KEY).equals(want)
        columns = [*KEY, "signal"]
        want = tags.join(there, on=PASSAGE, how="semi").select(columns).unique().sort(columns)
        assert named(said, found, ids).select(columns).unique().sort(columns).equals(want)
        heard_any += want.height
    assert heard_any


@pytest.mark.parametrize("seed", range(6))
def test_conversations_that_only_passages_tell_of_stay(seed: int) -> None:
    frames, able, tags = shop(seed)
    found = spoken(frames, able, tags, CUTOFFS, ZONE)
    both = pl.concat([frames[n]["conversation_id"] for n in ("conversations", "passages")])
    ids, implied = both.unique().sort(), 0
    for cutoff in CUTOFFS:
        want = all_conversations(
            *(shown(frames, name, cutoff) for name in ("conversations", "passages"))
        )
        ours = all_conversations(
            *(shown(found.frames, name, cutoff) for name in ("conversations", "passages"))
        )
        assert named(ours, found, ids).equals(want.cast({"conversation_id": pl.String}))
        implied += want.height - shown(frames, "conversations", cutoff).height
    assert implied


def test_passages_of_given_conversations_are_left_behind_unless_they_name_a_person() -> None:
    frames, able, tags = shop(1)
    day = datetime(2026, 1, 5, tzinfo=UTC)
    first = (pl.col(VERSION) == 1) & (pl.col(SOURCE) == "s0")
    known = {KNOWN_ON: BEGIN, DELETED: False}
    given = frames["conversations"].filter(first).with_columns(started_at=day)
    said = frames["passages"].filter(first).with_columns(said_at=day + timedelta(days=1))
    said = said.join(given, on=KEY, how="semi")
    frames |= {"conversations": given, "passages": said}
    frames = {
        name: f.with_columns(**{k: pl.lit(v) for k, v in known.items()}) if f.height else f
        for name, f in frames.items()
    }
    kept = spoken(frames, able, tags, CUTOFFS, ZONE).frames["passages"]
    assert said.height > kept.height == said[ID_KEY].count()


def test_a_shop_without_words_has_none() -> None:
    frames, able, tags = shop(0)
    empty = {name: frame.clear() for name, frame in frames.items()}
    found = spoken(empty, able.clear(), tags.clear(), CUTOFFS, ZONE)
    heard, said = found.told(empty["passages"], CUTOFFS[0])
    assert not heard.height + said.height
    assert not spoken(empty, able.clear(), tags.clear(), (), ZONE).cutoffs
