"""Quality and speed on real texts; thresholds stand below what was measured, so that a loss shows."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import polars as pl
import pytest

from transforms.tagging import PhraseBook, tag_passages, taggable

DATA = os.environ.get("HEARCAST_EXAMPLES_DATA")
pytestmark = [
    pytest.mark.needs_data,
    pytest.mark.skipif(not DATA, reason="HEARCAST_EXAMPLES_DATA names no folder of example data"),
]
HEADLINE = ("stocking_up", "delivery_worry", "durability_question")


def passages_file(name: str) -> list[dict[str, object]]:
    path = Path(DATA or "") / "passages" / name
    if not path.exists():
        pytest.skip(f"no {name} in the folder of example data")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def as_frame(rows: list[dict[str, object]]) -> pl.DataFrame:
    ids = [str(row["id"]) for row in rows]
    return pl.DataFrame(
        {"conversation_id": ids, "passage_id": ids, "text": [row["text"] for row in rows]}
    )


def test_labelled_passages(books: list[PhraseBook]) -> None:
    rows = passages_file("passages.jsonl")
    tags = tag_passages(as_frame(rows), books, fallback_language="en")
    got = set(tags.select("passage_id", "signal").iter_rows())
    gold = {(row["id"], signal) for row in rows for signal in row["signals"]}  # type: ignore[attr-defined]
    scores = {}
    for signal in sorted({signal for _, signal in gold}):
        mine, theirs = ({pair for pair in pairs if pair[1] == signal} for pairs in (got, gold))
        scores[signal] = 2 * len(mine & theirs) / (len(mine) + len(theirs))
    assert sum(scores.values()) / len(scores) >= 0.58
    assert min(scores[signal] for signal in HEADLINE) >= 0.50
    able = taggable(as_frame(rows), books)
    assert able["taggable"].mean() >= 0.98  # type: ignore[operator]


def olist() -> pl.DataFrame:
    """Written reviews with `late`: delivered after the promised day, or never."""
    folder = Path(DATA or "") / "olist_subset"
    if not folder.exists():
        pytest.skip("no olist_subset in the folder of example data")
    reviews = pl.read_csv(folder / "olist_order_reviews_dataset.csv", infer_schema=False)
    orders = pl.read_csv(folder / "olist_orders_dataset.csv", infer_schema=False)
    title, message = (pl.col(f"review_comment_{c}").fill_null("") for c in ("title", "message"))
    delivered = pl.col("order_delivered_customer_date").str.slice(0, 10)
    promised = pl.col("order_estimated_delivery_date").str.slice(0, 10)
    return (
        reviews.join(orders, on="order_id")
        .with_columns(
            text=(title + ". " + message).str.strip_chars(". "),
            late=delivered.is_null() | (delivered > promised),
        )
        .filter(pl.col("text") != "")
        .select("text", "late", conversation_id="order_id", passage_id="review_id")
    )


def test_portuguese_reviews_against_deliveries(books: list[PhraseBook]) -> None:
    reviews = olist()
    tags = tag_passages(reviews.drop("late"), books).filter(pl.col("signal") == "delivery_worry")
    worried = reviews["passage_id"].is_in(tags["passage_id"].unique().to_list())
    late = reviews["late"].fill_null(False)
    recall = (worried & late).to_numpy().sum() / late.to_numpy().sum()
    false_rate = (worried & ~late).to_numpy().sum() / (~late).to_numpy().sum()
    assert recall >= 0.60
    assert false_rate <= 0.20
    assert (1 + recall - false_rate) / 2 >= 0.73
    assert taggable(reviews, books)["language"].eq("pt").mean() >= 0.98  # type: ignore[operator]


def test_speed(books: list[PhraseBook]) -> None:
    rows = passages_file("passages_train.jsonl")
    few = as_frame(rows)
    tag_passages(few, books)
    started = time.process_time()
    tag_passages(few, books)
    assert few.height / (time.process_time() - started) >= 2_000
