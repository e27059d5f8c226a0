"""What a killed night left behind: frames and snapshots in the making, in which anybody's words may stand."""

from __future__ import annotations

import shutil
from pathlib import Path

from flows.exports import follow_pointers
from flows.lake import Lake


def clear_leftovers(lake: Lake, exports: Path) -> None:
    """Removes them; only the single writer of the lake may call it."""
    lake.sweep()
    shutil.rmtree(lake.root / "work", ignore_errors=True)
    follow_pointers(exports)
