"""Drift of words: each fault is warned about, and the bundled sample's 141 weeks are not."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from transforms import word_drift as moved
from transforms.expectations import Words, judge_words
from transforms.expectations.verdicts import Dossier
from transforms.expectations.words import words_dossier

LAST = date(2026, 3, 16)
SAMPLE = Path(__file__).parents[2] / "data" / "sample"


def weekly(now: dict[str, int], before: dict[str, int], name: str) -> pl.DataFrame:
    """Counts by week: `now` in each of the last 4 weeks, `before` in each of the 12 before."""
    rows = [
        (LAST - timedelta(weeks=w), one, n)
        for w in range(16)
        for one, n in (now if w < 4 else before).items()
    ]
    return pl.DataFrame(rows, schema=["week_start", name, "n"], orient="row")


def shares(now: tuple[int, int], before: tuple[int, int], name: str) -> pl.DataFrame:
    rows = [(LAST - timedelta(weeks=w), name, *(now if w < 4 else before)) for w in range(16)]
    return pl.DataFrame(rows, schema=["week_start", "name", "n", "k"], orient="row")


def words(now: list[str], before: list[str]) -> pl.DataFrame:
    rows = [
        (LAST - timedelta(weeks=w), "en", one, 5)
        for w in range(16)
        for one in (now if w < 4 else before)
    ]
    return pl.DataFrame(rows, schema=["week_start", "language", "phrase", "people"], orient="row")


def sound() -> Words:
    usual = {"a": 50, "b": 30, "c": 20}
    mix = moved.mix_shift(weekly(usual, usual, "x"), "x", LAST)
    lines = [f"w{i}" for i in range(60)]
    return Words(
        {"tag": mix, "channel": mix, "language": mix},
        moved.share_shifts(shares((200, 20), (200, 20), "worry"), "name", LAST),
        moved.share_shifts(shares((300, 290), (300, 290), "en"), "name", LAST),
        moved.unknown_words(words(lines, lines), LAST, 1),
    )


FAULTS = {
    "tag_mix_shift": Words(
        {"tag": moved.mix_shift(weekly({"a": 5, "b": 90, "c": 20}, {"a": 50, "b": 30, "c": 20}, "x"), "x", LAST)}
    ),
    "channel_mix_shift": Words(
        {"channel": moved.mix_shift(weekly({"review": 90, "call": 20}, {"call": 60, "chat": 50}, "x"), "x", LAST)}
    ),
    "language_mix_shift": Words(
        {"language": moved.mix_shift(weekly({"en": 60, "de": 60}, {"en": 110}, "x"), "x", LAST)}
    ),
    "signal_share": Words(
        signals=moved.share_shifts(shares((200, 0), (200, 20), "worry"), "name", LAST)
    ),
    "taggable_share": Words(
        taggable=moved.share_shifts(shares((300, 150), (300, 290), "en"), "name", LAST)
    ),
    "unknown_words": Words(
        unknown=moved.unknown_words(words([f"n{i}" for i in range(60)], [f"w{i}" for i in range(60)]), LAST, 1)
    ),
}  # fmt: skip


def test_what_stays_as_it_was_passes_every_check() -> None:
    checks = judge_words(sound()).checks
    assert set(checks["check"].to_list()) == {f"passages.{rule}" for rule in FAULTS}
    assert checks["status"].unique().to_list() == ["passed"]
    assert checks["severity"].unique().to_list() == ["warn"], "a mix may move for good reasons"


@pytest.mark.parametrize("rule", FAULTS)
def test_each_fault_is_warned_about(rule: str) -> None:
    verdicts = judge_words(FAULTS[rule])
    failed = verdicts.checks.filter(pl.col("status") == "failed")["check"].to_list()
    assert failed == [f"passages.{rule}"]
    assert verdicts.held == set()
    assert len(verdicts.warnings) == 1


def test_little_said_is_not_enough_data() -> None:
    few = {"a": 1, "b": 1}
    found = judge_words(Words({"tag": moved.mix_shift(weekly(few, few, "x"), "x", LAST)}))
    assert dict(found.checks.select("check", "status").iter_rows()) == {
        "passages.tag_mix_shift": "not_enough_data",
        "passages.unknown_words": "not_enough_data",
    }


def test_psi_is_that_of_the_formula() -> None:
    found = moved.mix_shift(weekly({"a": 60, "b": 40}, {"a": 50, "b": 50}, "x"), "x", LAST)
    want = (0.6 - 0.5) * np.log(0.6 / 0.5) + (0.4 - 0.5) * np.log(0.4 / 0.5)
    assert found.psi == pytest.approx(want, rel=0.02)
    assert (found.n_now, found.n_before, found.names) == (400, 1200, 2)


def test_a_sample_of_rare_words_stands_for_all_of_them() -> None:
    rng = np.random.default_rng(2)
    names = [f"w{i}" for i in range(40_000)]
    rows = [
        (LAST - timedelta(weeks=int(w)), "en", names[min(int(i), 39_999)], 1)
        for w, i in zip(rng.integers(0, 16, 60_000), rng.pareto(0.6, 60_000) * 20, strict=True)
    ]
    frame = pl.DataFrame(rows, schema=["week_start", "language", "phrase", "people"], orient="row")
    frame = frame.group_by("week_start", "language", "phrase").agg(pl.col("people").sum())
    whole = moved.unknown_words(frame, LAST, 1)
    block = (pl.lit(LAST) - pl.col("week_start")).dt.total_days() // 28
    often = ((block == 0) & (pl.col("people") >= 3)).any().over("phrase")
    one_in_four = frame.filter(often | (pl.col("phrase").hash(seed=1) % 4 == 0))
    part = moved.unknown_words(one_in_four, LAST, 4)
    assert [s.now for s in part] == pytest.approx([s.now for s in whole], rel=0.12)


def alarms(dossier: Dossier) -> int:
    """Bounds that are broken; as Great Expectations judges them, without its seconds."""
    return sum(
        not (lo is None or dossier.facts[str(case.arguments["column"])] >= lo)  # type: ignore[operator]
        or not (hi is None or dossier.facts[str(case.arguments["column"])] <= hi)  # type: ignore[operator]
        for case in dossier.cases
        for lo, hi in [(case.arguments["min_value"], case.arguments["max_value"])]
    )


def test_the_sample_s_own_swings_raise_no_alarm() -> None:
    talked = pl.read_ndjson(SAMPLE / "conversations.jsonl.gz").unique("conversation_id").select(
        "conversation_id", "channel",
        pl.col("started_at").str.slice(0, 10).str.to_date().dt.truncate("1w").alias("week_start"),
        pl.lit("sample").alias("_source"),
    )  # fmt: skip
    truth = pl.read_parquet(SAMPLE / "truth_passages.parquet").filter(
        pl.col("speaker") == "customer"
    )
    said = truth.select("conversation_id", pl.col("signals").alias("signal")).explode("signal")
    said = said.drop_nulls().unique().with_columns(pl.lit("sample").alias("_source"))
    judged = truth.select(
        "conversation_id", "language", pl.lit("sample").alias("_source"),
        (pl.col("language") != "fi").alias("taggable"),
    )  # fmt: skip
    mentions = moved.weekly_mentions(talked, said)
    everyone = talked.group_by("week_start").agg(pl.len().cast(pl.Int64).alias("n"))
    rates = mentions.rename({"n": "k"}).join(everyone, on="week_start")
    channels, languages = moved.weekly_channels(talked), moved.weekly_languages(talked, judged)
    weeks = talked["week_start"].unique().sort().to_list()[16:-1]
    found = []
    for last in weeks:
        mixes = {
            "tag": moved.mix_shift(mentions, "signal", last),
            "channel": moved.mix_shift(channels, "channel", last),
            "language": moved.mix_shift(languages, "language", last),
        }
        signals = moved.share_shifts(rates, "signal", last)
        taggable = moved.share_shifts(languages, "language", last)
        found.append(alarms(words_dossier(Words(mixes, signals, taggable))))
    assert len(weeks) == 140
    assert sum(n > 0 for n in found) <= 1
