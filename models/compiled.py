"""The one place that compiles: numba, cached on disk, no fast-math, free of the interpreter's lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Return the function compiled at its first call; equal inputs give equal bits.

    Where no folder for the cache can be written, it is compiled anew in each process.
    """
    try:
        return cast(F, numba.njit(cache=True, fastmath=False, nogil=True)(function))
    except RuntimeError:
        return cast(F, numba.njit(fastmath=False, nogil=True)(function))
