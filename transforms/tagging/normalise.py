"""Folding of customers' text for matching, with the way back to the original offsets.

Folding lower-cases, strips accents, drops zero-width and combining characters, turns curly quotes, dashes and
currency signs into their ASCII kin, resolves HTML entities and turns HTML tags and other symbols (emoji) into spaces.
"""

from __future__ import annotations

import html
import re
import unicodedata

MAX_SCAN = 20_000
"""Characters of a passage that are scanned; the rest of a longer one is ignored."""

_TAGS = (
    "a|b|big|blockquote|br|center|code|del|div|em|font|h[1-6]|hr|i|img|ins|li|ol|p|pre|q|small|span|strike|strong|"
    "sub|sup|table|tbody|td|th|thead|tr|tt|u|ul"
)
_MARKUP = re.compile(
    r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
    rf"|</?(?:{_TAGS})(?:\s[^<>]{{0,500}})?\s?/?>",
    re.IGNORECASE,
)
_DELETED = frozenset({"Mn", "Me", "Cf", "Cs"})
_SPECIAL = {
    "\u2018": "'", "\u2019": "'", "\u201b": "'", "\u02bc": "'", "\u00b4": "'", "`": "'", "\u2032": "'",
    "\u201c": '"', "\u201d": '"', "\u00ab": '"', "\u00bb": '"', "\u2026": ".", "\u00bf": " ",
    "\u00a1": " ", "\u2028": "\n", "\u2029": "\n", "\u0131": "i", "\u00df": "ss", "\u00f8": "o",
    "\u0142": "l", "\u00e6": "ae", "\u0153": "oe",
}  # fmt: skip


def _fold_char(char: str) -> str:
    if char in _SPECIAL:
        return _SPECIAL[char]
    if char.isascii():
        return char.lower() if char.isprintable() or char == "\n" else " "
    category = unicodedata.category(char)
    if category in _DELETED:
        return ""
    if category == "Sc":
        return "$"
    if category == "Pd":
        return "-"
    parts = unicodedata.normalize("NFKD", char.lower())
    kept = [p for p in parts.lower() if unicodedata.category(p) not in _DELETED]
    return "".join(_SPECIAL.get(p, p) if p.isalnum() or p.isascii() else " " for p in kept) or " "


class _FoldTable(dict[int, str]):
    """Characters to their folded form; filled on first use, always with the same value."""

    def __missing__(self, key: int) -> str:
        value = self[key] = _fold_char(chr(key))
        return value


_TABLE = _FoldTable()


def _read(markup: str) -> str:
    """What an entity or a tag stands for: a tag parts words."""
    return " " if markup.startswith("<") else html.unescape(markup)


def _marked(text: str) -> bool:
    return "&" in text or "<" in text


def fold(text: str) -> str:
    """Folded text; equals the first part of `fold_with_offsets` for every text."""
    if _marked(text):
        text = _MARKUP.sub(lambda m: _read(m.group()), text)
    return text.translate(_TABLE)


def fold_with_offsets(text: str) -> tuple[str, list[int], list[int]]:
    """Folded text and, for each of its characters, start and end of its source in `text`.

    A combining mark belongs to the character before it, so that a span never cuts a letter from its accent.
    """
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    markup = {m.start(): m for m in _MARKUP.finditer(text)} if _marked(text) else {}
    position = 0
    while position < len(text):
        found = markup.get(position)
        end = found.end() if found else position + 1
        source = _read(found.group()) if found else text[position]
        folded = source.translate(_TABLE)
        if (
            not folded
            and ends
            and ends[-1] == position
            and unicodedata.combining(source[:1] or " ")
        ):
            ends[-1] = end
        out.append(folded)
        starts.extend([position] * len(folded))
        ends.extend([end] * len(folded))
        position = end
    return "".join(out), starts, ends


def is_identity(text: str) -> bool:
    """True when folding keeps every offset: no markup, and one character for each."""
    if _marked(text) and _MARKUP.search(text):
        return False
    return text.isascii() or all(len(_TABLE[ord(char)]) == 1 for char in set(text))
