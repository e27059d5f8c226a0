"""Identities made from content: the same line gets the same id in every file that holds it."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
import polars as pl

from transforms.ascending import ascends

_NULL = "\x00"
_BETWEEN = "\x1f"


def content_ids(frame: pl.DataFrame, columns: Sequence[str]) -> pl.Series:
    """Ids `<16 hex digits>#<n>`, one per row, from the values of `columns`.

    The digits are the BLAKE2b-64 digest of the values; n counts equal rows within the frame from
    1, so ids are unique in a frame. Values are written in a form of our own (times as
    microseconds, floats as their bits), so ids survive another Polars version or file format.
    """
    parts = [_canonical(frame[name]) for name in columns]
    joined = pl.select(pl.concat_str(parts, separator=_BETWEEN)).to_series()
    digests = pl.Series(
        "digest", [blake2b(text.encode(), digest_size=8).hexdigest() for text in joined], pl.String
    )
    return (digests + "#" + _occurrence(digests).cast(pl.String)).alias("content_id")


def all_distinct(frame: pl.DataFrame, key: Sequence[str]) -> bool:
    """Whether no two rows agree in `key`; nulls are equal."""
    return not repeated(frame, key).any()


def repeated(frame: pl.DataFrame, key: Sequence[str]) -> pl.Series:
    """Where a row agrees in `key` with another one; nulls are equal.

    Where keys ascend or all hashes differ, none does; only the keys of equal hashes are compared.
    """
    found = pl.Series("repeated", [False]).new_from_index(0, frame.height)
    if ascends(frame, key):
        return found
    hashes = frame.select(key).hash_rows(seed=1)
    ordered = hashes.sort().to_numpy()  # half of what NumPy's sort costs
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    if not len(twice):
        return found
    suspect = hashes.is_in(pl.Series(np.unique(twice)).implode()).arg_true()
    same = frame.select(key)[suspect].select(pl.struct(key).is_duplicated()).to_series()
    return found.scatter(suspect.filter(same), True) if same.any() else found


def _occurrence(digests: pl.Series) -> pl.Series:
    """1 for the first row with a digest, 2 for the second … in row order."""
    ones = np.ones(len(digests), dtype=np.int64)
    repeated = digests.is_duplicated().arg_true()
    if len(repeated) > 0:
        counted = pl.DataFrame({"d": digests.gather(repeated)}).select(
            pl.int_range(1, pl.len() + 1).over("d")
        )
        ones[repeated.to_numpy()] = counted.to_series().to_numpy()
    return pl.Series("n", ones)


def _canonical(values: pl.Series) -> pl.Series:
    if isinstance(values.dtype, pl.Datetime):
        whole = values.dt.cast_time_unit("us").to_physical()
    elif values.dtype.is_float():
        bits = (values.cast(pl.Float64).fill_null(0.0).to_numpy() + 0.0).view(np.int64)
        whole = pl.select(pl.when(values.is_not_null()).then(pl.Series(bits.copy()))).to_series()
    elif values.dtype.is_temporal():
        whole = values.to_physical()
    else:
        whole = values
    return whole.cast(pl.String).fill_null(_NULL)
