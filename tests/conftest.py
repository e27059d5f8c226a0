"""Before numpy, numba and polars are imported: threads and compiled code as nights have them."""

from __future__ import annotations

from typing import Any

from flows import environment

environment.prepare(2)

from tests import soaking  # noqa: E402


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What the long tests did, and how long they may be made."""
    lines = [soaking.LEGEND] if terminalreporter.config.option.markexpr == "soak" else []
    for line in (*lines, *soaking.TOLD):
        terminalreporter.write_line(line)
