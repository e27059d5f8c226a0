"""The lake's log: what a landing is, and how its entry is written and read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from flows.errors import Refusal


class LakeError(Refusal):
    """The lake cannot be read or written; the message is one line with the remedy."""


@dataclass(frozen=True, slots=True)
class Part:
    """One stored data file; `words` is the file beside it where what was said is kept apart."""

    table: str
    source: str
    path: str
    rows: int
    words: str | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        """Every file of the part."""
        return (self.path,) if self.words is None else (self.path, self.words)


@dataclass(frozen=True, slots=True)
class Landing:
    """One committed log entry.

    `reports` are ingest_report rows of this landing, `held` says by table why its new rows were
    kept out, as of `landed_as_of`.
    """

    number: int
    landed_as_of: date
    parts: tuple[Part, ...] = ()
    reports: tuple[Mapping[str, Any], ...] = ()
    held: Mapping[str, str] = field(default_factory=dict)
    quarantine: str | None = None
    signatures: Mapping[str, str] = field(default_factory=dict)
    cursors: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    """Source and table to how far they have been read, where a source is read piece by piece."""


def entry_bytes(landing: Landing) -> bytes:
    """The log entry of a landing."""
    entry = {
        "landing": landing.number,
        "landed_as_of": landing.landed_as_of.isoformat(),
        "parts": [
            {name: value for name, value in asdict(p).items() if value is not None}
            for p in landing.parts
        ],
        "reports": list(landing.reports),
        "held": dict(landing.held),
        "quarantine": landing.quarantine,
        "signatures": dict(landing.signatures),
        "cursors": {name: dict(tables) for name, tables in landing.cursors.items()},
    }
    return json.dumps(entry, sort_keys=True, indent=1, ensure_ascii=False).encode()


def read_entry(path: Path) -> Landing:
    """The landing in a log entry. LakeError names an entry that cannot be read."""
    try:
        entry = json.loads(path.read_text())
        return Landing(
            number=entry["landing"],
            landed_as_of=date.fromisoformat(entry["landed_as_of"]),
            parts=tuple(Part(**part) for part in entry["parts"]),
            reports=tuple(entry["reports"]),
            held=entry["held"],
            quarantine=entry["quarantine"],
            signatures=entry["signatures"],
            cursors=entry.get("cursors", {}),  # entries of earlier versions have none
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LakeError(
            f"{path}: this entry of the lake's log cannot be read ({type(error).__name__}); "
            "restore it from a backup of the lake"
        ) from error
