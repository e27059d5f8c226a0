"""What nights left in the lake: rows and frames in the making, pages of APIs that have not landed yet.

Anybody's words may stand in them; pages are asked for again.
"""

from __future__ import annotations

import shutil

from flows.lake import Lake
from flows.sources.http.staging import ROOM


def clear_leftovers(lake: Lake) -> None:
    """Removes them; only the single writer of the lake may call it, and no night, whose work lies there."""
    lake.sweep()
    for room in ("work", ROOM):
        lake.storage.remove(lake.root / room)
    shutil.rmtree(lake.storage.workroom(lake.root), ignore_errors=True)
