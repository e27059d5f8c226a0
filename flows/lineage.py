"""Where a night's tables come from: digests of what it read, for its manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date
from typing import Any

from flows.lake import Lake
from transforms.contracts import EXPORTS, INPUTS
from transforms.lineage import rests_on


def lineage(lake: Lake, as_of: date, tables: Iterable[str]) -> dict[str, Any]:
    """The manifest's fields `inputs` and `rests_on`.

    `inputs`: by input table its landed files, rows and their digest; `rests_on`: by published
    table the inputs that can change it, as far as they were given. The digest is over the digests of the landed files that the night may see, in the order of
    their landing; it changes when, and only when, something else was there to read.
    """
    parts = [part for entry in lake.shown_at(as_of) for part in entry.parts]
    inputs: dict[str, dict[str, object]] = {}
    for table in INPUTS:
        mine = [p for p in parts if p.table == table and not set(p.paths) & set(lake.without)]
        if not mine:
            continue
        digest = hashlib.sha256()
        for part in mine:
            digest.update(f"{part.sha256} {part.words_sha256}\n".encode())
        inputs[table] = {
            "files": len(mine), "rows": sum(p.rows for p in mine), "sha256": digest.hexdigest()
        }  # fmt: skip
    there = {name: [one for one in rests_on(name) if one in inputs] for name in sorted(tables)}
    return {"inputs": inputs, "rests_on": {n: there[n] for n in there if n in EXPORTS}}
