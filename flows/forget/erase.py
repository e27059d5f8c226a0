"""One erasure carried out: tags kept, rows of the lake blanked, published nights amended, then the report.

Every step may be done again: a killed run is finished by the next one, which leaves the lake and the exports as an
undisturbed run does. Its report counts what was left to do of quarantined rows, sheets and published nights.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl

from flows.forget.amend import amend_nights
from flows.forget.audits import erase_audits
from flows.forget.journal import DONE, Erasure, write_erasure
from flows.kept_tags import IDENTITY, keep_tags, rewrite_kept
from flows.lake import Lake, Part
from flows.listening import tag_lake
from flows.settings import Settings
from flows.tag_cache import forget_texts
from flows.taggers import open_tagger
from flows.words import GONE, RAW, STATE, WORDED
from transforms.asof import SOURCE
from transforms.forgetting import CONVERSATION, PASSAGE, Forgotten, blanked, passage_hashes
from transforms.forgetting_published import quarantine_erased


def erase(lake: Lake, settings: Settings, one: Erasure) -> Erasure:
    """The erasure, done, with its report: counts only."""
    parts = [part for entry in lake.landings() for part in entry.parts]
    one = _with_passages(lake, one, parts)
    write_erasure(lake, one)
    _keep_tags(lake, settings, one.who, parts)
    rows: Counter[str] = Counter()
    for part in parts:
        rows[part.table] += _blank(lake, part, one.who)
    forget_texts(lake.root)
    rewrite_kept(lake, lambda frame: blanked(frame, one.who.mine(frame), one.who.by))
    report: dict[str, Any] = {
        "rows": {name: count for name, count in sorted(rows.items()) if count},
        "passages_without_words": rows["passages"],
        "contact_records": rows["customers"],
        "quarantined_rows": _quarantine(lake, one.who),
        **erase_audits(lake, one.who),
    }
    done = replace(one, status=DONE, report={**report, **amend_nights(settings.paths.exports, one)})
    write_erasure(lake, done)
    return done


def _with_passages(lake: Lake, one: Erasure, parts: list[Part]) -> Erasure:
    """The erasure that also knows by which ids published tables quote the person."""
    ids = [pl.Series([], dtype=pl.String)]
    for part in parts:
        if part.table in WORDED:
            frame = lake.scan_part(part).select(SOURCE, CONVERSATION, PASSAGE).collect()
            ids.append(frame.filter(one.who.mine(frame))[PASSAGE])
    keys, said = [who.by.key for who in one.all], pl.concat(ids)
    told = [
        replace(who, passages=who.passages | passage_hashes(said, who.by, keys)) for who in one.all
    ]
    return replace(one, who=told[0], others=tuple(told[1:]))


def _keep_tags(lake: Lake, settings: Settings, who: Forgotten, parts: list[Part]) -> None:
    """Stores what was heard in the person's passages before their words go."""
    found = []
    for part in parts:
        if part.table in WORDED and part.words is not None:
            frame = lake.scan_part(part).filter(pl.col(STATE) == RAW).collect()
            found.append(frame.filter(who.mine(frame)).select(IDENTITY))
    passages = pl.concat(found) if found else pl.DataFrame()
    if passages.height:
        tagger = open_tagger(settings)
        keep_tags(lake, tag_lake(lake, date.max, settings, tagger), passages)


def _blank(lake: Lake, part: Part, who: Forgotten) -> int:
    """How many rows of a part are the person's; they are blanked where they are not yet."""
    frame = lake.scan_part(part).collect()
    mine = who.mine(frame)
    count = int(mine.sum())
    if not count:
        return 0
    clean = blanked(frame, mine, who.by)
    if STATE in clean.columns:
        clean = clean.with_columns(pl.when(mine).then(pl.lit(GONE)).otherwise(STATE).alias(STATE))
    if not clean.equals(frame):
        lake.rewrite(part, clean)
    return count


def _quarantine(lake: Lake, who: Forgotten) -> int:
    count = 0
    for entry in lake.landings():
        if entry.quarantine is None:
            continue
        frame = lake.storage.read_parquet(lake.root / entry.quarantine)
        clean, found = quarantine_erased(frame, who)
        if found:
            lake.write_parquet(entry.quarantine, clean)
        count += found
    return count
