"""What is asked of a database and what every driver behind this package offers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from flows.settings.sql import Database, SqlTable
from transforms.database_rows import Rows
from transforms.watermarks import Watermark


@dataclass(frozen=True, slots=True)
class Address:
    """A database's URL, with the password where it has one: never shown."""

    url: str
    database: Database
    told_by: str
    """Where the URL comes from, as a remedy may name it: `SHOP_DB_URL`, `the Secret block 'shop'`."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is read of one table: all of it, or from `since` on."""

    table: str
    plan: SqlTable
    since: Watermark | None


class Trouble(Exception):  # noqa: N818 - a fact about a database, not a fault of ours
    """A database that does not give what is asked; the message is one line with the remedy.

    `passing`: another try may succeed. `everything`: no table of the database can be read.
    The message holds no value of a row and no secret.
    """

    def __init__(self, line: str, *, passing: bool = False, everything: bool = False) -> None:
        super().__init__(line)
        self.passing, self.everything = passing, everything


class Session(Protocol):
    """One read-only transaction: everything read in it is of one moment."""

    def batches(self, question: Question) -> Iterator[Rows]:
        """The rows asked for, a batch at a time; at least one batch, with the columns. Trouble."""


Open = Callable[[Address], AbstractContextManager[Session]]
