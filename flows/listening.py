"""Passages in the lake into tags: every version of every passage, each text read once."""

from __future__ import annotations

from datetime import date

import polars as pl

from flows.kept_tags import kept_tags
from flows.knowledge import Tags
from flows.lake import Lake
from flows.listening_readers import Readers
from flows.settings import Settings
from flows.tag_cache import KEY, TABLES, TagCache, text_key
from flows.taggers import Tagger
from flows.words import RAW, STATE
from transforms.asof import SOURCE, VERSION
from transforms.tagging import TAG_SCHEMA
from transforms.tagging.judging import is_customer, with_languages

_IDENTITY = [SOURCE, VERSION, "conversation_id", "passage_id"]
TAG_ROWS = {**TAG_SCHEMA, SOURCE: pl.String(), VERSION: pl.Int32()}
TAGGABLE_ROWS = {
    SOURCE: pl.String(),
    VERSION: pl.Int32(),
    "conversation_id": pl.String(),
    "passage_id": pl.String(),
}
JUDGED_ROWS = {**TAGGABLE_ROWS, "taggable": pl.Boolean(), "language": pl.String()}
"""Columns of the frames of `Tags`."""


def tag_lake(lake: Lake, as_of: date, settings: Settings, tagger: Tagger) -> Tags:
    """Tags of every passage version that a night at `as_of` may see, all by this version of the tagger.

    A passage's language is its own, else its conversation's, else it is recognised. Texts that this
    version has read before are not read again: what it said of them is kept in the lake. Where words
    were deleted, what had been heard in them counts.
    """
    versions = lake.versions("passages", as_of)
    passages = (
        versions.filter(pl.col(STATE) == RAW)
        .select(*_IDENTITY, "text", "speaker", "language")
        .join(_languages(lake, as_of), on=[SOURCE, "conversation_id"], how="left")
        .with_columns(pl.coalesce("language", "_language").alias("language"))
        .drop("_language")
        .collect()
    )
    cache = TagCache(lake.root, tagger.version)
    return _with_kept(tagged(passages, _IDENTITY, settings, tagger, cache), lake, versions)


def tagged(
    passages: pl.DataFrame, identity: list[str], settings: Settings, tagger: Tagger, cache: TagCache
) -> Tags:
    """Tags and taggable passages, `identity` being the columns that name a passage."""
    keys = [text_key(text) for text in passages["text"].to_list()]
    keyed = passages.with_columns(pl.Series(KEY, keys, pl.Binary))
    texts = keyed.select(KEY, "text").unique(KEY, keep="first", maintain_order=True)
    with Readers(settings, tagger) as readers:
        hints, early = _hints(texts, keyed, readers, cache)
        judged = with_languages(keyed.drop("text").join(hints, on=KEY), tagger.books, None)
        able = judged.filter("taggable").select(*identity, KEY, "language")
        found = _found(texts, able.select(KEY, "language").unique(), early, readers, cache)
    tags = (
        able.join(found, on=[KEY, "language"])
        .explode("mentions", empty_as_null=False, keep_nulls=False)
        .unnest("mentions")
        .with_columns(
            pl.lit(tagger.name).alias("tagger"), pl.lit(tagger.version).alias("tagger_version")
        )
    )
    order = [*identity, "signal", "span_start", "span_end"]
    columns = [*TAG_SCHEMA, *(name for name in identity if name not in TAG_SCHEMA)]
    told = judged.select(*identity, "taggable", "language").sort(identity)
    return Tags(tags.select(columns).sort(order), able.select(identity).sort(identity), told)


def _with_kept(heard: Tags, lake: Lake, versions: pl.LazyFrame) -> Tags:
    """`heard` and what was kept of the passages whose words are gone."""
    wordless = versions.filter(pl.col(STATE) != RAW).select(_IDENTITY).collect()
    if wordless.is_empty():
        return heard
    kept = kept_tags(lake)

    def joined(now: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
        old = before.join(wordless, on=_IDENTITY, how="semi")
        return pl.concat([now, old.select(now.columns)])

    return Tags(
        joined(heard.tags, kept.tags),
        joined(heard.taggable, kept.taggable),
        joined(heard.judged, kept.judged),
    )


def _hints(
    texts: pl.DataFrame, said: pl.DataFrame, readers: Readers, cache: TagCache
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What the words of each text hint at, kept or read now, and what was found in those read now.

    Where the words of what a customer said decide the language, its mentions are found at once: so a
    text is folded, and sent to another process, only once.
    """
    kept = cache.read("hints")
    new = texts.join(kept, on=KEY, how="anti")
    if new.is_empty():
        return kept, pl.DataFrame(schema=TABLES["found"])
    heard = said.filter(is_customer()).select(KEY).unique()
    ours, others = new.join(heard, on=KEY, how="semi"), new.join(heard, on=KEY, how="anti")
    hints, rows = readers.read(ours["text"])
    ours = ours.hstack(hints)
    found = [
        _mentions(
            ours.with_row_index("row").filter("decided", "worded", pl.col("hint") == language),
            rows.filter(pl.col("language") == language).drop("language"),
            language,
        )
        for language in readers.languages
    ]
    theirs = others.hstack(readers.hints(others["text"]))
    known = pl.concat([kept, *(part.select(*TABLES["hints"]) for part in (ours, theirs))])
    cache.write("hints", known)
    return known, pl.concat(found)


def _found(
    texts: pl.DataFrame,
    asked: pl.DataFrame,
    early: pl.DataFrame,
    readers: Readers,
    cache: TagCache,
) -> pl.DataFrame:
    """Mentions of each text in the language asked for, kept, found `early` or found now."""
    kept = pl.concat([cache.read("found"), early]).unique([KEY, "language"], keep="first")
    new = texts.join(asked.join(kept, on=[KEY, "language"], how="anti"), on=KEY).sort(KEY)
    frames = [kept]
    for language in sorted(new["language"].unique()):
        part = new.filter(pl.col("language") == language).with_row_index("row")
        frames.append(_mentions(part, readers.find(part["text"], language), language))
    known = pl.concat(frames)
    if new.height or early.height:
        cache.write("found", known)
    return known


def _mentions(read: pl.DataFrame, rows: pl.DataFrame, language: str) -> pl.DataFrame:
    """What was found in each text that was read, as it is kept: an empty list where nothing was.

    `read`: `row` and key of each text; `rows`: mentions, `row` being a text's.
    """
    mentions = rows.group_by("row").agg(pl.struct(pl.exclude("row")).alias("mentions"))
    texts = read.select(pl.col("row").cast(pl.Int64), KEY, pl.lit(language).alias("language"))
    return texts.join(mentions, on="row", how="left").select(
        KEY, "language", pl.col("mentions").fill_null([]).cast(TABLES["found"]["mentions"])
    )


def _languages(lake: Lake, as_of: date) -> pl.LazyFrame:
    return (
        lake.versions("conversations", as_of)
        .filter(pl.col("language").is_not_null())
        .sort("_order")
        .unique(subset=[SOURCE, "conversation_id"], keep="last", maintain_order=True)
        .select(SOURCE, "conversation_id", pl.col("language").alias("_language"))
    )
