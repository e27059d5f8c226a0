"""Items made in a thread of their own are the same items, one ahead of whoever works on them."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from flows.sources.ahead import ahead


def numbers(
    made: list[int], *, broken_at: int = 99, error: type[BaseException] = ValueError
) -> Iterator[int]:
    for number in range(5):
        if number == broken_at:
            raise error(str(number))
        made.append(number)
        yield number


def test_all_items_come_in_their_order_falsy_ones_too() -> None:
    assert list(ahead(numbers([]))) == [0, 1, 2, 3, 4]
    assert list(ahead(iter([None, 0, ""]))) == [None, 0, ""]
    assert list(ahead(iter([]))) == []


@pytest.mark.parametrize("error", [ValueError, BaseException])
def test_what_is_raised_comes_after_the_items_before_it(error: type[BaseException]) -> None:
    taken: list[int] = []
    with pytest.raises(error, match="3"):
        taken.extend(ahead(numbers([], broken_at=3, error=error)))
    assert taken == [0, 1, 2]


def test_one_is_made_ahead_and_no_more() -> None:
    made: list[int] = []
    items = ahead(numbers(made))
    for number in items:
        assert len(made) <= number + 2
    assert made == [0, 1, 2, 3, 4]


def test_who_stops_early_leaves_neither_a_thread_nor_an_open_file() -> None:
    closed = threading.Event()

    def items() -> Iterator[int]:
        try:
            yield from range(1_000_000)
        finally:
            closed.set()

    taken = ahead(items())
    assert next(taken) == 0
    taken.close()  # type: ignore[attr-defined]
    del taken
    assert closed.wait(10)
    assert not [one for one in threading.enumerate() if one.name.startswith("ahead")]
