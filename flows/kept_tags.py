"""Tags of passages whose words are gone: what was heard stays counted when what was said is deleted.

`<lake>/kept/00000001.parquet` …: one row per tag, and one without a signal for each passage that has none. Files are
only added; of a passage that stands in several the newest counts. They hold no words.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from flows.knowledge import Tags
from flows.lake import Lake
from flows.places import relative
from transforms.asof import SOURCE, VERSION
from transforms.tagging import TAG_SCHEMA

IDENTITY = [SOURCE, VERSION, "conversation_id", "passage_id"]
TAG_ROWS = {**TAG_SCHEMA, SOURCE: pl.String(), VERSION: pl.Int32()}
_JUDGED = ["taggable", "language"]
KEPT = {**TAG_ROWS, "taggable": pl.Boolean(), "language": pl.String()}


def keep_tags(lake: Lake, tags: Tags, passages: pl.DataFrame) -> None:
    """Stores what was heard in `passages` (IDENTITY), on disk before the words may go."""
    if passages.is_empty():
        return
    judged = tags.judged.select(*IDENTITY, *_JUDGED)
    rows = passages.select(IDENTITY).join(judged, on=IDENTITY, how="left")
    heard = rows.join(tags.tags, on=IDENTITY, how="left").with_columns(
        pl.col("taggable").fill_null(False)
    )
    order = [*IDENTITY, "signal", "span_start", "tagger", "tagger_version"]
    number = len(list((lake.root / "kept").glob("*.parquet"))) + 1
    lake.write_parquet(f"kept/{number:08d}.parquet", heard.select(list(KEPT)).sort(order))


def kept_tags(lake: Lake) -> Tags:
    """Everything that was kept."""
    frames = [
        lake.storage.read_parquet(path).with_columns(pl.lit(number).alias("_file"))
        for number, path in enumerate(sorted((lake.root / "kept").glob("*.parquet")))
    ]
    if not frames:
        empty = pl.DataFrame(schema=KEPT)
        judged = empty.select(*IDENTITY, *_JUDGED)
        return Tags(empty.select(list(TAG_ROWS)), empty.select(IDENTITY), judged)
    rows = pl.concat(frames)
    rows = rows.filter(pl.col("_file") == pl.col("_file").max().over(IDENTITY))
    tags = rows.filter(pl.col("signal").is_not_null()).select(list(TAG_ROWS))
    judged = rows.select(*IDENTITY, *_JUDGED).unique(IDENTITY, maintain_order=True)
    return Tags(tags, judged.filter("taggable").select(IDENTITY), judged)


def rewrite_kept(lake: Lake, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    """Applies an erasure to what was kept: ids that tell a person become others."""
    for path in sorted((lake.root / "kept").glob("*.parquet")):
        frame = lake.storage.read_parquet(path)
        changed = change(frame)
        if not changed.equals(frame):
            lake.write_parquet(relative(path, lake.root), changed)
