import pytest

from models.tagger.wordpiece import WordPieces, vocabulary_of

PIECES = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "un",
    "##aff",
    "##able",
    "a",
    "cafe",
    "!",
    "##s",
    "日",
]


def cut(text: str, limit: int = 20) -> tuple[list[str], list[tuple[int, int]]]:
    numbers, places = WordPieces(vocabulary_of(PIECES)).cut(text, limit)
    return [PIECES[number] for number in numbers], places


def test_the_longest_piece_is_taken_first() -> None:
    """The example of Devlin and others: un ##aff ##able."""
    assert cut("unaffable")[0] == ["[CLS]", "un", "##aff", "##able", "[SEP]"]


def test_places_are_those_of_the_words_in_the_text() -> None:
    text = "a Cafés!  zzz"
    pieces, places = cut(text)
    assert pieces == ["[CLS]", "a", "cafe", "##s", "!", "[UNK]", "[SEP]"]
    assert [text[a:b] for a, b in places] == ["", "a", "Cafés", "Cafés", "!", "zzz", ""]


def test_marks_that_nobody_sees_are_passed_over_and_ideographs_stand_alone() -> None:
    assert cut("ca\u200bfe\u0301 日日")[0] == ["[CLS]", "cafe", "日", "日", "[SEP]"]


def test_no_more_pieces_than_the_limit() -> None:
    pieces, places = cut("a " * 1000, 8)
    assert len(pieces) == len(places) == 8
    assert pieces[-1] == "[SEP]"


def test_a_word_without_end_is_one_unknown_piece() -> None:
    assert cut("a" * 5000)[0] == ["[CLS]", "[UNK]", "[SEP]"]


def test_a_vocabulary_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\[CLS\]"):
        vocabulary_of(["a", "[UNK]"])
