"""From conversations to published rates, on a simulated brand whose reviews complain more."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from models.weekly_rates import MAX_CHANNELS, with_rates
from transforms.hearing import hearing
from transforms.people import people_cells, with_people
from transforms.weekly_counts import weekly_counts

START = datetime(2025, 1, 6, 12, tzinfo=UTC)
WEEKS, BURST, MOVE = 70, 50, 60
CHANNELS = {"call": (40, 0.05), "ticket": (60, 0.08), "chat": (70, 0.1), "review": (30, 0.4)}


def brand(seed: int = 1) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Conversations and mentions: ten times the reviews in week BURST, twice the worry in MOVE."""
    rng = np.random.default_rng(seed)
    parts, said = [], []
    for w in range(WEEKS):
        for name, (usual, propensity) in CHANNELS.items():
            n = rng.poisson(usual * (10 if w == BURST and name == "review" else 1))
            ids = [f"{name}-{w}-{i}" for i in range(n)]
            parts.append(
                pl.DataFrame(
                    {
                        "conversation_id": ids,
                        "channel": [name] * n,
                        "customer_id": [f"k{i}" for i in rng.integers(0, 20_000, n)],
                        "category": np.array(["tea", "mugs"])[rng.integers(0, 2, n)],
                        "started_at": [START + timedelta(weeks=w)] * n,
                    }
                )
            )
            worried = rng.random(n) < propensity * (2 if w == MOVE else 1)
            said += [one for one, yes in zip(ids, worried, strict=True) if yes]
    source = pl.lit("main").alias("_source")
    talked = pl.concat(parts).with_columns(source)
    mentions = pl.DataFrame({"conversation_id": said, "signal": ["worry"] * len(said)})
    return talked, mentions.with_columns(source)


def rates(
    talked: pl.DataFrame, mentions: pl.DataFrame, last_week: int = WEEKS - 1, *, limits: bool = True
) -> pl.DataFrame:
    last = (START + timedelta(weeks=last_week)).date()
    heard = hearing(
        talked, talked, mentions, signals=["worry"], timezone="UTC", week_start="monday"
    )
    counts, cells = weekly_counts(heard, last_day=last), people_cells(heard, last_day=last)
    return with_rates(with_people(counts, cells), cells, limits=limits)


def series(found: pl.DataFrame, column: str, category: str | None = None) -> np.ndarray:
    chosen = pl.col("category").eq_missing(pl.lit(category, dtype=pl.String))
    return found.filter(chosen).sort("week_start")[column].to_numpy()


@pytest.mark.parametrize("category", [None, "tea", "mugs"])
def test_a_burst_of_reviews_moves_the_plain_rate_only_and_worry_moves_both(
    category: str | None,
) -> None:
    found = rates(*brand())
    usual = slice(20, BURST)
    far = {}
    for column in ("rate", "rate_adjusted", "rate_shrunk"):
        line = series(found, column, category)
        level, noise = line[usual].mean(), line[usual].std()
        far[column] = ((line[BURST] - level) / noise, (line[MOVE] - level) / noise)
    assert far["rate"][0] > 4
    assert far["rate"][1] > 2.5
    for column in ("rate_adjusted", "rate_shrunk"):
        assert abs(far[column][0]) < 2, column
        assert far[column][1] > 3, column


def test_plain_rates_stay_those_of_conversations() -> None:
    found = rates(*brand())
    told = found["conversations_with_signal"] / found["conversations_taggable"]
    assert np.array_equal(found["rate"].to_numpy(), told.to_numpy())
    assert (found["people_taggable"] <= found["conversations_taggable"]).all()
    assert (found["people_with_signal"] <= found["people_taggable"]).all()


def test_later_weeks_and_the_order_of_rows_change_no_bit() -> None:
    talked, mentions = brand()
    key = ["signal", "category", "week_start"]
    whole = rates(talked, mentions).sort(key)
    mixed = rates(talked.sample(fraction=1, shuffle=True, seed=3), mentions.reverse()).sort(key)
    assert whole.equals(mixed)
    last = (START + timedelta(weeks=45)).date()
    early = rates(
        talked.filter(pl.col("started_at") < START + timedelta(weeks=46)), mentions, last_week=45
    ).sort(key)
    assert early.equals(whole.filter(pl.col("week_start") <= last))


def test_channels_without_end_are_told_apart_up_to_a_limit() -> None:
    talked, mentions = brand()
    many = talked.with_columns(
        pl.concat_str("channel", pl.col("conversation_id").str.slice(-1)).alias("channel")
    )
    assert many["channel"].n_unique() > MAX_CHANNELS
    found = rates(many, mentions)
    assert found["rate_adjusted"].is_between(0, 1).all()
    assert (
        abs(
            series(found, "rate_adjusted")[30:].mean()
            / series(rates(talked, mentions), "rate_adjusted")[30:].mean()
            - 1
        )
        < 0.1
    )


def test_without_cells_every_conversation_is_a_person_of_one_channel() -> None:
    counts = pl.DataFrame(
        {
            "signal": ["worry"] * 3,
            "category": pl.Series([None] * 3, dtype=pl.String),
            "week_start": [date(2026, 3, 2), date(2026, 3, 9), date(2026, 3, 16)],
            "conversations_taggable": [10, 0, 40],
            "conversations_with_signal": [1, 0, 4],
        }
    )
    found = with_rates(counts)
    assert found["rate"].to_list() == [0.1, None, 0.1]
    assert found["rate_adjusted"].to_list() == [pytest.approx(0.1), None, pytest.approx(0.1)]
    assert found["n_effective"].to_list() == [
        pytest.approx(10, rel=0.01),
        0,
        pytest.approx(40, rel=0.01),
    ]


def test_without_limits_rates_are_the_same_bits() -> None:
    whole, bare = rates(*brand()), rates(*brand(), limits=False)
    limits = ["rate_lo", "rate_hi"]
    assert bare.drop(limits).equals(whole.drop(limits))
    assert bare.select(limits).null_count().row(0) == (bare.height, bare.height)
    assert whole["rate_lo"].null_count() < whole.height
