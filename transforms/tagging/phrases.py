"""Phrase books: the rules of the tagger, read from data and checked.

A book is the parsed content of `data/phrases/<language>.toml`; its keys are explained at `parse_phrases`.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from transforms.tagging.normalise import fold
from transforms.tagging.pattern import Cues, Pattern, compile_phrase
from transforms.tagging.required import Required

TAGGER = "phrases"
KINDS = ("phrases", "firm", "question")
EXCLUDES = ("exclude_overlap", "exclude_sentence", "exclude_passage")
_SCOPE_KEYS = ("before", "after", "stop", "pseudo", "hypothetical")
_TOP_KEYS = ("language", "detect", "forms", "questions", "negation", "signals")
_LANGUAGE = re.compile(r"[a-z]{2,3}")


@dataclass(frozen=True)
class Rule:
    """One phrase of one signal; `kind` says how it is judged (see `parse_phrases`)."""

    signal: str
    kind: str
    pattern: Pattern


@dataclass(frozen=True)
class Scope:
    """Negation: cues before and after a mention, words that end their reach, and words that only look like cues."""

    before: Cues
    after: Cues
    stop: Cues
    pseudo: Cues
    window: int


@dataclass(frozen=True)
class PhraseBook:
    """A language's rules, ready to match. Equal books have equal `digest`."""

    language: str
    digest: str
    rules: tuple[Rule, ...]
    confidence: Mapping[str, float]
    excludes: Mapping[str, Mapping[str, tuple[Pattern, ...]]]
    scope: Scope
    openers: Cues
    common_words: frozenset[str]
    letters: frozenset[str]

    @property
    def signals(self) -> tuple[str, ...]:
        """Signals that this book can find, sorted."""
        return tuple(sorted(self.confidence))

    @functools.cached_property
    def required(self) -> Required:
        """What all patterns of the book require of a text's words."""
        kinds = [patterns for kinds in self.excludes.values() for patterns in kinds.values()]
        return Required([*(rule.pattern for rule in self.rules), *itertools.chain(*kinds)])

    @functools.cached_property
    def needs(self) -> tuple[int, ...]:
        """What each rule needs of it."""
        return tuple(self.required.needs(rule.pattern) for rule in self.rules)

    @functools.cached_property
    def cancels(self) -> Mapping[str, tuple[tuple[str, int, Pattern], ...]]:
        """Per signal what `excludes` it: kind, what it needs, and pattern."""
        return {
            signal: tuple(
                (kind, self.required.needs(pattern), pattern)
                for kind, patterns in kinds.items()
                for pattern in patterns
            )
            for signal, kinds in self.excludes.items()
        }


