"""Before numpy, numba and polars are imported: threads and compiled code as nights have them."""

from __future__ import annotations

from typing import Any

from hypothesis import settings

from flows import environment

# How long an example takes says how busy the machine is.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

environment.prepare(2)

from tests import soaking  # noqa: E402


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What the long tests did, and how long they may be made."""
    lines = [soaking.LEGEND] if terminalreporter.config.option.markexpr == "soak" else []
    for line in (*lines, *soaking.TOLD):
        terminalreporter.write_line(line)
