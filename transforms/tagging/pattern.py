r"""Phrases as people write them, compiled to bounded regular expressions with literal anchors.

Notation, tokens separated by spaces: `word`, `one|other` (an underscore joins words inside an alternative:
`a_lot|many`), `break*` (any ending), `word?` (optional), `<class>` (a list from `[forms]`), `*` (up to three words),
`*5` (up to five), `#` (a number), `$` (an amount of money; not as the last token), `^` at the front and `$` at the end (start and end of a sentence).

Every expression is linear in practice: gaps are bounded and words and separators are disjoint sets of characters.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from transforms.tagging.normalise import fold

WORD = r"[^\x00-/:-`{-\x7f]"
"""A letter or digit of a folded text (ASCII ranges only: large sets are slow to compile)."""
_GAP_CHAR = r"[\x00-\x20\x22-\x2d/:->@-`{-\x7f]"
SEPARATOR = _GAP_CHAR + "{1,4}"
TOKEN = f"{WORD}+(?:'{WORD}+)*"
BEFORE = f"(?<!{WORD})(?<!{WORD}')"
AFTER = f"(?!'?{WORD})"
_AMOUNT = r"[0-9]{1,9}(?:[.,][0-9]{1,4})?(?:st|nd|rd|th|x|k)?"
_NUMBERS = {"#": rf"\$?{_AMOUNT}", "$": rf"\$ ?{_AMOUNT}"}
_WORD = re.compile(WORD)
_APART = re.compile(f"{WORD}+(?:'{WORD}+)+")
_MAX_EXPANSIONS = 64
_ALLOWED = re.compile(f"(?:{WORD}|')+[*]?")

Alternative = tuple[tuple[str, ...], bool]
"""Words in order, and whether the last one may have any ending."""


@dataclass(frozen=True)
class Element:
    """One token of a phrase: alternatives, or a gap of up to `gap` words."""

    alternatives: tuple[Alternative, ...] = ()
    gap: int = 0
    optional: bool = False

    @property
    def fixed(self) -> bool:
        """True when its words are known, so that they can be looked for literally."""
        return bool(self.alternatives) and not self.optional and not self._numeric

    @property
    def _numeric(self) -> bool:
        return any(w in _NUMBERS for words, _ in self.alternatives for w in words)


@dataclass(frozen=True)
class Pattern:
    """One phrase: its expression, and what a text that it matches must hold.

    `anchors`: literals of the anchor text, one of which it holds. `groups`: sets of words, of each of which it holds
    one (`transforms.tagging.required` asks for them). `first`: the words that a match may begin with, so that the
    expression is tried there only; None when it must be searched for.
    """

    source: str
    regex: str
    anchors: tuple[str, ...]
    groups: tuple[frozenset[str], ...]
    first: frozenset[str] | None

    def spans(self, places: Places) -> list[tuple[int, int]]:
        """Matches in the folded text of `places`; none overlaps another."""
        text = places.text
        if self.first is None:
            return [match.span() for match in self.compiled.finditer(text)]
        starts = [at for word in self.first & places.words for at in places.of(word)]
        starts.sort()
        out: list[tuple[int, int]] = []
        matched, done = self.compiled.match, 0
        for at in starts:
            if at >= done and (match := matched(text, at)):
                out.append(match.span())
                done = match.end()
        return out

    @functools.cached_property
    def compiled(self) -> re.Pattern[str]:
        """The expression, compiled when first needed: most phrases of a book rarely are."""
        return re.compile(self.regex)


def _alternative(text: str) -> Alternative:
    words = tuple(w for w in re.split(r"[\s_\-]+", fold(text)) if w)
    if not words or not all(w in _NUMBERS or _ALLOWED.fullmatch(w) for w in words):
        raise ValueError(f"cannot read '{text}'")
    if any(w.endswith("*") for w in words[:-1]):
        raise ValueError(f"'*' may only end the last word of '{text}'")
    prefix = words[-1].endswith("*")
    return (*words[:-1], words[-1].rstrip("*")), prefix


def _element(token: str, forms: Mapping[str, Sequence[str]]) -> Element:
    if re.fullmatch(r"\*[1-8]?", token):
        return Element(gap=int(token[1:] or 3))
    optional = token.endswith("?")
    body = token.removesuffix("?")
    found: list[Alternative] = []
    for part in body.split("|"):
        if part.startswith("<") and part.endswith(">"):
            if part[1:-1] not in forms:
                raise ValueError(f"no [forms] entry '{part[1:-1]}'")
            found.extend(_alternative(form) for form in forms[part[1:-1]])
        else:
            found.append(_alternative(part))
    return Element(alternatives=tuple(dict.fromkeys(found)), optional=optional)


def parse(phrase: str, forms: Mapping[str, Sequence[str]]) -> tuple[list[Element], bool, bool]:
    """Elements of a phrase, and whether it is tied to the start and the end of a sentence."""
    tokens = phrase.split()
    at_start, at_end = tokens[:1] == ["^"], len(tokens) > 1 and tokens[-1] == "$"
    tokens = tokens[1 if at_start else 0 : -1 if at_end else None]
    if not tokens:
        raise ValueError("the phrase is empty")
    elements = [_element(token, forms) for token in tokens]
    if any(e.gap or e.optional for e in (elements[0], elements[-1])):
        raise ValueError("a phrase must begin and end with a required word")
    return elements, at_start, at_end


def _words_regex(alternatives: Sequence[Alternative]) -> str:
    parts = []
    for words, prefix in sorted(alternatives, key=lambda a: (-len(" ".join(a[0])), a)):
        escaped = [_NUMBERS.get(w) or re.escape(w).replace("'", "'?") for w in words]
        parts.append(SEPARATOR.join(escaped) + (f"{WORD}{{0,20}}" if prefix else ""))
    return f"{BEFORE}(?:{'|'.join(parts)}){AFTER}"


def _regex(elements: Sequence[Element], *, at_start: bool, at_end: bool) -> str:
    out = []
    for i, element in enumerate(elements):
        tail = SEPARATOR if i < len(elements) - 1 else ""
        if element.gap:
            out.append(f"(?:{TOKEN}{SEPARATOR}){{0,{element.gap}}}?")
            continue
        body = _words_regex(element.alternatives)
        out.append(f"(?:{body}{tail})?" if element.optional else body + tail)
    start = rf"(?:^|(?<=[.!?\n])){_GAP_CHAR}{{0,4}}" if at_start else ""
    end = rf"(?={_GAP_CHAR}{{0,4}}(?:[.!?\n]|$))" if at_end else ""
    return start + "".join(out) + end


def _run_score(run: Sequence[Element], common: frozenset[str]) -> float:
    """How rare the rarest reading of a run of words is, less the cost of many readings."""
    total = 0.0
    for element in run:
        total += min(
            sum(0.7 if w in common else 2.0 + min(len(w), 8) / 4 for w in words)
            for words, _ in element.alternatives
        )
    return total - 0.2 * math.log2(_expansions(run))


def _expansions(run: Sequence[Element]) -> int:
    return math.prod(len(element.alternatives) for element in run)


def _anchors(elements: Sequence[Element], common: frozenset[str]) -> tuple[str, ...]:
    best: Sequence[Element] = ()
    best_score = -math.inf
    for start, stop in itertools.combinations(range(len(elements) + 1), 2):
        run = elements[start:stop]
        if not all(e.fixed for e in run) or _expansions(run) > _MAX_EXPANSIONS:
            continue
        if any(prefix for e in run[:-1] for _, prefix in e.alternatives):
            continue
        if (score := _run_score(run, common)) > best_score:
            best, best_score = run, score
    if not best:
        raise ValueError("the phrase has no fixed word to look for")
    out = set()
    for choice in itertools.product(*(element.alternatives for element in best)):
        words = " ".join(w.replace("'", "") for part, _ in choice for w in part)
        out.add(f" {anchor_text(words).strip()}" + ("" if choice[-1][1] else " "))
    return tuple(sorted(out))


_NOT_WORD = re.compile(r"[^a-z0-9\x80-\U0010ffff]+")


def anchor_text(folded: str) -> str:
    """Words of a folded text, without apostrophes, each between single spaces."""
    return f" {_NOT_WORD.sub(' ', folded.replace(chr(39), '')).strip()} "


def compile_phrase(
    phrase: str, forms: Mapping[str, Sequence[str]], common: frozenset[str]
) -> Pattern:
    """Pattern of a phrase. Raises ValueError that says what cannot be read."""
    elements, at_start, at_end = parse(phrase, forms)
    regex = _regex(elements, at_start=at_start, at_end=at_end)
    searched = at_start or not elements[0].fixed or _open_first_word(elements[0])
    first = None if searched else _first_words(elements[0])
    return Pattern(phrase, regex, _anchors(elements, common), _groups(elements), first)


class Places:
    """Where words of a folded text may begin, found when asked for."""

    def __init__(self, text: str, words: frozenset[str]) -> None:
        """Take a folded text and the words of its anchor text."""
        self.text, self.words = text, words
        self._known: dict[str, list[int]] = {}
        self._apart: dict[str, list[int]] | None = None if "'" in text else {}

    def of(self, word: str) -> list[int]:
        """Every place where the word begins, and perhaps places inside longer words."""
        found = self._known.get(word)
        if found is None:
            if self._apart is None:
                self._apart = _with_apostrophes(self.text)
            found = self._known[word] = [*self._apart.get(word, ())]
            at = self.text.find(word)
            while at >= 0:
                found.append(at)
                at = self.text.find(word, at + 1)
        return found


def _with_apostrophes(text: str) -> dict[str, list[int]]:
    """Words that have an apostrophe inside, without it, and where they begin."""
    out: dict[str, list[int]] = {}
    at = text.find("'")
    while at >= 0:
        start = at
        while start and _WORD.match(text, start - 1):
            start -= 1
        end = at + 1
        if start < at and (match := _APART.match(text, start)):
            out.setdefault(match.group().replace("'", ""), []).append(start)
            end = match.end()
        at = text.find("'", end)
    return out


class Cues:
    """Several phrases looked for at once, behind a test whether any of their words is there."""

    def __init__(self, phrases: Sequence[str], forms: Mapping[str, Sequence[str]]) -> None:
        """Compile the phrases; raises ValueError that says what cannot be read."""
        self._regex = union_regex(phrases, forms)
        groups = [_groups(parse(phrase, forms)[0]) for phrase in phrases]
        self._always = not all(groups)
        self._words = frozenset[str]().union(*(group[0] for group in groups if group))

    def search(self, text: str) -> bool:
        """True when a cue stands in a folded text."""
        return bool(self._regex and self._possible(text) and self._regex.search(text))

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where cues stand in a folded text."""
        if not self._regex or not self._possible(text):
            return []
        return [match.span() for match in self._regex.finditer(text)]

    def among(self, words: Set[str]) -> bool:
        """False when a text of these words surely holds no cue."""
        return self._regex is not None and (self._always or not self._words.isdisjoint(words))

    def _possible(self, text: str) -> bool:
        return self._always or not self._words.isdisjoint(anchor_text(text).split())


def union_regex(
    phrases: Sequence[str], forms: Mapping[str, Sequence[str]]
) -> re.Pattern[str] | None:
    """One expression that finds any of the phrases; None for none."""
    parts = []
    for phrase in phrases:
        elements, at_start, at_end = parse(phrase, forms)
        parts.append(f"(?:{_regex(elements, at_start=at_start, at_end=at_end)})")
    return re.compile("|".join(parts)) if parts else None


def _groups(elements: Sequence[Element]) -> tuple[frozenset[str], ...]:
    """Per required token the first words of its readings; tokens with open endings are left out."""
    found = [_first_words(e) for e in elements if e.fixed and not _open_first_word(e)]
    return tuple(sorted(found, key=len))


def _first_words(element: Element) -> frozenset[str]:
    return frozenset(words[0].replace("'", "") for words, _ in element.alternatives)


def _open_first_word(element: Element) -> bool:
    return any(prefix and len(words) == 1 for words, prefix in element.alternatives)
