"""What a terminal shows while a night runs: one line that is drawn again, below the log's lines.

Standard library only. Where the output is no terminal nothing is drawn: the log's lines tell.
"""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass
from typing import TextIO

from flows.stopwatch import STAGES

WIDE = 24


@dataclass(slots=True)
class Bar:
    """A line of progress on `stream`; silent unless it is switched on."""

    stream: TextIO | None = None
    text: str = ""

    def stage(self, name: str) -> None:
        """A stage has begun."""
        self._draw(STAGES.index(name), name)

    def shards(self, name: str, done: int, total: int) -> None:
        """So many of a stage's shards are done."""
        self._draw(STAGES.index(name) + done / max(total, 1), f"{name} {done}/{total}")

    def clear(self) -> None:
        """Takes the line away, as before a line of the log."""
        if self.stream is not None and self.text:
            self.stream.write("\r\x1b[K")
            self.stream.flush()

    def end(self) -> None:
        """Takes the line away for good."""
        self.clear()
        self.text = ""

    def again(self) -> None:
        """Draws the line that was taken away."""
        if self.stream is not None and self.text:
            self.stream.write(f"\r\x1b[K{self.text}")
            self.stream.flush()

    def _draw(self, done: float, what: str) -> None:
        filled = round(WIDE * done / len(STAGES))
        self.text = f"[{'█' * filled}{'·' * (WIDE - filled)}] {what}"
        self.again()


BAR = Bar()


class TerminalHandler(logging.StreamHandler[TextIO]):
    """Log lines above the line of progress."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        if sys.stderr.isatty():
            BAR.stream = sys.stderr

    def emit(self, record: logging.LogRecord) -> None:
        """Writes one line of the log, with the line of progress below it."""
        BAR.clear()
        super().emit(record)
        BAR.again()
