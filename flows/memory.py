"""How the C library keeps memory: large blocks are used again instead of given back each time, until told to.

By default every array above some megabytes is mapped anew and zeroed page by page when it is first
written: of 100,000 series that is a third of the processor time of forecasting.
"""

from __future__ import annotations

import ctypes
import os

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""Numbers of glibc's ``mallopt`` (malloc.h)."""
MAPPED_FROM_BYTES, KEPT_BYTES = 256 << 20, 1 << 30
"""Blocks from so many bytes on are still mapped of their own; so much free memory is kept."""


def reuse_large_blocks() -> bool:
    """Let freed blocks be used again; whether the C library is one that can be told (glibc).

    What stands in the environment (MALLOC_MMAP_THRESHOLD_, MALLOC_TRIM_THRESHOLD_) goes before.
    """
    try:
        library = ctypes.CDLL(None)
        tell, _ = library.mallopt, library.gnu_get_libc_version
    except (AttributeError, OSError, TypeError):
        return False
    wanted = {
        "MALLOC_MMAP_THRESHOLD_": (MMAP_THRESHOLD, MAPPED_FROM_BYTES),
        "MALLOC_TRIM_THRESHOLD_": (TRIM_THRESHOLD, KEPT_BYTES),
    }
    left = [pair for name, pair in wanted.items() if name not in os.environ]
    done = [tell(number, size) for number, size in left]
    return all(one == 1 for one in done)


def give_back() -> bool:
    """Hand free memory back to the system; whether there was any that the C library could.

    Freed blocks lie between those in use, where `reuse_large_blocks` keeps them, and a table library
    cannot use them: before work of another kind they are held for nobody.
    """
    try:
        return bool(ctypes.CDLL(None).malloc_trim(0))
    except (AttributeError, OSError, TypeError):
        return False
