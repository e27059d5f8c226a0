"""`hearcast tagger audit`: draws passages for people to label, and reads their labels back.

What was drawn and labelled stands in the lake, by ids and without words:

    audits/<audit id>/audit.json           tagger, version, weeks, and the corpus' counts by stratum
    audits/<audit id>/drawn.parquet        what was drawn, with the tagger's answers
    audits/<audit id>/labels-00001.parquet what people answered; a later one replaces it
    audits/<audit id>/sheets.json          where its sheets were written, for an erasure to find them
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
from collections.abc import Mapping
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from flows.errors import Mistake
from flows.lake import Lake
from flows.listening import tag_lake
from flows.night import rules_of, yesterday
from flows.places import Place
from flows.settings import Settings
from flows.storage import storage_of
from flows.taggers import open_tagger
from models.audit_sample import answers, draw, strata, tagged_by_stratum
from models.tag_audit import audit_rows
from transforms import phrase_windows as windows
from transforms.asof import visible
from transforms.audit_sheet import AUDIT, NUMBER, SheetError, labels_of, sheet
from transforms.calendar import last_complete_week
from transforms.contracts import EXPORTS, INPUTS
from transforms.phrases import PASSAGE
from transforms.signals import UNATTRIBUTED, all_conversations

LOG = logging.getLogger("hearcast")
KEY = list(PASSAGE)
MAX_SHEET_BYTES = 64 << 20


class AuditRefusal(Mistake):
    """A user's mistake; the message is one line with the remedy."""


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Draws or reads back. Raises AuditRefusal where the user has to put something right."""
    if min(arguments.n, arguments.weeks) < 1 or arguments.seed < 0:
        raise AuditRefusal("--n and --weeks must be at least 1, and --seed at least 0")
    lake = settings.paths.lake
    with storage_of(lake).alone(lake):
        if arguments.out is not None:
            draw_sheet(settings, arguments.out, arguments.n, arguments.weeks, arguments.seed)
        else:
            read_sheet(settings, arguments.labelled)


# -- drawing ------------------------------------------------------------------------------------
def draw_sheet(settings: Settings, out: Path, n: int, weeks: int, seed: int) -> str:
    """Writes the sheet and keeps the draw in the lake; the audit's id.

    The corpus are the taggable passages of the last `weeks` complete weeks that the lake knows. The
    same lake, tagger and options give the same audit.
    """
    lake, rules = Lake(settings.paths.lake), rules_of(settings)
    as_of = lake.newest_as_of()
    if as_of is None:
        raise AuditRefusal(f"the lake {lake.root} is empty; run a night first")
    tagger = open_tagger(settings)
    tags = tag_lake(lake, as_of, settings, tagger)
    last = last_complete_week(as_of, rules.latency_days, rules.week_start)
    chosen = [last - timedelta(weeks=i) for i in range(weeks)]
    seen = {
        name: visible(lake.versions(name, as_of), INPUTS[name], as_of, rules.timezone)
        for name in ("conversations", "passages")
    }
    # What was deleted or erased can be labelled by nobody.
    shown = seen["passages"].filter(pl.col("text").is_not_null()).drop("text").collect()
    judged = tags.judged.filter("taggable").join(shown.select(KEY), on=KEY, how="semi")
    corpus = windows.heard_passages(
        all_conversations(seen["conversations"].collect(), shown),
        judged.select(*KEY, "language"),
        chosen,
        unattributed=UNATTRIBUTED,
        timezone=rules.timezone,
        week_start=rules.week_start,
    ).sort(KEY)
    if corpus.is_empty():
        raise AuditRefusal(f"no passage that can be tagged is known of the last {weeks} weeks")
    signals = [name for name in rules.signals if name not in rules.upstream]
    asked = {
        "tagger": tagger.name,
        "tagger_version": tagger.version,
        "from_week": min(chosen).isoformat(),
        "to_week": max(chosen).isoformat(),
        "as_of": as_of.isoformat(),
        "n": n,
        "seed": seed,
        "signals": signals,
    }
    return _keep_draw(lake, out, asked, corpus, tags.tags.filter(pl.col("signal").is_in(signals)))


def _keep_draw(
    lake: Lake, out: Path, asked: Mapping[str, Any], corpus: pl.DataFrame, tags: pl.DataFrame
) -> str:
    """Writes the sheet, keeps what was drawn, and returns the audit's id: a hash of all of it."""
    stratified = strata(corpus.select(*KEY, "language"), tags, KEY)
    drawn = draw(stratified, int(asked["n"]), int(asked["seed"]))
    kept = {
        **asked,
        "drawn": drawn.height,
        "sizes": dict(stratified["stratum"].value_counts().sort("stratum").iter_rows()),
        "tagged": tagged_by_stratum(stratified, tags, KEY),
    }
    told = json.dumps([kept, drawn.select(KEY).rows()], sort_keys=True).encode()
    audit_id = "a" + hashlib.sha256(told).hexdigest()[:12]
    stored = lake.versions("passages", date.fromisoformat(asked["as_of"])).select(*KEY, "text")
    texts = stored.join(drawn.select(KEY).lazy(), on=KEY, how="semi").collect()
    rows = sheet(drawn.join(texts, on=KEY, how="left"), audit_id, asked["signals"])
    folder = _folder(lake, audit_id)
    _note_sheet(folder, out)
    try:
        write_cells(out, rows, ",")
    except OSError as problem:
        raise AuditRefusal(f"{out}: {problem.strerror}; give a file that can be written") from None
    _write(folder / "drawn.parquet", answers(drawn, tags, asked["signals"], KEY))
    told_all = json.dumps(kept, sort_keys=True).encode()
    storage_of(folder).write(folder / "audit.json", told_all, mode=0o600)
    LOG.info(
        "%s passages of audit %s written to %s: mark each signal that the customer expresses with 1, "
        "or none, then read it back with --in",
        drawn.height, audit_id, out,
    )  # fmt: skip
    return audit_id


