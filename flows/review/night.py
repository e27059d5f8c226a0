"""One published night as the review reads it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from flows.parquet import as_of_today
from flows.places import Place
from flows.reader import published_frame, read_manifest
from transforms.contracts import EXPORTS
from transforms.review.parts import Night

NEVER = "this version does not make it"


def read_night(snapshot: Place, business: str, names: Iterable[str]) -> Night:
    """The tables `names` of a snapshot, in today's columns, whichever version published them.

    Of those that are not there, the manifest's reason.
    """
    manifest = read_manifest(snapshot)
    entries = manifest["tables"]
    wanted = list(dict.fromkeys(names))
    tables = {
        name: as_of_today(EXPORTS[name], published_frame(snapshot, name))
        for name in wanted
        if "sha256" in entries.get(name, {})
    }
    absent = {
        name: str(entries.get(name, {}).get("why", NEVER)) for name in wanted if name not in tables
    }
    return Night(date.fromisoformat(manifest["as_of"]), business, manifest, tables, absent)
