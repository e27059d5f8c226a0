"""DuckDB files: opened read-only, rows as Arrow, a query that takes too long interrupted."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from flows.settings.sql import FILES
from flows.sources.sql.base import Address, Question, Trouble
from flows.sources.sql.words import WRITES, is_read_only, place, secretless
from transforms.database_rows import Rows, rows_of_arrow
from transforms.sql_text import double_quoted, from_table, plain_query, rows_from

_NAMED = (duckdb.CatalogException, duckdb.BinderException, duckdb.ParserException)


@contextmanager
def open_duckdb(address: Address) -> Iterator[DuckDbSession]:
    """The file, read-only: no other process can write while we read. Trouble."""
    path = Path(address.url.removeprefix(FILES[0]))
    if not path.is_file():
        raise Trouble(f"there is no file {path.name}; correct {address.told_by}", everything=True)
    try:
        connection = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        if "lock" in str(error).lower():
            line = f"{path.name} is open for writing elsewhere; close it there"
            raise Trouble(line, passing=True, everything=True) from None
        line = f"{path.name} cannot be opened as a DuckDB file ({type(error).__name__})"
        raise Trouble(f"{line}; check the file and its version", everything=True) from None
    try:
        connection.execute("SET TimeZone = 'UTC'")
        yield DuckDbSession(connection, address)
    finally:
        connection.close()


class DuckDbSession:
    """A read-only connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, address: Address) -> None:
        self._connection, self._address = connection, address

    def batches(self, question: Question) -> Iterator[Rows]:
        """The rows asked for, a batch at a time. Trouble."""
        database = self._address.database
        alarm = threading.Timer(database.statement_timeout_seconds, self._connection.interrupt)
        alarm.daemon = True
        alarm.start()
        try:
            sql, values = _statement(question)
            found = self._connection.sql(sql, params=values)
            if found is None:
                raise Trouble(f"{place(question)}the query gives no rows; only SELECT is run")
            reader = found.to_arrow_reader(database.batch_rows)
            empty = pa.RecordBatch.from_pylist([], schema=reader.schema)
            yield rows_of_arrow(empty, question.plan.watermark)
            for batch in reader:
                yield rows_of_arrow(batch, question.plan.watermark)
        except (duckdb.Error, pa.ArrowException, RuntimeError) as error:
            raise self._trouble(error, question) from None
        finally:
            alarm.cancel()

    def _trouble(self, error: Exception, question: Question) -> Trouble:
        where = place(question)
        if "interrupt" in str(error).lower():
            limit = self._address.database.statement_timeout_seconds
            return Trouble(
                f"{where}the query took longer than statement_timeout_seconds ({limit} s); raise it"
            )
        if is_read_only(str(error)):
            return Trouble(f"{where}{WRITES}")
        if isinstance(error, _NAMED):
            said = secretless(
                re.sub(r"^\w+ Error: ", "", str(error).split("\n", 1)[0]), self._address
            )
            return Trouble(f"{where}{said.rstrip('!.')}; correct the query, or the name")
        return Trouble(f"{where}DuckDB refuses it ({type(error).__name__}); try the query there")


def _statement(question: Question) -> tuple[str, list[object]]:
    plan, since = question.plan, question.since
    query = (
        from_table(plan.table, double_quoted)
        if plan.table is not None
        else plain_query(plan.query or "")
    )
    if since is None or plan.watermark is None:
        return query, []
    return rows_from(query, double_quoted(plan.watermark), "?"), [since.plain]
