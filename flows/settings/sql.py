"""A source of kind "sql": which database, how it is reached, and the query of each table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Literal, Self
from urllib.parse import parse_qsl, urlsplit

from pydantic import BeforeValidator, Field, Strict, model_validator

from flows.settings.values import MappedTable
from transforms.contracts import CONFIG_KEYS
from transforms.mapping_spec import Spec
from transforms.sql_text import reading_problem
from transforms.watermarks import overlap_of

FILES = ("duckdb:///", "sqlite:///")
"""Databases that are a file; a relative one lies beside the configuration."""
_SECRET = re.compile(r"pass|pwd|secret|token|key|credential", re.IGNORECASE)
Seconds = Annotated[int, Strict(), Field(ge=1, le=86_400)]


class Database(Spec):
    """How a database is reached: by exactly one of `url`, `url_env` and `url_block`.

    Only the first stands in the file, and it holds no password. Timeouts are in seconds.
    """

    url: str | None = None
    url_env: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    url_block: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")] | None = None
    connect_timeout_seconds: Seconds = 10
    lock_timeout_seconds: Seconds = 60
    statement_timeout_seconds: Seconds = 900
    batch_rows: Annotated[int, Strict(), Field(ge=1000, le=10_000_000)] = 100_000

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        if [self.url, self.url_env, self.url_block].count(None) != 2:
            raise ValueError(
                "needs exactly one of url_env (an environment variable with the database's URL), "
                "url_block (a Prefect Secret block with it) and url (one without a password)"
            )
        if self.url is not None:
            _check_url(self.url)
        return self


def _check_url(url: str) -> None:
    """ValueError, which never quotes the address, where it is no URL or tells a secret."""
    try:
        parts = urlsplit(url)
        secret = parts.password is not None or any(
            _SECRET.search(name) for name, _ in parse_qsl(parts.query, keep_blank_values=True)
        )
    except ValueError:
        raise ValueError("url is not a URL; give one such as postgresql://host/database") from None
    if secret:
        raise ValueError(
            "url holds a password or key: take it out of the file; put the whole URL into an "
            'environment variable and name it, e.g. url_env = "SHOP_DB_URL"'
        )
    if "://" not in url:
        raise ValueError("url has no scheme; give one such as postgresql://host/database")


class SqlTable(MappedTable):
    """What is read of one table: a whole `table` or the rows of a `query`, and from where on."""

    table: Annotated[str, Field(min_length=1)] | None = None
    query: str | None = None
    mode: Literal["append", "snapshot"] = "append"
    watermark: Annotated[str, Field(min_length=1)] | None = None
    overlap: str | int | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if (self.table is None) == (self.query is None):
            raise ValueError('needs exactly one of table and query, e.g. table = "sales.orders"')
        if self.query is not None and (problem := reading_problem(self.query)):
            raise ValueError(f"query {problem}")
        if self.watermark is not None and self.mode == "snapshot":
            raise ValueError(
                "watermark reads what is new, a snapshot all there is; leave one of them out"
            )
        if self.overlap is not None and self.watermark is None:
            raise ValueError("overlap goes with a watermark")
        overlap_of(self.overlap)
        return self


def _as_table(value: object) -> object:
    return {"table": value} if isinstance(value, str) else value


SqlTables = dict[str, Annotated[SqlTable, BeforeValidator(_as_table)]]


def gathered(given: Mapping[str, object]) -> dict[str, object]:
    """The section with its tables and the database's keys each under one name."""
    names = {key: table for table, key in CONFIG_KEYS.items()}
    address = {k: v for k, v in given.items() if k in Database.model_fields}
    kept = {k: v for k, v in given.items() if k not in names and k not in address}
    queries = {names[k]: v for k, v in given.items() if k in names}
    return {"name": "sql", **kept, "tables": {}, "database": address, "queries": queries}


def place(source: dict[str, object], placed: Callable[[object, str], object], where: str) -> None:
    """Makes the path in the URL of a file absolute, in place."""
    url = source.get("url")
    for scheme in FILES:
        if isinstance(url, str) and url.startswith(scheme) and url != scheme:
            source["url"] = f"{scheme}{placed(url.removeprefix(scheme), f'{where} url')}"
