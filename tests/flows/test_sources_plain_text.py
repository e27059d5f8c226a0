"""Text without quotes, split by columns: the rows of the careful way, or none at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.sources import content, delimited
from flows.sources.plain_text import parse_plain


def carefully(data: bytes) -> tuple[list[str], list[tuple[object, ...]], list[int], list[str]]:
    found = delimited.parse(content.decode(data)[0])
    return found.columns, found.frame.rows(), list(found.numbers), found.notes


@pytest.mark.parametrize(
    "data",
    [
        b"a,b,c\n1,2,3\n4,,6\n",
        b"a;b\n1;x,y\n",
        b"\xef\xbb\xbfa\tb\r\n1\t2\r\n \t \r\n",
        b"a,a,\n1,2,3",
        "ä,b\né,ü\n".encode(),
        b"a,b\n#1,2\nNULL,NaN\n,\n",
    ],
)
def test_plain_text_gives_the_rows_of_the_careful_way(data: bytes) -> None:
    found = parse_plain(data)
    assert found is not None
    told = (found.columns, found.frame.rows(), list(found.numbers), found.notes)
    assert told == carefully(data)


@pytest.mark.parametrize(
    "data",
    [
        b'a,b\n"1",2\n',
        b"a,b\n1,2\n3\n",
        b"a,b\n1,2\n3,4,5\n",
        b"a,b\n1,2,3\n4\n",  # as many delimiters as if both were right
        b"a,b\n1\n2,3,4\n",
        b"a,b\n1,2\n\n3,4\n",
        b"a,b\n1,2\n   \n",
        b"a,b\r1,2\r",
        b"a,b\n1,\xff\n",
        "a,b\n1,2\n".encode("utf-16"),
        b"a\n1\n",
        b"a,b\n",
        b"a,b",
        b"\na,b\n1,2\n",
    ],
)
def test_what_asks_for_care_is_left_to_it(data: bytes) -> None:
    assert parse_plain(data) is None


@given(st.text(st.sampled_from('ab,;\n\r" \t1é'), max_size=60))
def test_whatever_is_read_is_what_the_careful_way_reads(text: str) -> None:
    data = f"x,y\n{text}".encode()
    found = parse_plain(data)
    if found is not None:
        told = (found.columns, found.frame.rows(), list(found.numbers), found.notes)
        assert told == carefully(data)
