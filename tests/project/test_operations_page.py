"""Every failure that docs/operations.md lists has the tests that it names."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNTESTED = {
    "days missing in the middle of a week",
    "two nights at once on two hosts",
    "scheduler down",
}
"""Failures that are no doing of ours, or that nothing can be done about."""


def rows() -> list[list[str]]:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    table = page.split("| what happens |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table]


def test_each_failure_says_what_happens_who_is_told_what_mends_it_and_is_tested() -> None:
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    found = rows()
    assert len(found) > 40
    for row in found:
        assert len(row) == 7, row[0]
        assert all(row[:6]), row[0]
        named = re.findall(r"`(test_\w+)`", row[6])
        assert named or row[0] in UNTESTED, row[0]
        assert [name for name in named if name not in there] == [], row[0]


def test_every_fault_that_is_tested_is_listed() -> None:
    text = (ROOT / "tests" / "flows" / "test_faults.py").read_text(encoding="utf-8")
    faults = text.split("# -- what every night tells", 1)[0]
    named = {name for row in rows() for name in re.findall(r"`(test_\w+)`", row[6])}
    assert set(re.findall(r"^def (test_\w+)", faults, re.MULTILINE)) <= named
