"""Which files a pattern means, and the names that they go by."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from pathlib import Path, PurePath

from flows.places import Place
from flows.storage import SCHEMES, Access
from flows.storage.globbing import found_in_bucket

_MAGIC = "*?["


def matches(
    patterns: Sequence[str], folder: Path, access: Access | None = None
) -> tuple[list[tuple[str, Place]], list[str]]:
    """((name, path) of every file in order of name, patterns that match nothing).

    A name is free of the machine's paths: relative to the configuration's `folder`, or, for
    files elsewhere, to the part of the pattern that has no wildcard. Where two files would share
    a name, the folders above them are added until they differ.
    """
    found: dict[Place, str] = {}
    barren: list[str] = []
    for pattern in patterns:
        paths = _found(pattern, access)
        if not paths:
            barren.append(display(PurePath(pattern), folder))
        for path in paths:
            found.setdefault(path, _name(path, pattern, folder))
    names = _distinct(found)
    return sorted(((name, path) for path, name in names.items()), key=lambda one: one[0]), barren


def _found(pattern: str, access: Access | None) -> Sequence[Place]:
    if pattern.startswith(SCHEMES):
        return found_in_bucket(pattern, access)
    # Path.glob takes no absolute patterns.
    paths = [Path(one) for one in glob.glob(pattern, recursive=True)]  # noqa: PTH207
    return [path for path in paths if not path.is_dir() or path == Path(pattern)]


def display(path: PurePath, folder: Path) -> str:
    """`path` relative to `folder` where it lies within, else its last part."""
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name


def _name(path: Place, pattern: str, folder: Path) -> str:
    if isinstance(path, Path) and path.is_relative_to(folder):
        return path.relative_to(folder).as_posix()
    fixed = pattern[: min((pattern.find(c) for c in _MAGIC if c in pattern), default=None)]
    base = PurePath(fixed + "x").parent if fixed != pattern else PurePath(pattern).parent
    return PurePath(os.path.relpath(str(path), base)).as_posix()


def _distinct(names: dict[Place, str]) -> dict[Place, str]:
    depth = 1
    while len(set(names.values())) < len(names):
        depth += 1
        taken = list(names.values())
        names = {
            path: "/".join(path.parts[-depth:]) if taken.count(name) > 1 else name
            for path, name in names.items()
        }
    return names
