"""Errors whose one line tells a person what is wrong and what to do; no traceback helps them."""

from __future__ import annotations

import logging


class Refusal(RuntimeError):  # noqa: N818 - not an error of the program
    """The night cannot go on, for a reason that its message gives in one line."""


class _NoTraceback(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is shown: a refusal's traceback is not, its line is said at the end."""
        error = record.exc_info[1] if record.exc_info else None
        named = any(f"exception {kind.__name__}" in record.getMessage() for kind in _kinds())
        return not (isinstance(error, Refusal) or named)


def _kinds() -> list[type[Refusal]]:
    return [Refusal, *Refusal.__subclasses__()]


def hide_refusals() -> None:
    """Keeps refusals' tracebacks out of the terminal. Call it after Prefect set up its logging."""
    names = ["", *(n for n in logging.root.manager.loggerDict if n.startswith("prefect"))]
    for name in names:
        for handler in logging.getLogger(name).handlers:
            if not any(isinstance(f, _NoTraceback) for f in handler.filters):
                handler.addFilter(_NoTraceback())
