"""Inboxes for tests: files by name in, pulls and canonical rows out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from flows.settings import load_settings
from flows.sources.base import FilePull, FileReport
from flows.sources.inbox import pull_inbox

ZONE = "America/New_York"


def put(folder: Path, name: str, data: object) -> Path:
    """Writes a file of the inbox: text and bytes as they are, a list as JSON lines, else JSON."""
    path = folder / "in" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(data, bytes):
        path.write_bytes(data)
    elif isinstance(data, str):
        path.write_text(data, encoding="utf-8")
    elif isinstance(data, list):
        path.write_text("\n".join(json.dumps(one) for one in data) + "\n", encoding="utf-8")
    else:
        path.write_text(json.dumps(data, indent=1), encoding="utf-8")
    return path


def config(folder: Path, path: str = "in", zone: str = ZONE) -> Path:
    """A configuration whose one source is the inbox."""
    file = folder / "hearcast.toml"
    text = f'[business]\ntimezone = "{zone}"\n[[sources]]\nname = "box"\nkind = "inbox"\npath = "{path}"\n'
    file.write_text(text, encoding="utf-8")
    return file


def pulls_of(
    folder: Path, taken: Mapping[str, str] | None = None, path: str = "in", zone: str = ZONE
) -> list[FilePull]:
    """What the inbox in `folder` yields; every report of it balances."""
    settings = load_settings(config(folder, path, zone), {})
    pulls = list(pull_inbox(settings.sources[0], settings, taken or {}))
    assert all(report.balanced() for one in pulls for report in one.reports)
    for one in pulls:
        told = sum(report.rows_quarantined for report in one.reports)
        assert one.quarantined.height == told, "every quarantined row is shown"
    return pulls


def taken_by(pulls: Sequence[FilePull]) -> dict[str, str]:
    """What the lake's log says after these pulls have landed."""
    return {f"{p.source}/inbox/{p.file}": f"{p.sha256} {p.signature}" for p in pulls}


def rows_of(pulls: Sequence[FilePull], table: str) -> list[dict[str, Any]]:
    """Good rows of a table, of all files."""
    frames = [one.good[table] for one in pulls if table in one.good]
    return pl.concat(frames).to_dicts() if frames else []


def report_of(pulls: Sequence[FilePull], table: str, file: str = "") -> FileReport:
    """The one report on a table."""
    (found,) = (r for p in pulls for r in p.reports if r.table == table and file in r.file)
    return found


def problems(pulls: Sequence[FilePull]) -> list[str]:
    """What was wrong with files."""
    return [str(r.problem) for p in pulls for r in p.reports if r.problem]


def csv(header: Sequence[str], *rows: Mapping[str, object]) -> str:
    """A CSV text with exactly these columns."""
    frame = pl.DataFrame(
        [[str(row.get(name, "")) for name in header] for row in rows],
        schema=dict.fromkeys(header, pl.String),
        orient="row",
    )
    return frame.write_csv(quote_style="necessary")