class _Reader:
    """Reads one book, so that every complaint names language, signal, key and remedy in one line."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.forms: dict[str, list[str]] = {}

    def fail(self, where: str, what: str, remedy: str) -> ValueError:
        return ValueError(f"phrases '{self.language}', {where}: {what}; {remedy}")

    def table(self, raw: Mapping[str, object], key: str, where: str) -> Mapping[str, object]:
        value = raw.get(key, {})
        if not isinstance(value, Mapping):
            raise self.fail(where, f"is {type(value).__name__}", "write it as a table")
        return value

    def words(self, raw: Mapping[str, object], key: str, where: str) -> list[str]:
        value = raw.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise self.fail(f"{where} key '{key}'", "is no list of strings", 'write ["...", ...]')
        return value

    def known(self, raw: Mapping[str, object], keys: Sequence[str], where: str) -> None:
        for key in raw:
            if key not in keys:
                raise self.fail(
                    f"{where} key '{key}'", "unknown key", f"use one of {', '.join(keys)}"
                )

    def pattern(self, where: str, phrase: str, common: frozenset[str]) -> Pattern:
        try:
            return compile_phrase(phrase, self.forms, common)
        except ValueError as error:
            at = f"{where} phrase '{phrase}'"
            raise self.fail(at, str(error), "correct or remove it") from None

    def patterns(
        self, raw: Mapping[str, object], key: str, where: str, common: frozenset[str]
    ) -> tuple[Pattern, ...]:
        phrases = dict.fromkeys(self.words(raw, key, where))
        return tuple(self.pattern(f"{where} key '{key}'", phrase, common) for phrase in phrases)

    def cues(self, raw: Mapping[str, object], keys: Sequence[str], where: str) -> Cues:
        phrases: list[str] = []
        for key in keys:
            phrases += [p.source for p in self.patterns(raw, key, where, frozenset())]
        return Cues(phrases, self.forms)


def parse_phrases(language: str, raw: Mapping[str, object]) -> PhraseBook:
    """The phrase book of `raw`, the parsed TOML of one language.

    Keys of a signal: `phrases` (a mention, unless negated), `firm` (a mention even behind a negation, because it
    carries its own: "never arrived"), `question` (a mention only in a question), `exclude_overlap`,
    `exclude_sentence` and `exclude_passage` (cancel a mention that they touch, or share a sentence or a passage
    with) and `confidence`. Notation of a phrase: `transforms.tagging.pattern`.

    Raises ValueError with one line that names language, signal, key and remedy.
    """
    reader = _Reader(language)
    if not _LANGUAGE.fullmatch(language) or raw.get("language", language) != language:
        raise reader.fail("key 'language'", f"is {raw.get('language')!r}", f'write "{language}"')
    reader.known(raw, _TOP_KEYS, "the file's")
    forms = reader.table(raw, "forms", "[forms]")
    reader.forms = {name: reader.words(forms, name, "[forms]") for name in forms}
    detect = reader.table(raw, "detect", "[detect]")
    reader.known(detect, ("words", "letters"), "[detect]")
    common = frozenset(fold(w) for w in reader.words(detect, "words", "[detect]"))
    signals = reader.table(raw, "signals", "[signals]")
    if not signals:
        raise reader.fail("[signals]", "no signal", "add [signals.<name>] with phrases = [...]")
    rules, excludes, confidence = _signals(reader, signals, common)
    questions = reader.table(raw, "questions", "[questions]")
    reader.known(questions, ("openers",), "[questions]")
    return PhraseBook(
        language=language,
        digest=_digest(language, raw),
        rules=tuple(rules),
        confidence=confidence,
        excludes=excludes,
        scope=_scope(reader, reader.table(raw, "negation", "[negation]")),
        openers=reader.cues(questions, ["openers"], "[questions]"),
        common_words=common,
        letters=frozenset("".join(reader.words(detect, "letters", "[detect]"))),
    )


def _signals(
    reader: _Reader, signals: Mapping[str, object], common: frozenset[str]
) -> tuple[list[Rule], dict[str, dict[str, tuple[Pattern, ...]]], dict[str, float]]:
    rules: list[Rule] = []
    excludes: dict[str, dict[str, tuple[Pattern, ...]]] = {}
    confidence: dict[str, float] = {}
    for signal in sorted(signals):
        where = f"signal '{signal}'"
        body = reader.table(signals, signal, where)
        reader.known(body, (*KINDS, *EXCLUDES, "confidence"), where)
        for kind in KINDS:
            patterns = reader.patterns(body, kind, where, common)
            rules.extend(Rule(signal, kind, pattern) for pattern in patterns)
        excludes[signal] = {k: reader.patterns(body, k, where, common) for k in EXCLUDES}
        value = body.get("confidence", 0.8)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
            raise reader.fail(f"{where} key 'confidence'", f"is {value!r}", "give 0 < number <= 1")
        confidence[signal] = float(value)
    return rules, excludes, confidence


def _scope(reader: _Reader, raw: Mapping[str, object]) -> Scope:
    where = "[negation]"
    reader.known(raw, (*_SCOPE_KEYS, "window"), where)
    window = raw.get("window", 6)
    if isinstance(window, bool) or not isinstance(window, int) or not 1 <= window <= 12:
        raise reader.fail(f"{where} key 'window'", f"is {window!r}", "give 1 to 12 words")
    return Scope(
        before=reader.cues(raw, ["before", "hypothetical"], where),
        after=reader.cues(raw, ["after"], where),
        stop=reader.cues(raw, ["stop"], where),
        pseudo=reader.cues(raw, ["pseudo"], where),
        window=window,
    )


def _canonical(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _canonical(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return sorted({str(inner) for inner in value})
    return value


def _digest(language: str, raw: Mapping[str, object]) -> str:
    content = json.dumps([language, _canonical(raw)], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(content.encode()).hexdigest()


def tagger_version(
    books: Iterable[PhraseBook], name: str = TAGGER, *, code: str = "", model: str = ""
) -> str:
    """The name and 12 hex digits that change with any phrase, the code and the model, not with order.

    `code` and `model` are digests of what tags beside the books.
    """
    parts = [code, model, *sorted(f"{b.language}:{b.digest}" for b in books)]
    return f"{name}-{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:12]}"