def _note_sheet(folder: Place, out: Path) -> None:
    """Remembers a sheet before it is written: one that nobody knows of cannot be cleaned."""
    known = {*sheets_of(folder), out.resolve()}
    told = json.dumps(sorted(str(path) for path in known)).encode()
    storage_of(folder).write(folder / "sheets.json", told, mode=0o600)


def sheets_of(folder: Place) -> list[Path]:
    """Where the sheets of the audit in `folder` were written; they may be gone."""
    path = folder / "sheets.json"
    return [Path(one) for one in json.loads(path.read_bytes())] if path.is_file() else []


def audit_folders(lake: Lake) -> list[Place]:
    """The folder of every audit that was drawn, by id."""
    return [path.parent for path in sorted((lake.root / "audits").glob("*/audit.json"))]


def _folder(lake: Lake, audit_id: str) -> Place:
    folder = lake.root / "audits" / audit_id
    lake.storage.private(lake.root, folder)
    return folder


def _write(path: Place, frame: pl.DataFrame) -> None:
    buffer = BytesIO()
    frame.write_parquet(buffer)
    storage_of(path).write(path, buffer.getvalue(), mode=0o600)


# -- reading back -------------------------------------------------------------------------------
def read_sheet(settings: Settings, path: Path) -> None:
    """Keeps the labels of a sheet; nights from yesterday's on publish what they say."""
    lake = Lake(settings.paths.lake)
    rows, _ = read_cells(path)
    audit_id = str(rows[AUDIT][0]) if AUDIT in rows.columns and rows.height else ""
    kept = next((a for a in _audits(lake) if a["audit_id"] == audit_id), None)
    if kept is None:
        raise AuditRefusal(
            f"{path}: column {AUDIT}: the lake {lake.root} knows no such audit; give a sheet that "
            "`hearcast tagger audit --out` wrote for it"
        )
    try:
        labels = labels_of(rows, audit_id, kept["drawn"], kept["signals"])
    except SheetError as problem:
        raise AuditRefusal(f"{path}: {problem}") from None
    if labels.is_empty():
        raise AuditRefusal(f"{path}: no row is labelled; mark signals with 1, or none, and save it")
    known_on = max(yesterday(settings.business.timezone), lake.newest_as_of() or date.min)
    folder = _folder(lake, audit_id)
    number = len(list(folder.glob("labels-*.parquet"))) + 1
    dated = labels.with_columns(pl.lit(known_on).alias("labelled_on"))
    _write(folder / f"labels-{number:05d}.parquet", dated)
    LOG.info(
        "%s of %s rows are labelled; nights as of %s and later publish them in tag_audit",
        labels.height, kept["drawn"], known_on,
    )  # fmt: skip
    if kept["tagger_version"] != open_tagger(settings).version:
        LOG.warning(
            "the tagger has changed since this audit was drawn: it counts for %s only; draw a new one",
            kept["tagger_version"],
        )


