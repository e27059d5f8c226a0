"""Files that are either wholly there or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def fsync(path: Path) -> None:
    """Makes a file's bytes, or a folder's entries, survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_atomic(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Puts `content` at `path` by rename: a reader sees the old file or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as out:
        os.fchmod(out.fileno(), mode)
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(path)
    fsync(path.parent)


def private_dir(root: Path, folder: Path) -> None:
    """Makes `folder` and all folders from `root` down to it, readable by their owner only."""
    root.parent.mkdir(parents=True, exist_ok=True)
    for step in (*reversed(folder.relative_to(root).parents), folder.relative_to(root)):
        (root / step).mkdir(mode=0o700, exist_ok=True)
