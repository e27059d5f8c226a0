"""Which language a passage is in, from its small words: cheap, deterministic, and silent when it cannot know."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from transforms.tagging.phrases import PhraseBook

OTHER = "other"
"""A language that no phrase book covers."""

_MAX_TOKENS = 200
_BITS = 12
"""Each language's votes are so many bits of one number: far more than the words and letters of a text can give."""
_MOST = (1 << _BITS) - 1
_KEPT_VOTES = 50_000
_FOREIGN = {
    "es": "el los las y es muy pero con una por lo que mi su del al esta este hola gracias cuando usted le"
    " tengo pedido producto mas todo bien porque hace ya yo en un llego llega",
    "fr": "le les des et est une je il elle pas pour avec dans sur vous nous mon ma tres mais que qui ce cette"
    " du au aux bonjour merci sont ai votre jamais ete c j l d n qu commande",
    "de": "der die das und ist nicht ich ein eine mit auf fur von zu sie wir mein aber auch sehr dem den es im"
    " habe wie noch nach bei oder kann danke",
    "it": "il lo gli di che e un una per non sono con mi del della molto ma anche questo questa ho ciao grazie"
    " piu come alla dal nel prodotto ordine arrivato",
    "nl": "de het een en ik niet van is dat op te met voor zijn maar ook naar heb bij wel nog mijn je jullie"
    " hoe wat bestelling dank",
}


class Detector:
    """Votes of small words for the books' languages, against those of some others."""

    def __init__(self, books: Sequence[PhraseBook]) -> None:
        covered = {book.language for book in books}
        lists: dict[str, Iterable[str]] = {b.language: b.common_words for b in books}
        lists |= {code: words.split() for code, words in _FOREIGN.items() if code not in covered}
        self._covered = covered
        self._codes = sorted(lists)
        one = {code: 1 << i * _BITS for i, code in enumerate(self._codes)}
        self._votes: dict[str, int] = {}
        for code, words in lists.items():
            for word in words:
                self._votes[word] = self._votes.get(word, 0) + one[code]
        self._letters: dict[str, int] = {}
        for book in books:
            for letter in book.letters:
                self._letters[letter] = self._letters.get(letter, 0) + one[book.language]
        self._known: dict[int, tuple[str | None, int, int]] = {}

    def detect(self, text: str, anchor: str) -> tuple[str | None, bool]:
        """Language or None, and whether the evidence decides. `anchor`: the words of the folded text.

        Decided: at least two votes and half as many again as the next language; or eight words and more, of
        which fewer than one in twelve is known, or mostly of another script: then `OTHER`.
        """
        words = anchor.split(" ", _MAX_TOKENS + 2)[1 : _MAX_TOKENS + 1]
        votes = sum(filter(None, map(self._votes.get, words)))
        if not text.isascii():
            if self._is_foreign_script(words):
                return OTHER, True
            letters = set(text[:2_000].lower()) & self._letters.keys()
            votes += sum(map(self._letters.__getitem__, letters))
        best, count, second = self._known.get(votes) or self._ranked(votes)
        if len(words) > 8 and count * 12 < len(words):
            return OTHER, True
        name = best if best is None or best in self._covered else OTHER
        return (name if count > second else None), count >= 2 and count * 2 >= second * 3

    def _ranked(self, votes: int) -> tuple[str | None, int, int]:
        """The language with most votes, the first in the alphabet of equals, how many, and the next one's."""
        counts = [votes >> i * _BITS & _MOST for i in range(len(self._codes))]
        second, count = sorted([0, *counts])[-2:]
        found = (self._codes[counts.index(count)] if count else None), count, second
        if len(self._known) < _KEPT_VOTES:
            self._known[votes] = found
        return found

    @staticmethod
    def _is_foreign_script(words: Sequence[str]) -> bool:
        letters = sum(len(w) for w in words)
        return letters > 0 and 2 * sum(len(w.encode("ascii", "ignore")) for w in words) < letters


def primary(code: str | None) -> str | None:
    """Primary part of a language tag, lower case: "pt-BR" and "pt_br" are "pt"."""
    if code is None:
        return None
    return code.strip().lower().replace("_", "-").split("-")[0] or None
