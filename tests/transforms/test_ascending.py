"""Keys that ascend are told apart without a hash; nothing else is taken for ascending."""

from __future__ import annotations

from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms import ascending
from transforms.ascending import ascends
from transforms.identifiers import repeated

TEXTS = st.text(st.sampled_from("aé\x00 ~"), max_size=3)


def lines(count: int) -> pl.DataFrame:
    """Three lines to an order, numbered as exports number them."""
    rows = pl.DataFrame({"n": range(count)})
    return rows.select(
        pl.format("o{}", pl.col("n") // 3).alias("order_id"),
        (pl.col("n") % 3).cast(pl.String).alias("line_id"),
    )


@settings(deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=12), st.booleans(), st.integers(1, 4))
def test_only_rows_in_strict_order_of_length_and_bytes_ascend(
    keys: list[tuple[str, str]],
    in_order: bool,  # noqa: FBT001
    rows: int,
) -> None:
    coded = [tuple((len(text.encode()), text.encode()) for text in key) for key in keys]
    if in_order:
        keys = [key for _, key in sorted(zip(coded, keys, strict=True))]
        coded.sort()
    frame = pl.DataFrame(keys, schema={"a": pl.String, "b": pl.String}, orient="row")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ascending, "_ROWS", rows)
        assert ascends(frame, ["a", "b"]) is all(one < two for one, two in pairwise(coded))
        assert repeated(frame, ["a", "b"]).to_list() == [keys.count(key) > 1 for key in keys]


def test_numbered_lines_are_not_hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pl.DataFrame, "hash_rows", None)
    frame = lines(200_000)
    parts = [frame[:70_000], frame[70_000:70_001], frame[70_001:]]
    chunked = pl.concat(parts, rechunk=False).with_columns(pl.lit(None).alias("ingested_at"))
    assert not repeated(chunked, ["order_id", "line_id", "ingested_at"]).any()


@pytest.mark.parametrize("place", [1, ascending._ROWS - 1, ascending._ROWS, 150_000, 199_999])
def test_a_line_given_twice_in_a_row_is_found_wherever_it_stands(place: int) -> None:
    frame = lines(200_000)
    twice = pl.concat([frame[:place], frame[place - 1 :]])
    assert not ascends(twice, ["order_id", "line_id"])
    assert repeated(twice, ["order_id", "line_id"]).arg_true().to_list() == [place - 1, place]


def test_a_line_given_again_at_the_end_is_found() -> None:
    frame = pl.concat([lines(200_000), lines(1)])
    assert repeated(frame, ["order_id", "line_id"]).arg_true().to_list() == [0, 200_000]


@pytest.mark.parametrize("odd", [None, "o99999999999x", "o999999999999999999"])
def test_nulls_and_long_texts_are_left_to_the_hashes(odd: str | None) -> None:
    frame = pl.DataFrame({"order_id": ["o1", "o2", odd, odd]})
    assert not ascends(frame, ["order_id"])
    assert not ascends(frame[:3], ["order_id"])
    assert repeated(frame, ["order_id"]).to_list() == [False, False, True, True]


def test_a_key_without_text_is_left_to_the_hashes() -> None:
    frame = pl.DataFrame({"n": [1, 2, 2]})
    assert not ascends(frame[:2], ["n"])
    assert repeated(frame, ["n"]).to_list() == [False, True, True]
