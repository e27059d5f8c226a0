"""`hearcast repull`: damaged files leave the lake's log, and their deliveries are read again."""

from __future__ import annotations

from flows.lake import Lake
from flows.lake_health import damaged, drop_damaged
from flows.settings import Settings
from flows.storage import storage_of


def repull(settings: Settings) -> list[str]:
    """Lines for people on what was taken out of the lake; nothing is where all is as it was.

    Rows that come back count as known from the landing that brings them, unless they were of a
    source's first. Raises AnotherNight while a night runs, and LakeError where the log itself is
    damaged.
    """
    root = settings.paths.lake
    with storage_of(root).alone(root):
        lake = Lake(root)
        bad = damaged(root, lake.landings())
        gone = drop_damaged(lake, bad)
        lake.sweep()
    if not bad:
        return ["every landed file is what the lake's log says; nothing was changed"]
    lines = [
        f"taken out: {part.path} ({part.rows:,} rows of {part.table} from {part.source}, landed for "
        f"{entry.landed_as_of})"
        for part, entry in gone
    ]
    names = ", ".join(sorted({part.source for part, _ in gone}))
    if names:
        lines.append(f"the next night reads all that still lies in the folders of {names} again")
    return lines or [f"{len(bad)} files of quarantined rows that cannot be read were taken out"]
