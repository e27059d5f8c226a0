"""The day that a file's name tells."""

from __future__ import annotations

import re
from datetime import date

_DAY = re.compile(r"(?<!\d)(20\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")


def file_day(name: str) -> str | None:
    """The last date in `name` (2026-11-17, 2026_11_17, 20261117), in ISO form; None: none, or no such day."""
    for year, month, day in reversed(_DAY.findall(name)):
        try:
            return date(int(year), int(month), int(day)).isoformat()
        except ValueError:
            continue
    return None
