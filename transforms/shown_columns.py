"""Names of columns as lines and reports may show them: a file without header has data in their place."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cache

from transforms.contracts import INPUTS
from transforms.privacy import redact_words_text
from transforms.privacy.given_names import GIVEN_NAMES
from transforms.privacy.names import folded
from transforms.readers.names import LIST, plain

NOT_SHOWN = "<not shown>"
_CHARS, _WORDS, _LISTED = 60, 5, 12
_FORM = re.compile(r"[^\W\d][\w .:()\[\]/$-]*")
_NUMBER = re.compile(r"\d{5}")
_PART = re.compile(r"\w+")


def shown_name(name: str) -> str:
    """A column's name where it looks like one, cut; else a mark: not what may be somebody's name or number."""
    words = _PART.findall(re.sub(r"_|(?<=[a-z])(?=[A-Z])", " ", name))
    told = (
        _FORM.fullmatch(name) is not None
        and len(words) <= _WORDS
        and _NUMBER.search(name) is None
        and redact_words_text(name) == name
        and GIVEN_NAMES.isdisjoint(map(folded, words))
    )
    return name[:_CHARS] if told or _known(name) else NOT_SHOWN


def shown_header(names: Sequence[str], asked: Collection[str] = ()) -> list[str]:
    """Each name of a header as it may be shown.

    What is in no contract or layout, nor `asked` for by the configuration, may be a value: it is shown
    where half of the header is known, which no row of data is.
    """
    known = [name in asked or _known(name) for name in names]
    sound = 2 * sum(known) >= len(known)
    return [
        shown_name(name) if sure or sound else NOT_SHOWN
        for name, sure in zip(names, known, strict=True)
    ]


def found_columns(names: Sequence[str], asked: Collection[str] = ()) -> str:
    """What a line says of the columns that were found: those that may be shown, the others counted."""
    if not names:
        return "no column"
    told = [name for name in shown_header(names, asked) if name != NOT_SHOWN]
    hidden = len(names) - len(told)
    if not told:
        return f"{hidden} column{'s' if hidden > 1 else ''}, none known"
    more = ", …" if len(told) > _LISTED else ""
    return ", ".join(told[:_LISTED]) + more + (f", and {hidden} not known" if hidden else "")


def _known(name: str) -> bool:
    """Whether a contract or layout has it; of a header that was not split, each of its parts."""
    if plain(name) in _vocabulary():
        return True
    parts = _PART.findall(name)
    return bool(parts) and all(plain(one) in _vocabulary() for one in parts)


@cache
def _vocabulary() -> frozenset[str]:
    # Layouts are read through the mapping, whose lines are written here.
    from transforms.readers.catalogue import LAYOUTS  # noqa: PLC0415

    names = {plain(name) for table in INPUTS.values() for name in table.names}
    read = {name.replace(LIST, "") for one in LAYOUTS for name in one.understood}
    return frozenset(names | read) - {""}
