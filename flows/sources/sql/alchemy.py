"""Any database that SQLAlchemy has a dialect for: one transaction, always rolled back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.pool import NullPool

from flows.settings.sql import FILES
from flows.sources.sql.base import Address, Question, Trouble
from flows.sources.sql.words import WRITES, identifiers, is_read_only, place, secretless
from transforms.database_rows import Rows, rows_of_values
from transforms.sql_text import from_table, plain_query, rows_from


@contextmanager
def open_alchemy(address: Address) -> Iterator[AlchemySession]:
    """A connection and its one transaction; SQLite files are opened read-only. Trouble."""
    engine = _engine(address)
    try:
        connection = engine.connect()
    except SQLAlchemyError as error:
        raise _trouble(error, address, None) from None
    try:
        if engine.dialect.name == "sqlite":
            # The driver begins a transaction at a write only: two tables would be of two moments.
            connection.exec_driver_sql("BEGIN")
        yield AlchemySession(connection, address)
    finally:
        with contextlib.suppress(SQLAlchemyError):
            connection.rollback()
        with contextlib.suppress(SQLAlchemyError):
            connection.close()
        engine.dispose()


def _engine(address: Address) -> sa.Engine:
    url, arguments = address.url, {}
    if url.startswith(FILES[1]):
        path = Path(url.removeprefix(FILES[1]))
        if not path.is_file():
            raise Trouble(
                f"there is no file {path.name}; correct {address.told_by}", everything=True
            )
        url = f"{FILES[1]}{path.absolute().as_uri()}?mode=ro&uri=true"
        arguments = {"timeout": address.database.lock_timeout_seconds}
    try:
        return sa.create_engine(
            url, poolclass=NullPool, hide_parameters=True, connect_args=arguments
        )
    except NoSuchModuleError:
        name = url.partition("://")[0]
        line = f"no driver for {name}:// is known; install a SQLAlchemy dialect for it"
        raise Trouble(line, everything=True) from None
    except ModuleNotFoundError as error:
        line = f"the driver {error.name} is not installed; install it beside Hearcast"
        raise Trouble(line, everything=True) from None
    except (ArgumentError, ValueError):
        raise Trouble(f"{address.told_by} is no valid URL; correct it", everything=True) from None


class AlchemySession:
    """One transaction of a SQLAlchemy connection."""

    def __init__(self, connection: sa.Connection, address: Address) -> None:
        self._connection, self._address = connection, address

    def batches(self, question: Question) -> Iterator[Rows]:
        """The rows asked for, a batch at a time. Trouble."""
        size = self._address.database.batch_rows
        try:
            with self._connection.execution_options(
                stream_results=True, max_row_buffer=size
            ).execute(self._statement(question)) as found:
                names = list(found.keys())
                yield rows_of_values(names, [])
                while rows := found.fetchmany(size):
                    yield rows_of_values(names, [tuple(row) for row in rows])
        except SQLAlchemyError as error:
            raise _trouble(error, self._address, question) from None

    def _statement(self, question: Question) -> sa.TextClause:
        plan, since = question.plan, question.since
        quote = self._connection.dialect.identifier_preparer.quote
        query = (
            from_table(plan.table, quote)
            if plan.table is not None
            else plain_query(plan.query or "")
        )
        query = query.replace(":", "\\:")  # a colon in the query is no parameter
        if since is None or plan.watermark is None:
            return sa.text(query)
        return sa.text(rows_from(query, quote(plan.watermark), ":since")).bindparams(
            since=since.plain
        )


def _trouble(error: SQLAlchemyError, address: Address, question: Question | None) -> Trouble:
    where = place(question)
    cause = error.orig if isinstance(error, DBAPIError) else None
    said = secretless(identifiers(str(cause or "")), address)
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return Trouble(f"{where}the connection was lost", passing=True, everything=True)
    if question is None:
        kind = type(cause or error).__name__
        return Trouble(
            f"no connection ({kind}); is the database running and reachable, and "
            f"{address.told_by} right?",
            passing=isinstance(error, OperationalError | InterfaceError),
            everything=True,
        )
    if is_read_only(said):
        return Trouble(f"{where}{WRITES}")
    named = ("no such", "no column", "unknown column", "doesn't exist", "does not exist")
    if any(word in said.lower() for word in named):
        return Trouble(f"{where}{said}; correct the query, or the name")
    if "locked" in said.lower():
        return Trouble(f"{where}the database is locked elsewhere", passing=True)
    kind = type(cause or error).__name__
    what = "the query is refused" if isinstance(error, ProgrammingError) else "it cannot be read"
    return Trouble(f"{where}{what} ({kind}); try the query there")
