"""PostgreSQL through ADBC: COPY straight into Arrow, one read-only REPEATABLE READ transaction."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import pyarrow as pa

from flows.sources.sql.base import Address, Question
from flows.sources.sql.postgres_trouble import trouble
from transforms.database_rows import Rows, rows_of_arrow
from transforms.sql_text import double_quoted, from_table, literal, plain_query, rows_from

BYTES_A_ROW = 200
"""The driver bounds a batch by bytes; so many stand for a row."""
_ALIVE = {
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "application_name": "hearcast",
}
"""A server that vanished without a word is noticed after a minute instead of two hours."""


@contextmanager
def open_postgres(address: Address) -> Iterator[PostgresSession]:
    """A connection whose one transaction sees one moment and can write nothing. Trouble."""
    import adbc_driver_postgresql.dbapi as driver  # noqa: PLC0415 - loads libpq

    try:
        connection: Any = driver.connect(_uri(address))
    except (driver.Error, OSError, ValueError) as error:
        raise trouble(error, address, everything=True) from None
    try:
        cursor = connection.cursor()
        with contextlib.closing(cursor):
            try:
                for line in _opening(address):
                    cursor.execute(line)
            except (driver.Error, OSError) as error:
                raise trouble(error, address, everything=True) from None
        yield PostgresSession(connection, address, (driver.Error, OSError, pa.ArrowException))
    finally:
        with contextlib.suppress(driver.Error, OSError, RuntimeError):
            connection.rollback()
        with contextlib.suppress(driver.Error, OSError, RuntimeError):
            connection.close()


def _opening(address: Address) -> Iterator[str]:
    yield "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
    yield f"SET LOCAL statement_timeout = {1000 * address.database.statement_timeout_seconds}"
    yield f"SET LOCAL lock_timeout = {1000 * address.database.lock_timeout_seconds}"
    yield "SET LOCAL TimeZone = 'UTC'"


def _uri(address: Address) -> str:
    """The URL with a connect timeout and signs of life, where it does not set them itself."""
    parts = urlsplit(address.url)
    given = parse_qsl(parts.query, keep_blank_values=True)
    ours = {"connect_timeout": str(address.database.connect_timeout_seconds), **_ALIVE}
    query = urlencode([*given, *((k, v) for k, v in ours.items() if k not in dict(given))])
    return urlunsplit(("postgresql", parts.netloc, parts.path, query, parts.fragment))


class PostgresSession:
    """One transaction; after a trouble it can be asked nothing more."""

    def __init__(
        self,
        connection: Any,  # noqa: ANN401 - the driver has no types
        address: Address,
        errors: tuple[type[Exception], ...],
    ) -> None:
        self._connection, self._address, self._errors = connection, address, errors

    def batches(self, question: Question) -> Iterator[Rows]:
        """The rows asked for, a batch at a time. Trouble where the server does not give them."""
        cursor = self._connection.cursor()
        hint = self._address.database.batch_rows * BYTES_A_ROW
        with contextlib.closing(cursor):
            try:
                cursor.adbc_statement.set_options(
                    **{"adbc.postgresql.batch_size_hint_bytes": str(hint)}
                )
                cursor.execute(statement(question))
                reader = cursor.fetch_record_batch()
                empty = pa.RecordBatch.from_pylist([], schema=reader.schema)
                yield rows_of_arrow(empty, question.plan.watermark)
                for batch in reader:
                    yield rows_of_arrow(batch, question.plan.watermark)
            except self._errors as error:
                raise trouble(error, self._address, question) from None


def statement(question: Question) -> str:
    """The SELECT for a question; the watermark stands in it as a literal, which COPY needs."""
    plan, since = question.plan, question.since
    query = (
        from_table(plan.table, double_quoted)
        if plan.table is not None
        else plain_query(plan.query or "")
    )
    if since is None or plan.watermark is None:
        return query
    mark = since.value if since.kind == "number" else literal(since.value)
    return rows_from(query, double_quoted(plan.watermark), mark)
