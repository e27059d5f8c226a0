"""What killed nights left in the lake: rows and frames in the making, in which anybody's words may stand."""

from __future__ import annotations

import shutil

from flows.lake import Lake


def clear_leftovers(lake: Lake) -> None:
    """Removes them; only the single writer of the lake may call it, and no night, whose work lies there."""
    lake.sweep()
    lake.storage.remove(lake.root / "work")
    shutil.rmtree(lake.storage.workroom(lake.root), ignore_errors=True)
