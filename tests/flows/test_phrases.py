"""Emerging phrases from a real lake: found, redacted, quoted only where allowed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from flows.knowledge import Picture, Rules, Tags
from flows.lake import Lake, Landing
from flows.listening import JUDGED_ROWS, TAG_ROWS, TAGGABLE_ROWS
from flows.phrases import count_phrases, phrase_stats
from models.panel import Known
from tests.rows import versions
from transforms import phrase_windows
from transforms.contracts import EXPORTS
from transforms.contracts.check import violations
from transforms.signals import UNATTRIBUTED

AS_OF = date(2026, 3, 22)
LAST = date(2026, 3, 16)
RULES = Rules("UTC", "monday", ("total",), ("worry",), 0)
PLAIN = (
    "the colour is nice and the box was neat",
    "works fine in our kitchen every morning",
    "my sister wanted one for her birthday",
    "delivery took a while but arrived",
    "handle feels solid and washes easily",
    "would recommend it to friends",
)
NEW = "there is a strange smell of paint, call 212-555-0123 or mail a.b@example.com"


def spoken(weeks: int = 16, new_people: int = 9) -> list[dict[str, Any]]:
    """Forty people a week say plain things; in the last week some say something new."""
    rng = np.random.default_rng(3)
    rows = []
    for w in range(weeks):
        at = datetime(2026, 3, 18, 12, tzinfo=UTC) - timedelta(weeks=weeks - 1 - w)
        for i in range(40):
            new = w == weeks - 1 and i < new_people
            rows.append(
                {
                    "passage_id": f"p{w}-{i}",
                    "conversation_id": f"v{w}-{i}",
                    "text": NEW if new else PLAIN[int(rng.integers(len(PLAIN)))],
                    "said_at": at,
                    "speaker": "customer",
                    "customer_id": f"k{w}-{i}",
                }
            )
    return rows


def landed(folder: Path, rows: list[dict[str, Any]]) -> Lake:
    lake = Lake(folder / "lake")
    part = lake.write_part(1, "passages", "main", versions("passages", rows))
    lake.commit(Landing(1, AS_OF, (part,)))
    return lake


def told(rows: list[dict[str, Any]], tagged: bool = False) -> tuple[Picture, Tags]:  # noqa: FBT001, FBT002
    nothing = pl.DataFrame()
    talked = pl.DataFrame(
        [
            {
                "_source": "main",
                "conversation_id": row["conversation_id"],
                "customer_id": row["customer_id"],
                "started_at": row["said_at"],
                "category": "tea" if row["passage_id"][-1] in "13579" else UNATTRIBUTED,
            }
            for row in rows
        ]
    )
    now = Picture(Known(AS_OF, 0, {}), {}, nothing, talked, nothing, nothing, {}, None, LAST)
    judged = pl.DataFrame(
        [
            {
                "_source": "main",
                "_version": 1,
                "conversation_id": row["conversation_id"],
                "passage_id": row["passage_id"],
                "taggable": True,
                "language": "en",
            }
            for row in rows
        ],
        schema=JUDGED_ROWS,
    )
    smelt = judged.filter(pl.lit(value=tagged), pl.col("passage_id").str.starts_with("p15-"))
    tags = smelt.with_columns(
        pl.lit("worry").alias("signal"), pl.lit(0).alias("span_start"), pl.lit(4).alias("span_end"),
        pl.lit("phrases").alias("tagger"), pl.lit("1").alias("tagger_version"), pl.lit(1.0).alias("confidence"),
    ).select([pl.col(n).cast(t) for n, t in TAG_ROWS.items()])  # fmt: skip
    return now, Tags(tags, judged.select(list(TAGGABLE_ROWS)), judged)


def made(
    folder: Path, rows: list[dict[str, Any]], *, quotes: bool = False, tagged: bool = False
) -> pl.DataFrame:
    lake = landed(folder, rows)
    now, tags = told(rows, tagged)
    counted = count_phrases(lake, AS_OF, now, tags, RULES)
    assert counted is not None
    return phrase_stats(lake, AS_OF, counted, tags, quotes=quotes)


def test_a_new_phrase_is_found_and_old_ones_are_not(tmp_path: Path) -> None:
    found = made(tmp_path, spoken())
    assert violations(EXPORTS["phrase_stats"], found) == []
    up = found.filter("emerging", pl.col("category").is_null())
    assert "strange smell" in " ".join(up["phrase"].to_list())
    assert set(up["week_start"].to_list()) == {LAST}
    assert up["people"].to_list() == [9] * up.height
    assert up["people_before"].to_list() == [0] * up.height
    assert up["is_candidate"].all()
    assert up["signal"].null_count() == up.height
    words = {word for phrase in up["phrase"].to_list() for word in phrase.split()}
    assert words <= {"strange", "smell", "of", "paint", "call", "or", "mail"}


def test_words_are_quoted_only_where_allowed_and_then_redacted(tmp_path: Path) -> None:
    shy = made(tmp_path / "shy", spoken())
    assert shy.select("quote_1", "quote_2").null_count().row(0) == (shy.height, shy.height)
    assert shy.filter("emerging")["example_1"].null_count() == 0
    open_ = made(tmp_path / "open", spoken(), quotes=True).filter("is_candidate")
    for name in ("quote_1", "quote_2"):
        assert (
            open_[name].str.contains("strange smell of paint, call <PHONE> or mail <EMAIL>").all()
        )
    assert (open_["example_1"] != open_["example_2"]).all()


def test_what_a_signal_covers_is_no_candidate(tmp_path: Path) -> None:
    up = made(tmp_path, spoken(), tagged=True).filter("emerging")
    assert up.height > 0
    assert up["signal"].unique().to_list() == ["worry"]
    assert up["signal_share"].min() == 1.0
    assert not up["is_candidate"].any()


def test_fewer_than_three_people_are_never_shown(tmp_path: Path) -> None:
    found = made(tmp_path, spoken(new_people=2))
    assert not found["phrase"].str.contains("smell").any()
    assert found["people"].min() >= 3
    again = spoken()
    for row in again:
        if row["text"] == NEW:
            row["customer_id"] = "one person"
    assert not made(tmp_path / "one", again)["phrase"].str.contains("smell").any()


def test_batches_and_samples_and_the_order_of_rows_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = spoken()
    whole = made(tmp_path / "a", rows)
    shuffled = [rows[i] for i in np.random.default_rng(1).permutation(len(rows))]
    assert made(tmp_path / "b", shuffled).equals(whole)
    monkeypatch.setattr(phrase_windows, "BATCH", 7)
    small = made(tmp_path / "c", rows)
    steady = [name for name in whole.columns if name not in ("q_value", "emerging", "is_candidate")]
    key = ["week_start", "category", "language", "phrase"]
    both = whole.join(small.select(key), on=key, how="semi", nulls_equal=True).select(steady)
    assert both.height > 0.9 * whole.height
    assert both.equals(small.join(whole, on=key, how="semi", nulls_equal=True).select(steady))


def test_nothing_heard_lately_is_no_table(tmp_path: Path) -> None:
    rows = spoken()
    for row in rows:
        row["said_at"] -= timedelta(weeks=30)
    lake = landed(tmp_path, rows)
    now, tags = told(rows)
    assert count_phrases(lake, AS_OF, now, tags, RULES) is None


def test_weeks_of_silence_are_an_empty_table(tmp_path: Path) -> None:
    rows = [row for row in spoken() if row["passage_id"].split("-")[0] in ("p3", "p4", "p5")]
    assert made(tmp_path, rows).is_empty()
    few = [row for row in spoken() if row["passage_id"].endswith("-1")]
    assert made(tmp_path / "few", few).is_empty(), "one person a week"
