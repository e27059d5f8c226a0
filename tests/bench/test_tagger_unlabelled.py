import json
from pathlib import Path

import numpy as np

from bench.tagger.unlabelled import LONGEST, MOST, candidates, parts, unsure


def test_parts_are_whole_sentences_about_as_long_as_passages() -> None:
    sentence = "The strap of this bag tore off after a week of use."
    text = " ".join([sentence] * 7)
    found = parts(f"<br />{text}")
    assert " ".join(found) == text
    assert all(len(part) <= LONGEST + 1 and part.endswith("use.") for part in found)
    assert len(found) > 2


def test_what_is_too_short_or_one_endless_sentence_is_no_part() -> None:
    assert parts("Nice.") == []
    assert parts("word " * MOST) == []
    assert parts("") == []


def test_candidates_come_once_and_nothing_that_is_known_is_among_them(tmp_path: Path) -> None:
    path = tmp_path / "some.jsonl"
    texts = ["Does it come with a charger?", "The left strap was already torn off when it came."]
    path.write_text("\n".join(json.dumps({"text": text}) for text in texts * 2) + "\n")
    turns = ["where is my order?", "does it come with a charger?"]
    found = candidates([path], turns, ["I saw: the left strap was already torn off!"])
    assert found == ["does it come with a charger?", "where is my order?"]


def test_the_least_sure_rows_come_first() -> None:
    odds = np.array([[-6.0, -6.0], [0.0, -6.0], [8.0, -6.0], [-1.5, -6.0]])
    assert unsure(odds, 2).tolist() == [1, 3]
    assert len(unsure(odds, 9)) == 4


def test_doubt_about_a_rare_signal_weighs_more_than_about_a_common_one() -> None:
    sure = np.tile([8.0, -8.0], (98, 1))
    odds = np.vstack([sure, [[0.0, -8.0]], [[8.0, 0.0]]])
    assert unsure(odds, 2).tolist() == [99, 98]
