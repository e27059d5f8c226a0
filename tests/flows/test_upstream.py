"""Signals that another system tags: counted from its tags, never mixed with ours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows.reader import read_table
from tests.flows.tiny import END, tiny_shop

pytestmark = pytest.mark.usefixtures("prefect_server")


def test_upstream_tags_alone_make_weekly_rates(
    tmp_path: Path, run_night: Callable[..., Any]
) -> None:
    config = tiny_shop(tmp_path)
    days = [END - timedelta(days=i) for i in range(100)]
    talks = pl.DataFrame(
        {
            "conversation_id": [f"c{i}" for i in range(100)],
            "channel": "call",
            "started_at": [f"{day}T12:00:00Z" for day in days],
            "category": "tea",
        }
    )
    talks.write_ndjson(tmp_path / "talks.jsonl")
    tags = talks.gather_every(4).select(
        "conversation_id",
        pl.lit("stocking_up").alias("signal"),
        pl.col("started_at").alias("said_at"),
    )
    tags.write_csv(tmp_path / "tags.csv")
    text = config.read_text().replace(
        'order_lines = "in/*"',
        'order_lines = "in/*"\nconversations = "talks.jsonl"\ntags = "tags.csv"',
    )
    config.write_text(text + "[tagging]\nupstream = ['stocking_up']\n")
    state = run_night(config, END.isoformat())
    assert state.name == "Completed", state.message
    weekly = read_table(tmp_path / "exports", "signals_weekly").filter(
        pl.col("signal") == "stocking_up", pl.col("category") == "tea", ~pl.col("is_partial")
    )
    assert weekly["conversations_taggable"].sum() + 2 >= 98
    assert 23 <= weekly["conversations_with_signal"].sum() <= 25
    assert weekly["tagger"].unique().to_list() == ["upstream"]
    ours = read_table(tmp_path / "exports", "signals_weekly").filter(
        pl.col("signal") == "delivery_worry"
    )
    assert ours["conversations_taggable"].sum() == 0, "without passages ours can't be tagged"
    tagged = read_table(tmp_path / "exports", "tags")
    assert tagged.height == 25
    assert tagged["category"].unique().to_list() == ["tea"]
    assert tagged["said_at"].dt.date().max() <= date(2026, 11, 15)


def test_conversations_named_by_telephone_number_are_published_under_pseudonyms(
    tmp_path: Path, run_night: Callable[..., Any]
) -> None:
    config = tiny_shop(tmp_path)
    number = "+1 212 555 01"
    rows = [
        {
            "passage_id": f"{number}{i:02d}/1",
            "conversation_id": f"{number}{i % 7:02d}",
            "text": "where is my order, it has not arrived",
            "channel": "chat",
            "said_at": f"{END - timedelta(days=i)}T12:00:00Z",
        }
        for i in range(60)
    ]
    pl.DataFrame(rows).write_ndjson(tmp_path / "passages.jsonl")
    text = config.read_text()
    old = 'order_lines = "in/*"'
    config.write_text(text.replace(old, f'{old}\npassages = "passages.jsonl"'))
    state = run_night(config, END.isoformat())
    assert state.name == "Completed", state.message
    tags = read_table(tmp_path / "exports", "tags")
    assert tags.height >= 50
    assert tags["conversation_id"].n_unique() == 7
    assert tags["conversation_id"].str.starts_with("id-").all()
    assert "212" not in "".join(tags["passage_id"].str.slice(0, 8).to_list())
    assert number not in tags.write_csv()
    first = set(tags["conversation_id"].to_list())
    assert run_night(config, (END + timedelta(days=1)).isoformat()).name == "Completed"
    assert set(read_table(tmp_path / "exports", "tags")["conversation_id"].to_list()) == first


def tagged_by(version: str, days: range, every: int) -> pl.DataFrame:
    """Upstream tags of one version: on every so manieth conversation of some days before END."""
    chosen = [i for i in days if i % every == 0]
    return pl.DataFrame(
        {
            "conversation_id": [f"c{i}" for i in chosen],
            "signal": "stocking_up",
            "said_at": [f"{END - timedelta(days=i)}T12:00:00Z" for i in chosen],
            "tagger": "acme",
            "tagger_version": version,
        }
    )


@pytest.mark.parametrize(("common_days", "status"), [(70, "bridged"), (20, "restarted")])
def test_a_new_version_of_an_upstream_tagger_never_shares_a_series_unbridged(
    tmp_path: Path, run_night: Callable[..., Any], common_days: int, status: str
) -> None:
    config = tiny_shop(tmp_path)
    days = [END - timedelta(days=i) for i in range(250)]
    pl.DataFrame(
        {
            "conversation_id": [f"c{i}" for i in range(250)],
            "channel": "call",
            "started_at": [f"{day}T12:00:00Z" for day in days],
            "category": "tea",
        }
    ).write_ndjson(tmp_path / "talks.jsonl")
    old = tagged_by("1", range(60, 250), every=4)
    new = tagged_by("2", range(60 + common_days), every=2)
    pl.concat([old, new]).write_csv(tmp_path / "tags.csv")
    text = config.read_text().replace(
        'order_lines = "in/*"',
        'order_lines = "in/*"\nconversations = "talks.jsonl"\ntags = "tags.csv"',
    )
    config.write_text(text + "[tagging]\nupstream = ['stocking_up']\n")
    state = run_night(config, END.isoformat())
    assert state.name == "Completed", state.message
    bridge = read_table(tmp_path / "exports", "tagger_bridges").row(0, named=True)
    assert (bridge["from_version"], bridge["to_version"]) == ("1", "2")
    assert bridge["status"] == status
    weekly = read_table(tmp_path / "exports", "signals_weekly").filter(
        pl.col("signal") == "stocking_up", pl.col("category") == "tea", ~pl.col("is_partial")
    )
    assert weekly.group_by("week_start").len()["len"].max() == 1, "one version a week"
    before = weekly.filter(pl.col("tagger_version") == "1")
    after = weekly.filter(pl.col("tagger_version") == "2")
    assert before.height > 10
    assert after["in_series"].all()
    assert before["rate"].mean() < 0.3 < after["rate"].mean()
    if status == "bridged":
        assert before["in_series"].all()
        assert bridge["ratio"] == pytest.approx(2, rel=0.15)
        assert abs(before["rate_adjusted"].mean() - after["rate_adjusted"].mean()) < 0.1
    else:
        assert not before["in_series"].any()
        assert bridge["ratio"] is None
