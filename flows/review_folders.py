"""Where reviews lie, and their removal."""

from __future__ import annotations

import shutil
from pathlib import Path

FOLDER = "review"


def reviews(exports: Path) -> list[Path]:
    """The folders of all nights that have a review."""
    return sorted((exports / FOLDER).glob("as_of=*"))


def drop_reviews(exports: Path) -> None:
    """Removes every review; `hearcast review` draws them again."""
    shutil.rmtree(exports / FOLDER, ignore_errors=True)


def drop_unkept(exports: Path) -> None:
    """Removes reviews of nights that are no longer kept."""
    kept = {path.stem for path in (exports / "pointers").glob("as_of=*.json")}
    for path in reviews(exports):
        if path.name not in kept:
            shutil.rmtree(path, ignore_errors=True)
