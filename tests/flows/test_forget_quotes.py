"""An erasure takes the person's words out of published nights, wherever they are repeated, and no others."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

from flows.exports import publish, snapshot_problems, write_snapshot
from flows.forget.amend import QUOTING, REPEATING, WHY, amend_nights
from flows.forget.journal import Erasure, new_erasure
from flows.reader import read_manifest, read_table, snapshot_dir
from tests import review_frames as made
from transforms.contracts import EXPORTS
from transforms.forgetting import PASSAGE, Forgotten
from transforms.hashed import Hasher

BY = Hasher(b"k" * 32, (), merge_plus=True, country="none")
THEIRS, OTHERS = "two more please", "I always keep a spare one"


def somebody(*passages: str) -> Erasure:
    hashes = frozenset(BY.hashed(PASSAGE, pl.Series(passages, dtype=pl.String)).to_list())
    return new_erasure("customer", "2026-11-18", (Forgotten(BY, passages=hashes),))


def quoted() -> dict[str, pl.DataFrame]:
    row = {
        "signal": "stocking_up", "category": None, "side": "for", "place": 1, "quote": THEIRS,
        "said_on": date(2026, 11, 10), "passage_id": "p1", "confidence": 0.9, "people": 4,
    }  # fmt: skip
    rows = [row, row | {"place": 2, "quote": OTHERS, "passage_id": "p2"}]
    voices = pl.DataFrame(rows, schema=dict(EXPORTS["voices"].schema), orient="row")
    phrases = made.phrases().with_columns(
        pl.lit("p1").alias("example_1"), pl.lit(THEIRS).alias("quote_1"),
        pl.lit("p2").alias("example_2"), pl.lit(OTHERS).alias("quote_2"),
    )  # fmt: skip
    exceptions = pl.DataFrame(
        made.exceptions().to_dicts(), schema=dict(EXPORTS["exceptions"].schema)
    ).with_columns(pl.lit(THEIRS).alias("quote"))
    told = exceptions.head(1).with_columns(
        pl.lit("another").alias("episode_id"), pl.lit(OTHERS).alias("quote")
    )
    return {
        "voices": voices, "phrase_stats": phrases, "forecasts": made.forecasts(2),
        "exceptions": pl.concat([exceptions, told]),
    }  # fmt: skip


def published(exports: Path, tables: dict[str, pl.DataFrame]) -> Path:
    told = {n: {"rung": "full"} for n in tables}
    manifest = {"as_of": made.AS_OF.isoformat(), "status": "Published", "tables": told}
    snapshot = write_snapshot(exports, tables, manifest)
    publish(exports, snapshot, made.AS_OF, {"run_id": "r", "status": "Published"})
    return snapshot.path


def test_their_quotes_go_and_others_and_numbers_stay(tmp_path: Path) -> None:
    before = published(tmp_path, quoted())
    assert amend_nights(tmp_path, somebody("p1", "p9"))["nights_amended"] == 1
    assert read_table(tmp_path, "voices")["quote"].to_list() == [OTHERS]
    phrases = read_table(tmp_path, "phrase_stats")
    assert phrases.select("quote_1", "quote_2").row(0) == (OTHERS, None)
    assert phrases["people"].to_list() == [9]
    quotes = read_table(tmp_path, "exceptions")["quote"]
    assert set(quotes.drop_nulls().to_list()) == {OTHERS}
    assert len(quotes) == quoted()["exceptions"].height, "the exception itself stays"
    assert read_table(tmp_path, "forecasts").equals(
        quoted()["forecasts"].sort(EXPORTS["forecasts"].order)
    )
    after = snapshot_dir(tmp_path)
    assert not before.exists()
    assert snapshot_problems(after) == []
    assert read_manifest(after)["amended_because"] == WHY


def test_done_again_nothing_changes(tmp_path: Path) -> None:
    published(tmp_path, quoted())
    amend_nights(tmp_path, somebody("p1"))
    once = snapshot_dir(tmp_path)
    assert amend_nights(tmp_path, somebody("p1"))["nights_amended"] == 0
    assert snapshot_dir(tmp_path) == once


def test_a_night_that_does_not_quote_them_is_left_alone(tmp_path: Path) -> None:
    before = published(tmp_path, quoted())
    assert amend_nights(tmp_path, somebody("p3"))["nights_amended"] == 0
    assert snapshot_dir(tmp_path) == before


def test_reviews_go_with_them(tmp_path: Path) -> None:
    published(tmp_path, quoted())
    page = tmp_path / "review" / f"as_of={made.AS_OF}" / "planner.html"
    page.parent.mkdir(parents=True)
    page.write_text(THEIRS)
    amend_nights(tmp_path, somebody("p1"))
    assert not (tmp_path / "review").exists()


def test_their_review_goes_from_the_digest_with_stars_and_themes(tmp_path: Path) -> None:
    contract = EXPORTS["review_digest"]
    usual = {c.name: 0 for c in contract.columns if c.dtype.is_numeric()} | {
        "week_start": date(2026, 11, 9), "said_on": date(2026, 11, 10), "category": "tea", "sku": "S1",
        "owner": "unassigned", "themes": "", "stars": 1, "is_counter_example": False,
        "verdict": "undetermined", "language": "en", "verified": True,
    }  # fmt: skip
    rows = [
        usual | {"review_id": f"r{i}", "passage_id": f"p{i}", "excerpt_redacted": words, "place": i}
        for i, words in ((1, THEIRS), (2, None), (3, OTHERS))
    ]
    digest = pl.DataFrame(rows, schema=dict(contract.schema), orient="row")
    published(tmp_path, {"review_digest": digest})
    assert amend_nights(tmp_path, somebody("p1", "p2"))["published_quotes"] == 2
    left = read_table(tmp_path, "review_digest")
    assert left["review_id"].to_list() == ["r3"]
    assert left["excerpt_redacted"].to_list() == [OTHERS]


def test_every_table_with_quotes_is_known() -> None:
    quoting = {
        n for n, t in EXPORTS.items() if any(c.startswith(("quote", "excerpt")) for c in t.names)
    }
    assert quoting == {*QUOTING, *REPEATING}
