"""A file of reviews is heard as conversations and passages, and each of its rows is accounted for."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from flows.lake import Lake
from flows.pull import pull, report_table
from flows.settings import SettingsError, load_settings
from tests.flows.written import write_config

AS_OF = date(2026, 4, 1)
HEAD = "review_id,created_at,rating,title,text,sku,customer_id,helpful_votes,verified\n"
ROWS = [
    "r1,2026-03-01T10:00:00Z,1,Bad,It broke after two weeks,S1,c1,3,true",
    "r2,2026-03-02T10:00:00Z,5,,,S1,c2,,",
    "r3,2026-03-02T10:00:00Z,4,,Nice,S1,c3,,false",
]


def pulled(folder: Path, rows: list[str], source: str) -> Lake:
    (folder / "in").mkdir(exist_ok=True)
    (folder / "in" / "reviews.csv").write_text(HEAD + "\n".join(rows) + "\n")
    path = folder / "hearcast.toml"
    path.write_text(
        f"[paths]\nlake = 'lake'\nexports = 'exports'\n[[sources]]\nname = 'shop'\n{source}\n"
    )
    settings = load_settings(path, {})
    lake = Lake(settings.paths.lake)
    pull(settings, lake, AS_OF)
    return lake


@pytest.mark.parametrize("source", ["reviews = 'in/*.csv'", "kind = 'inbox'\npath = 'in'"])
def test_reviews_are_heard(tmp_path: Path, source: str) -> None:
    lake = pulled(tmp_path, ROWS, source)
    talked = lake.versions("conversations", AS_OF).collect().sort("conversation_id")
    assert talked.select("conversation_id", "channel", "rating", "helpful_votes", "verified").rows() == [
        ("r1", "review", 1.0, 3, True), ("r2", "review", 5.0, None, None),
        ("r3", "review", 4.0, None, False),
    ]  # fmt: skip
    said = lake.versions("passages", AS_OF).collect().sort("passage_id")
    assert said.select("passage_id", "conversation_id", "text", "speaker").rows() == [
        ("r1", "r1", "Bad. It broke after two weeks", "customer"), ("r3", "r3", "Nice", "customer"),
    ]  # fmt: skip
    assert said["said_at"].null_count() == 0
    assert lake.versions("reviews", AS_OF).collect().is_empty(), "words stand in one place only"


def test_every_row_is_good_quarantined_or_routed(tmp_path: Path) -> None:
    many = [ROWS[1].replace("r2", f"x{i}") for i in range(40)]
    lake = pulled(
        tmp_path,
        [*ROWS, *many, "r9,nonsense,5,,Hello a.b@example.com,S1,c9,,"],
        "reviews = 'in/*.csv'",
    )
    report = {row["table"]: row for row in report_table(lake, AS_OF).iter_rows(named=True)}
    assert set(report) == {"reviews", "conversations", "passages"}
    own = report["reviews"]
    assert (own["rows_in"], own["rows_routed"], own["rows_quarantined"]) == (44, 43, 1)
    assert own["rows_good"] == 0
    assert (report["conversations"]["rows_in"], report["conversations"]["rows_good"]) == (43, 43)
    assert report["passages"]["rows_in"] == 2
    bad = lake.quarantine(AS_OF)
    assert bad["table"].to_list() == ["reviews"]
    assert "example.com" not in bad["row"][0]


def test_a_review_that_comes_again_changes_nothing(tmp_path: Path) -> None:
    lake = pulled(tmp_path, ROWS, "reviews = 'in/*.csv'")
    before = lake.versions("conversations", AS_OF).collect().height
    again = pulled(
        tmp_path, [*ROWS, "r4,2026-03-09T10:00:00Z,2,,Meh,S1,c4,,"], "reviews = 'in/*.csv'"
    )
    found = again.versions("conversations", AS_OF).collect()
    assert found.height == before + 1
    assert found["_version"].unique().to_list() == [1]


def test_reviews_are_no_snapshot(tmp_path: Path) -> None:
    path = write_config(tmp_path, {"order_lines": "in/*"})
    path.write_text(path.read_text() + "[sources.reviews]\npath = 'in/r*'\nmode = 'snapshot'\n")
    with pytest.raises(SettingsError, match="mode must be append"):
        load_settings(path, {})


def test_words_of_old_reviews_go_with_their_passages(tmp_path: Path) -> None:
    lake = pulled(tmp_path, ROWS, "reviews = 'in/*.csv'")
    plain = list((lake.root / "tables").rglob("*.parquet"))
    assert plain
    for path in plain:
        assert not any(
            "broke" in str(value)
            for column in pl.read_parquet(path).select(pl.col(pl.String)).iter_columns()
            for value in column
        ), path
