"""Where reviews lie, and their removal."""

from __future__ import annotations

from flows.places import Place
from flows.storage import storage_of

FOLDER = "review"


def reviews(exports: Place) -> list[Place]:
    """The folders of all nights that have a review."""
    return sorted((exports / FOLDER).glob("as_of=*"))


def drop_reviews(exports: Place) -> None:
    """Removes every review; `hearcast review` draws them again."""
    storage_of(exports).remove(exports / FOLDER)


def drop_unkept(exports: Place) -> None:
    """Removes reviews of nights that are no longer kept."""
    kept = {path.stem for path in (exports / "pointers").glob("as_of=*.json")}
    for path in reviews(exports):
        if path.name not in kept:
            storage_of(path).remove(path)
