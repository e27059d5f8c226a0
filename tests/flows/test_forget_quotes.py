"""After an erasure no published night shows a quote, and no review page is left that might."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

from flows.exports import publish, snapshot_problems, write_snapshot
from flows.forget.amend import QUOTED, WHY, amend_nights
from flows.forget.journal import new_erasure
from flows.reader import read_manifest, read_table, snapshot_dir
from tests import review_frames as made
from transforms.contracts import EXPORTS
from transforms.forgetting import Forgotten
from transforms.hashed import Hasher

SOMEBODY = new_erasure(
    "customer", "2026-11-18", (Forgotten(Hasher(b"k" * 32, (), merge_plus=True, country="none")),)
)  # fmt: skip


def quoted() -> dict[str, pl.DataFrame]:
    row = {
        "signal": "stocking_up", "category": None, "side": "for", "place": 1, "quote": "two more please",
        "said_on": date(2026, 11, 10), "passage_id": "p1", "confidence": 0.9, "people": 4,
    }  # fmt: skip
    voices = pl.DataFrame([row], schema=dict(EXPORTS["voices"].schema), orient="row")
    return {"voices": voices, "phrase_stats": made.phrases(), "forecasts": made.forecasts(2)}


def published(exports: Path, tables: dict[str, pl.DataFrame]) -> Path:
    told = {n: {"rung": "full"} for n in tables}
    manifest = {"as_of": made.AS_OF.isoformat(), "status": "Published", "tables": told}
    snapshot = write_snapshot(exports, tables, manifest)
    publish(exports, snapshot, made.AS_OF, {"run_id": "r", "status": "Published"})
    return snapshot.path


def test_quotes_go_and_numbers_stay(tmp_path: Path) -> None:
    before = published(tmp_path, quoted())
    assert amend_nights(tmp_path, SOMEBODY)["nights_amended"] == 1
    assert read_table(tmp_path, "voices").is_empty()
    phrases = read_table(tmp_path, "phrase_stats")
    assert phrases.select("quote_1", "quote_2").null_count().row(0) == (1, 1)
    assert phrases["people"].to_list() == [9]
    assert read_table(tmp_path, "forecasts").equals(
        quoted()["forecasts"].sort(EXPORTS["forecasts"].order)
    )
    after = snapshot_dir(tmp_path)
    assert not before.exists()
    assert snapshot_problems(after) == []
    assert read_manifest(after)["amended_because"] == WHY


def test_done_again_nothing_changes(tmp_path: Path) -> None:
    published(tmp_path, quoted())
    amend_nights(tmp_path, SOMEBODY)
    once = snapshot_dir(tmp_path)
    assert amend_nights(tmp_path, SOMEBODY)["nights_amended"] == 0
    assert snapshot_dir(tmp_path) == once


def test_reviews_go_with_them(tmp_path: Path) -> None:
    published(tmp_path, quoted())
    page = tmp_path / "review" / f"as_of={made.AS_OF}" / "planner.html"
    page.parent.mkdir(parents=True)
    page.write_text("two more please")
    amend_nights(tmp_path, SOMEBODY)
    assert not (tmp_path / "review").exists()


def test_every_table_with_quotes_is_known() -> None:
    assert {"voices", "phrase_stats"} <= set(QUOTED)