def write_cells(path: Place, rows: pl.DataFrame, separator: str) -> None:
    """Puts a sheet on disk, whole, for its owner only; the mark in front tells spreadsheets UTF-8."""
    text = rows.write_csv(separator=separator)
    storage_of(path).write(path, b"\xef\xbb\xbf" + text.encode(), mode=0o600)


def read_cells(path: Place) -> tuple[pl.DataFrame, str]:
    """The sheet's cells as text and what stands between them: comma, semicolon or tab, as it was saved.

    Raises AuditRefusal for what is no sheet.
    """
    try:
        if path.stat().st_size > MAX_SHEET_BYTES:
            raise AuditRefusal(f"{path}: larger than any sheet that was written")
        raw = path.read_bytes()
    except OSError as problem:
        raise AuditRefusal(f"{path}: {problem.strerror or 'it cannot be read'}") from None
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    head = raw.split(b"\n", 1)[0]
    separator = max(",;\t", key=lambda mark: head.count(mark.encode()))
    try:
        cells = pl.read_csv(
            raw, separator=separator, infer_schema=False, encoding="utf8-lossy",
            truncate_ragged_lines=True,
        )  # fmt: skip
    except (pl.exceptions.ComputeError, pl.exceptions.NoDataError):
        raise AuditRefusal(f"{path}: it is no CSV file; save the sheet as CSV") from None
    return cells, separator


# -- publishing ---------------------------------------------------------------------------------
def _audits(lake: Lake) -> list[dict[str, Any]]:
    """Every audit that was drawn, by id."""
    return [
        {**json.loads((folder / "audit.json").read_bytes()), "audit_id": folder.name}
        for folder in audit_folders(lake)
    ]


def tag_audit(lake: Lake, as_of: date) -> pl.DataFrame:
    """The table tag_audit: every audit with labels that a night at `as_of` knows."""
    contract, rows = EXPORTS["tag_audit"], []
    for kept in _audits(lake):
        folder = lake.root / "audits" / kept["audit_id"]
        for path in sorted(folder.glob("labels-*.parquet"), reverse=True):
            labels = lake.storage.read_parquet(path)
            if labels["labelled_on"][0] <= as_of:
                drawn = lake.storage.read_parquet(folder / "drawn.parquet")
                rows += _rows(kept, drawn, labels)
                break
    frame = pl.DataFrame(rows, schema=dict(contract.schema), orient="row", strict=False)
    return frame.sort(contract.order)


def _rows(
    kept: Mapping[str, Any], drawn: pl.DataFrame, labels: pl.DataFrame
) -> list[dict[str, Any]]:
    """The rows of one audit."""
    human = labels.select(NUMBER, pl.col(kept["signals"]).name.prefix("human_"))
    labelled = drawn.join(human, on=NUMBER).sort(NUMBER)
    tagged = {(stratum, signal): n for stratum, signal, n in kept["tagged"]}
    about = {
        "tagger": kept["tagger"],
        "tagger_version": kept["tagger_version"],
        "audit_id": kept["audit_id"],
        "from_week": date.fromisoformat(kept["from_week"]),
        "to_week": date.fromisoformat(kept["to_week"]),
        "labelled_on": labels["labelled_on"][0],
    }
    return [
        {**about, **row} for row in audit_rows(kept["signals"], kept["sizes"], tagged, labelled)
    ]
