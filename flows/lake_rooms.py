"""The folders of a lake, and which of their files an interrupted command left behind."""

from __future__ import annotations

import time
from collections.abc import Collection

from flows.places import Place, relative

LANDED_ROOMS = ("tables", "restricted", "quarantine")
"""Where what no log entry names is nobody's."""
OTHER_ROOMS = ("log", "kept", "audits", "erasures", "tagged")
SHARED_ROOMS = ("alerts", "calls")
"""Where commands write that do not hold the night's lock: only what is old there is nobody's."""
ROOMS = (*LANDED_ROOMS, *OTHER_ROOMS, *SHARED_ROOMS)
OLD_SECONDS = 24 * 3600


def left_behind(root: Place, room: str, path: Place, named: Collection[str]) -> bool:
    """Whether nobody will ever read a file of a room; `named`: paths that the lake's log names.

    Whoever asks is the lake's single writer.
    """
    unfinished = path.suffix == ".tmp"
    if room in SHARED_ROOMS:
        return unfinished and time.time() - path.stat().st_mtime > OLD_SECONDS
    return unfinished or (room in LANDED_ROOMS and relative(path, root) not in named)
