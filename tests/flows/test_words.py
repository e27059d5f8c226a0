"""Words kept apart from what is counted, deleted after their time, and old lakes brought into that form."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from flows.cli import EXIT_PUBLISHED, main
from flows.lake import LANDED_TYPES, Lake, Landing, Part
from flows.reader import read_table
from flows.words import GONE, RAW, REDACTED, STATE
from tests.flows.conftest import digests
from tests.flows.tiny import END, tiny_shop
from transforms.contracts import INPUTS

NIGHT = date(2026, 3, 10)
SAID = (
    "I bought ten extra to stock up and keep spares at home. My name is Ada Lovelace, "
    "mail ada@example.com"
)


def talk(folder: Path, *, extra: str = "") -> Path:
    """The tiny shop with one passage a day over forty days, the last on END."""
    config = tiny_shop(folder, days=200)
    rows = [
        {
            "passage_id": f"p{i}", "conversation_id": f"c{i}", "text": SAID, "channel": "chat", "customer_id": f"k{i}",
            "said_at": f"{END - timedelta(days=i)}T10:00:00Z", "category": "tea", "speaker": "customer", "mood": "glad",
        }
        for i in range(40)
    ]  # fmt: skip
    (folder / "words").mkdir()
    (folder / "words" / "passages.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    text = config.read_text().replace('"in/*"', '"in/*"\npassages = "words/*"')
    config.write_text(text + extra)
    return config


def states(lake: Path, as_of: date = END) -> dict[str, int]:
    frame = Lake(lake).versions("passages", as_of).collect()
    return dict(frame.group_by(STATE).len().iter_rows())


def night(config: Path, as_of: date = END) -> int:
    return main(["nightly", "--config", str(config), "--as-of", as_of.isoformat()])


@pytest.mark.usefixtures("prefect_server")
def test_words_go_after_their_time_and_counts_stay(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = talk(tmp_path / "kept")
    short = talk(
        tmp_path / "short",
        extra="[privacy]\ntext_retention_days = 10\nredacted_retention_days = 20\n",
    )
    later = END + timedelta(days=3)
    for config in (kept, short):
        assert night(config) == EXIT_PUBLISHED
    assert states(tmp_path / "kept" / "lake") == {RAW: 40}
    assert states(tmp_path / "short" / "lake") == {RAW: 11, REDACTED: 10, GONE: 19}
    assert "raw words of 29 passages deleted" in capsys.readouterr().err
    for config in (kept, short):
        orders = config.parent / "in" / "orders.csv"
        last = f"x{later},1,S1,tea,{later}T10:00:00Z,2\n"
        orders.write_text(orders.read_text() + last)
        words = config.parent / "words" / "passages.jsonl"
        words.write_text(words.read_text() + "\n")
        assert night(config, later) == EXIT_PUBLISHED
    assert states(tmp_path / "short" / "lake", later) == {RAW: 8, REDACTED: 10, GONE: 22}, (
        "delivered again, still gone"
    )
    ours, theirs = (digests(tmp_path / name / "exports" / "latest") for name in ("short", "kept"))
    for told in (ours, theirs):  # of words that are there, and how many rows that makes
        for name in ("phrase_stats.parquet", "catalogue.parquet"):
            told.pop(name)
    assert ours == theirs, "tags, counts and forecasts are as if the words were there"
    assert read_table(tmp_path / "short" / "exports", "tags").height >= 40
    frame = Lake(tmp_path / "short" / "lake").versions("passages", later).collect()
    told = frame.filter(pl.col(STATE) == REDACTED)["text"].unique().to_list()
    assert told == [
        "I bought ten extra to stock up and keep spares at home. My name is <NAME>, mail <EMAIL>"
    ]
    assert frame.filter(pl.col(STATE) != RAW)["_extra"].null_count() == 32
    for path in (tmp_path / "short" / "lake").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.usefixtures("prefect_server")
def test_a_replay_deletes_nothing_and_counts_what_was_heard(tmp_path: Path) -> None:
    config = talk(tmp_path / "shop", extra="[privacy]\ntext_retention_days = 10\n")
    assert night(config) == EXIT_PUBLISHED
    before = digests(tmp_path / "shop" / "lake")
    assert night(config, END - timedelta(days=7)) == EXIT_PUBLISHED
    assert digests(tmp_path / "shop" / "lake") == before
    assert read_table(tmp_path / "shop" / "exports", "tags", END - timedelta(days=7)).height >= 33


def test_a_lake_of_an_earlier_version_is_read_and_brought_into_form(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    schema = {**INPUTS["passages"].schema, **LANDED_TYPES}
    row = dict.fromkeys(schema) | {
        "passage_id": "p", "conversation_id": "c", "text": "hello", "_known_on": NIGHT, "_version": 1, "_deleted": False,
        "_source": "main", "_order": 0, "_file": "f", "_row": 1, "_extra": '{"mood": "glad"}',
    }  # fmt: skip
    old = "restricted/passages/00000001-main.parquet"
    lake.write_parquet(old, pl.DataFrame([row], schema=schema))
    lake.commit(Landing(1, NIGHT, (Part("passages", "main", old, 1),)))
    read = lake.versions("passages", NIGHT).collect()
    assert (read["text"].item(), read[STATE].item()) == ("hello", RAW)
    lake.keep_words_apart()
    assert lake.sweep() == [old]
    (part,) = lake.landings()[0].parts
    assert part.words is not None
    assert {"text", "_extra"}.isdisjoint(pl.read_parquet(lake.root / part.path).columns)
    assert lake.versions("passages", NIGHT).collect().equals(read)
    lake.keep_words_apart()
    assert lake.sweep() == []


def test_a_missing_file_of_words_is_named(tmp_path: Path) -> None:
    test_a_lake_of_an_earlier_version_is_read_and_brought_into_form(tmp_path)
    lake = Lake(tmp_path / "lake")
    next((lake.root / "restricted" / "words").rglob("*.parquet")).unlink()
    with pytest.raises(RuntimeError, match=r"restricted/words.*restore it from a backup"):
        lake.versions("passages", NIGHT)
