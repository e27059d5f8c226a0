"""Patterns of files in buckets, as the shell and `glob` read them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import translate

from flows.storage.access import SCHEMES, Access
from flows.storage.objects import ObjectPath

_MAGIC = re.compile(r"[*?\[]")


def found_in_bucket(pattern: str, access: Access | None) -> list[ObjectPath]:
    """Objects that match an URL such as s3://in/shop/**/orders*.csv, in order of key.

    `*`, `?` and `[…]` stay within a part and pass over names that begin with a dot; `**` is any
    number of folders.
    """
    scheme = next(one for one in SCHEMES if pattern.startswith(one))
    parts = pattern.removeprefix(scheme).split("/")
    fixed = next((n for n, part in enumerate(parts) if _MAGIC.search(part)), len(parts))
    folder = ObjectPath.of(scheme + "/".join(parts[:fixed]), access)
    if fixed == len(parts):
        return [folder] if folder.is_file() else []
    wanted = parts[fixed:]
    depth = len(folder.parts)
    return [one.path for one in folder.listed() if _fits(one.path.parts[depth:], wanted)]


def _fits(parts: Sequence[str], wanted: Sequence[str]) -> bool:
    if not wanted:
        return not parts
    if wanted[0] == "**":
        deeper = bool(parts) and not parts[0].startswith(".") and _fits(parts[1:], wanted)
        return _fits(parts, wanted[1:]) or deeper
    if not parts or (parts[0].startswith(".") and not wanted[0].startswith(".")):
        return False
    return bool(re.match(translate(wanted[0]), parts[0])) and _fits(parts[1:], wanted[1:])
