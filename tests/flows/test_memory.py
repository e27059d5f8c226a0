"""Large arrays that were freed are used again: no page is faulted in twice."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import resource
import sys

import numpy as np

from flows.memory import reuse_large_blocks

told = reuse_large_blocks() if sys.argv[1] == "reuse" else True


def faults() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


np.ones(12_500_000)
before = faults()
for _ in range(20):
    np.ones(12_500_000)
print(int(told), faults() - before)
"""


def faults_of(how: str) -> tuple[bool, int]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_")}
    environment["NUMPY_MADVISE_HUGEPAGE"] = "0"
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, how], env=environment, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    told, count = run.stdout.split()
    return told == "1", int(count)


def test_twenty_arrays_of_100_mb_fault_once_where_the_c_library_can_be_told() -> None:
    told, reused = faults_of("reuse")
    if not told:
        pytest.skip("the C library is not glibc")
    _, anew = faults_of("anew")
    if anew < 20 * 1_000:
        pytest.skip("the kernel gives huge pages unasked: there is nothing to save")
    assert reused < anew / 10


FREED = """
import ctypes
from pathlib import Path

from flows.memory import give_back, reuse_large_blocks

PAGE = 1_000_000


def held() -> int:
    status = Path("/proc/self/status").read_text()
    return int(next(one for one in status.splitlines() if one.startswith("VmRSS")).split()[1])


told = reuse_large_blocks()
blocks = [bytearray(PAGE) for _ in range(400)]
del blocks[::2]
blocks[:-1] = [blocks[-1]]
kept = held()
print(int(told and give_back()), kept, held())
"""


def test_what_was_freed_between_what_is_held_goes_back() -> None:
    """Four hundred blocks of a megabyte are freed but the last, above which nothing could be cut off."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_")}
    run = subprocess.run(
        [sys.executable, "-c", FREED], env=environment, capture_output=True, text=True, check=True
    )  # fmt: skip
    told, kept, left = map(int, run.stdout.split())
    if not told:
        pytest.skip("the C library is not glibc")
    assert kept - left > 200_000
