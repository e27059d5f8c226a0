"""Reading several tables of one moment, with another try where a connection was lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from flows.sources.sql.base import Address, Open, Question, Trouble
from flows.sources.sql.spool import Spool

PAUSES = (5.0, 30.0)
"""Seconds before the second and the third try."""


@dataclass(slots=True)
class Tables:
    """The rows of each table that could be read, and why the others could not."""

    spools: dict[str, Spool] = field(default_factory=dict)
    troubles: dict[str, Trouble] = field(default_factory=dict)


def opener(url: str) -> Open:
    """What opens the database at `url`; a driver is loaded where it is needed."""
    scheme = url.partition("://")[0]
    if scheme in ("postgresql", "postgres"):
        from flows.sources.sql.postgres import open_postgres  # noqa: PLC0415

        return open_postgres
    if scheme == "duckdb":
        from flows.sources.sql.duckdb_file import open_duckdb  # noqa: PLC0415

        return open_duckdb
    from flows.sources.sql.alchemy import open_alchemy  # noqa: PLC0415

    return open_alchemy


def read_tables(
    address: Address, asked: Sequence[Question], spools: ExitStack, wait: Callable[[float], object]
) -> Tables:
    """All tables in one transaction. Nothing of a transaction that failed is kept.

    Where one table fails, the others are read anew, together: what is given is of one moment. A
    lost connection is tried again, with all tables, after PAUSES.
    """
    left, done = list(asked), Tables()
    pauses = iter(PAUSES)
    while left:
        at = _Place()
        with ExitStack() as taken:
            try:
                found = _one_moment(address, left, taken, at)
            except Trouble as trouble:
                pause = next(pauses, None) if trouble.passing else None
                if pause is not None:
                    wait(pause)
                elif trouble.everything or at.question is None:
                    done.troubles |= {one.table: trouble for one in left}
                    left = []
                else:
                    done.troubles[at.question.table] = trouble
                    left.remove(at.question)
                continue
            spools.push(taken.pop_all())
        done.spools = found
        break
    return done


@dataclass(slots=True)
class _Place:
    """The question that is being answered."""

    question: Question | None = None


def _one_moment(
    address: Address, asked: Sequence[Question], taken: ExitStack, at: _Place
) -> dict[str, Spool]:
    found: dict[str, Spool] = {}
    with opener(address.url)(address) as session:
        for question in asked:
            at.question = question
            spool = found[question.table] = taken.enter_context(Spool())
            for rows in session.batches(question):
                spool.add(rows)
    return found
