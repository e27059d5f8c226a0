"""The lake's log: what a landing is, and how its entry is written and read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from flows.errors import Refusal
from flows.places import Place

FORMAT = 2
"""Of entries as written by this version. 2: parts bear digests of their files."""


class LakeError(Refusal):
    """The lake cannot be read or written; the message is one line with the remedy."""


@dataclass(frozen=True, slots=True)
class Part:
    """One stored data file; `words` is the file beside it where what was said is kept apart.

    `sha256` and `words_sha256` are the digests of the two; None: not known, as of a part that was
    written by an earlier version or whose rewriting was cut short.
    """

    table: str
    source: str
    path: str
    rows: int
    words: str | None = None
    sha256: str | None = None
    words_sha256: str | None = None

    @property
    def digests(self) -> dict[str, str | None]:
        """Path to digest of every file of the part."""
        return dict(zip(self.paths, (self.sha256, self.words_sha256), strict=False))

    @property
    def paths(self) -> tuple[str, ...]:
        """Every file of the part."""
        return (self.path,) if self.words is None else (self.path, self.words)


@dataclass(frozen=True, slots=True)
class Landing:
    """One committed log entry.

    `reports` are ingest_report rows of this landing, `held` says by table why its new rows were
    kept out, as of `landed_as_of`. `cursors`: source to up to where each of its endpoints or tables
    has been read, so that what was read and how far stand in one entry.
    """

    number: int
    landed_as_of: date
    parts: tuple[Part, ...] = ()
    reports: tuple[Mapping[str, Any], ...] = ()
    held: Mapping[str, str] = field(default_factory=dict)
    quarantine: str | None = None
    signatures: Mapping[str, str] = field(default_factory=dict)
    cursors: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Source and table or endpoint to how far they have been read, where a source is read piece by piece."""


def entry_bytes(landing: Landing) -> bytes:
    """The log entry of a landing."""
    entry = {
        "format": FORMAT,
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


def read_entry(path: Place, content: bytes) -> Landing:
    """The landing in the log entry at `path`. LakeError names one that is damaged or of a newer version."""
    try:
        entry = json.loads(content)
        _refuse_newer(path, entry.get("format", 1))
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
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LakeError(
            f"{path}: this entry of the lake's log cannot be read ({type(error).__name__}); "
            "restore it from a backup of the lake"
        ) from error


def _refuse_newer(path: Place, form: int) -> None:
    if form > FORMAT:
        raise LakeError(
            f"{path.parent.parent}: this lake was written by a newer version of Hearcast (format "
            f"{form}; this one knows {FORMAT}); run that version, or restore a backup from before"
        )
