"""Which language a passage is in, from its small words: cheap, deterministic, and silent when it cannot know."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from transforms.tagging.phrases import PhraseBook

OTHER = "other"
"""A language that no phrase book covers."""

_MAX_TOKENS = 200
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
        self._marks = {code: chr(0x100 + i) for i, code in enumerate(sorted(lists))}
        self._votes: dict[str, str] = {}
        for code, mark in self._marks.items():
            for word in lists[code]:
                self._votes[word] = self._votes.get(word, "") + mark
        self._letters: dict[str, tuple[str, ...]] = {}
        for book in books:
            for letter in book.letters:
                self._letters[letter] = (*self._letters.get(letter, ()), book.language)

    def detect(self, text: str, anchor: str) -> tuple[str | None, bool]:
        """Language or None, and whether the evidence decides. `anchor`: the words of the folded text.

        Decided: at least two votes and half as many again as the next language; or eight words and more, of
        which fewer than one in twelve is known, or mostly of another script: then `OTHER`.
        """
        words = anchor.split(" ", _MAX_TOKENS + 2)[1 : _MAX_TOKENS + 1]
        cast = "".join(filter(None, map(self._votes.get, words)))
        votes = {code: cast.count(mark) for code, mark in self._marks.items() if mark in cast}
        if not text.isascii():
            if self._is_foreign_script(words):
                return OTHER, True
            for letter in set(text[:2_000].lower()) & self._letters.keys():
                for code in self._letters[letter]:
                    votes[code] = votes.get(code, 0) + 1
        ranked = sorted(votes.items(), key=lambda item: (-item[1], item[0]))
        best, count = ranked[0] if ranked else (None, 0)
        second = ranked[1][1] if len(ranked) > 1 else 0
        if len(words) > 8 and count * 12 < len(words):
            return OTHER, True
        name = best if best is None or best in self._covered else OTHER
        return (name if count > second else None), count >= 2 and count * 2 >= second * 3

    @staticmethod
    def _is_foreign_script(words: Sequence[str]) -> bool:
        letters = sum(len(w) for w in words)
        return letters > 0 and 2 * sum(len(w.encode("ascii", "ignore")) for w in words) < letters


def primary(code: str | None) -> str | None:
    """Primary part of a language tag, lower case: "pt-BR" and "pt_br" are "pt"."""
    if code is None:
        return None
    return code.strip().lower().replace("_", "-").split("-")[0] or None
