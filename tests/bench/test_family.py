"""Memory watched from outside: with those that a process started, shared pages once, peaks kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.family import Watched

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/smaps_rollup").exists(), reason="the system does not tell shared memory"
)
PARENT = """
import mmap, os, sys, time
shared = mmap.mmap(-1, 60 << 20)
shared.write(b"x" * (60 << 20))
child = os.fork()
if not child:
    sum(shared[at] for at in range(0, 60 << 20, 4096))
    own = bytearray(b"y" * (40 << 20))
    print("both", flush=True)
    time.sleep(600)
sys.stdin.readline()
os.kill(child, 9)
os.wait()
print("alone", flush=True)
sys.stdin.readline()
"""


@pytest.mark.timeout(60)
def test_a_family_is_counted_together_and_what_it_shares_once() -> None:
    with subprocess.Popen(
        [sys.executable, "-u", "-c", PARENT],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as parent:  # fmt: skip
        assert parent.stdin is not None
        assert parent.stdout is not None
        parent.stdout.readline()
        watched = Watched(parent.pid)
        watched.look()
        both = watched.peak_mib
        assert 100 < both < 155
        parent.stdin.write("\n")
        parent.stdin.flush()
        parent.stdout.readline()
        watched.look()
        assert watched.peak_mib == both, "the most is kept"
        alone = Watched(parent.pid)
        alone.look()
        assert 60 < alone.peak_mib < both - 35
        parent.stdin.write("\n")
        parent.stdin.flush()
    alone.look()
    assert alone.peak_mib > 60, "a process that has ended is no error"
