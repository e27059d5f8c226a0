"""Folding of customers' text for matching, with the way back to the original offsets.

Folding lower-cases, strips accents, drops zero-width and combining characters, turns curly quotes, dashes and
currency signs into their ASCII kin, resolves HTML entities and turns other symbols (emoji) into spaces. HTML tags are
read as a browser shows them: one that only changes letters (`<b>`) is not there, any other parts words or lines.
"""

from __future__ import annotations

import html
import re
import unicodedata

import polars as pl

MAX_SCAN = 20_000
"""Characters of a passage that are scanned; the rest of a longer one is ignored."""

_LETTERS_ONLY = "a abbr b bdi bdo big cite code del dfn em font i ins kbd mark q s samp small span strike strong sub sup tt u var wbr"
_PARTING = {
    **dict.fromkeys(["button", "img", "input", "label", "option", "select", "td", "th"], " "),
    **dict.fromkeys(["br", "hr"], "\n"),
    **dict.fromkeys(
        ["address", "article", "aside", "blockquote", "body", "center", "dd", "div", "dl", "dt", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "html", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tbody", "tfoot", "thead", "title", "tr", "ul"],
        "\n\n",
    ),
}  # fmt: skip
"""What stands in a folded text for a tag: a line break is one, a block is a paragraph of its own."""
_NAMES = "|".join(sorted([*_LETTERS_ONLY.split(), *_PARTING], key=lambda name: (-len(name), name)))
_MARKUP = re.compile(
    r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
    rf"|</?(?P<tag>{_NAMES})(?:\s[^<>]{{0,300}})?/?>|<!--[^<>]{{0,300}}-->",
    re.IGNORECASE,
)
"""An entity, a tag of HTML or a comment; anything else in angle brackets is text."""
_NOT_PLAIN = r"[^\n\x20-\x25\x27-;=-_a-~]"
"""A character of which more is to be done than to make it small: no printable ASCII, or `&`, `<` or a grave accent."""
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


def _plain(markup: re.Match[str]) -> str:
    """What an entity, a tag or a comment is in the text that a browser shows."""
    if markup.group().startswith("&"):
        return html.unescape(markup.group())
    return _PARTING.get((markup["tag"] or "").lower(), "")


def _has_markup(text: str) -> bool:
    return ("&" in text or "<" in text) and _MARKUP.search(text) is not None


def fold(text: str) -> str:
    """Folded text; equals the first part of `fold_with_offsets` for every text."""
    if _has_markup(text):
        text = _MARKUP.sub(_plain, text)
    return text.translate(_TABLE)


def fold_all(texts: pl.Series) -> pl.Series:
    """`fold` of each text, none of them null: of those in plain ASCII, without markup, in one step."""
    lower = texts.str.to_lowercase()
    others = texts.str.contains(_NOT_PLAIN).arg_true()
    if others.is_empty():
        return lower
    return lower.scatter(others, [fold(text) for text in texts.gather(others).to_list()])


def fold_with_offsets(text: str) -> tuple[str, list[int], list[int]]:
    """Folded text and, for each of its characters, start and end of its source in `text`.

    A combining mark belongs to the character before it, so that a span never cuts a letter from its accent.
    """
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    markup = {m.start(): m for m in _MARKUP.finditer(text)} if _has_markup(text) else {}
    position = 0
    while position < len(text):
        found = markup.get(position)
        end = found.end() if found else position + 1
        source = _plain(found) if found else text[position]
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
    """True when folding keeps every offset: no entity or tag, and one character for each."""
    if _has_markup(text):
        return False
    return text.isascii() or all(len(_TABLE[ord(char)]) == 1 for char in set(text))
