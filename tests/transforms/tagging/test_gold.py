import polars as pl
import pytest

from transforms.tagging.gold import gold_of, told_by

SIGNALS = ("a", "b")


def row(**more: object) -> dict[str, object]:
    return {"text": "words", "signals": ["b"], **more}


def test_labels_readers_and_pools_are_read_row_by_row() -> None:
    both = {"reader_1": ["a"], "reader_2": [], "pool": "random"}
    gold = gold_of([row(**both), row(signals=[], reader_1=["b"], pool="a")], SIGNALS)
    assert gold.labels.tolist() == [[False, True], [False, False]]
    assert gold.told.tolist() == [[True, True], [True, False]]
    assert gold.said[0].tolist() == [[True, False], [False, False]]
    assert gold.natural is not None
    assert gold.natural.tolist() == [True, False]
    assert gold.passages["text"].to_list() == ["words", "words"]


def test_without_readers_and_pools_nothing_is_claimed() -> None:
    gold = gold_of([row()], SIGNALS)
    assert gold.natural is None
    assert gold.told.shape == (1, 0)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], "holds no passage"),
        ([row(), {"signals": []}], 'line 2: "text"'),
        ([row(text=3)], 'line 1: "text"'),
        ([row(signals="b")], 'line 1: "signals" is no list'),
        ([{"text": "x"}], 'line 1: "signals" is no list'),
        ([row(signals=["c"])], "line 1: \"signals\" holds 'c'; use a, b"),
        ([row(reader_1=["c"])], "line 1: \"reader_1\" holds 'c'"),
    ],
)
def test_a_wrong_row_is_named_with_its_line(rows: list[dict[str, object]], told: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the message is what is tested
        gold_of(rows, SIGNALS)
    assert str(caught.value).startswith(told)
    assert "\n" not in str(caught.value)


def test_tags_find_their_row_whatever_their_order_or_number() -> None:
    gold = gold_of([row(), row(), row()], SIGNALS)
    ids = gold.passages["passage_id"].to_list()
    tags = pl.DataFrame(
        {"passage_id": [ids[2], ids[0], ids[0], ids[1]], "signal": ["a", "b", "b", "other"]}
    )
    assert told_by(tags, gold).tolist() == [[False, True], [False, False], [True, False]]
