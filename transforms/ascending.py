"""Rows in ascending order of their keys, as systems that number theirs export them: none is there twice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from transforms.text_views import INLINE, lengths_of, views_of

_ROWS = 1 << 16


def ascends(frame: pl.DataFrame, key: Sequence[str]) -> bool:
    """Whether the texts in each row's `key` come after those of the row before, short texts first.

    False also where nulls or long texts keep it from being told. The first rows out of order end the search.
    """
    texts = frame.select(name for name in key if frame.schema[name] == pl.String)
    if not texts.width:
        return False
    starts = range(0, frame.height, _ROWS)
    return all(_grows(texts.slice(max(start - 1, 0), _ROWS + 1)) for start in starts)


def _grows(texts: pl.DataFrame) -> bool:
    words = _words(texts)
    if words is None:
        return False
    after = np.zeros(texts.height - 1, np.bool_)
    for word in reversed(words):
        after &= word[1:] == word[:-1]
        after |= word[1:] > word[:-1]
    return bool(after.all())


def _words(texts: pl.DataFrame) -> list[NDArray[np.uint64]] | None:
    """Numbers that are ordered as the texts are; None where there are none.

    Read from its great end, a short text's view begins with its length; then comes the text, then zeros.
    """
    found: list[NDArray[np.uint64]] = []
    for column in texts:
        views = views_of(column)
        if column.has_nulls() or lengths_of(views).max() > INLINE:
            return None
        halves = views.view(">u8")
        found += [halves[:, place].astype(np.uint64) for place in (0, 1)]
    return found
