"""Why a pull over HTTP ended early; each message is one line without address, token or anybody's data."""

from __future__ import annotations

from typing import Literal

Why = Literal["account", "secret", "time", "refused", "down", "costly", "unfit"]
WHOLE = frozenset({"account", "secret", "time"})
"""Reasons that hold for all endpoints of an account: no other one is asked."""


class PullProblem(Exception):  # noqa: N818 - a fact about a server, not a fault of ours
    """What went wrong, for people; `why` is for the program."""

    def __init__(self, why: Why, said: str) -> None:
        super().__init__(said)
        self.why = why
