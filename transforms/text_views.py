"""Texts as Arrow holds them, in views of sixteen bytes, and what these tell without a copy."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

_VIEW, _LENGTH, INLINE = 16, 4, 12
"""Bytes of a view, of the text's length in front of it, and of the longest text that it holds whole."""


def outer_bytes(texts: pl.Series) -> tuple[bool, tuple[int, int] | None]:
    """Whether a text is empty; the least and the greatest byte that others begin or end with.

    Nulls are passed over; None where no text is left.
    """
    given = texts.drop_nulls() if texts.has_nulls() else texts
    views = views_of(given)
    lengths = lengths_of(views)
    empty = bool(views.size) and not lengths.all()
    if empty:
        views = views[lengths > 0]
        lengths = lengths_of(views)
    if not views.size:
        return empty, None
    first = views[:, _LENGTH]
    last = _last_inline(views, lengths) if lengths.max() <= INLINE else _last(given)
    return empty, (min(int(first.min()), int(last.min())), max(int(first.max()), int(last.max())))


def views_of(texts: pl.Series) -> NDArray[np.uint8]:
    """A row of bytes for each text: its length, then all of a short text and zeros, or the beginning of a long one."""
    array = texts.to_arrow(compat_level=pl.CompatLevel.newest())
    held = np.frombuffer(array.buffers()[1], np.uint8) if len(array) else np.zeros(0, np.uint8)
    return held[array.offset * _VIEW : (array.offset + len(array)) * _VIEW].reshape(-1, _VIEW)


def lengths_of(views: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """How many bytes each text has."""
    return views.view("<u4")[:, 0]


def _last_inline(views: NDArray[np.uint8], lengths: NDArray[np.uint32]) -> NDArray[np.uint8]:
    before = np.arange(_LENGTH - 1, views.size, _VIEW)
    return np.take(views, before + lengths)


def _last(texts: pl.Series) -> NDArray[np.uint8]:
    return texts.cast(pl.Binary).bin.get(-1, null_on_oob=True).drop_nulls().to_numpy()
