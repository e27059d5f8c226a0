"""How bytes are damaged for tests, and how many damaged ones a run tries."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

Change = tuple[str, float, float, bytes]
"""What is done, where (0 start, 1 end), how far it reaches (the same), and with which bytes."""

PIECES = (
    b"\x00", b"\xff", b"\xfe\xff", b"\r\n", b"\n", b'"', b"'", b",", b";", b"\t", b"{", b"}", b"[", b"]", b":", b"\\u",
    b"null", b"NaN", b"-1", b"1e999", b"99999999999999999999", b"0001-01-01", b"2024-02-30", b"2024-03-10T02:30:00",
    b"\xc3", b"\xf0\x9f\x98\x80", b"PAR1", b"\x1f\x8b", b"\xef\xbb\xbf", b"${HOME}", b"../", b"_row", b"_extra", b"[[", b"=",
)  # fmt: skip
_CHANGE = st.tuples(
    st.sampled_from(["cut", "drop", "insert", "overwrite", "double", "flip"]),
    st.floats(0, 1),
    st.floats(0, 1),
    st.one_of(st.sampled_from(PIECES), st.binary(min_size=1, max_size=8)),
)
CHANGES = st.lists(_CHANGE, max_size=5)
"""Five changes at most, so that much of the file is still what it was."""


def damaged(data: bytes, changes: list[Change]) -> bytes:
    """The bytes after each change in turn."""
    for kind, at, reach, piece in changes:
        start = min(int(at * len(data)), len(data))
        end = min(start + max(1, int(reach * reach * 64)), len(data))
        if kind == "cut":
            data = data[:start]
        elif kind == "drop":
            data = data[:start] + data[end:]
        elif kind == "insert":
            data = data[:start] + piece + data[start:]
        elif kind == "overwrite":
            data = data[:start] + piece + data[start + len(piece) :]
        elif kind == "double":
            data = data[:end] + data[start:end] + data[end:]
        elif start < len(data):
            data = data[:start] + bytes([data[start] ^ piece[0]]) + data[start + 1 :]
    return data


def short(examples: int) -> Any:
    """The same few examples in every run."""
    return _profile(examples, derandomize=True)


def long(examples: int) -> Any:
    """Other examples in each run; as many as HEARCAST_FUZZ_EXAMPLES says."""
    return _profile(int(os.environ.get("HEARCAST_FUZZ_EXAMPLES", examples)), derandomize=False)


def _profile(examples: int, *, derandomize: bool) -> Any:
    return settings(
        max_examples=examples,
        derandomize=derandomize,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
