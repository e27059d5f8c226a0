"""Where a database is and with which rights it is read: from the environment or a Prefect block."""

from __future__ import annotations

import os
from collections.abc import Iterable

from flows.errors import Refusal
from flows.settings import SettingsError, Source
from flows.settings.sql import Database
from flows.sources.sql.base import Address


class NoDatabase(Refusal):
    """A database's URL that was asked for is not there; the message is one line with the remedy."""


def address_of(source: Source) -> Address:
    """The URL of the source's database. NoDatabase where nobody tells it."""
    database = source.database
    if database is None:
        raise NoDatabase(f"[[sources]] '{source.name}' names no database; add url_env")
    if database.url is not None:
        return Address(database.url, database, "url")
    if database.url_env is not None:
        told = os.environ.get(database.url_env, "").strip()
        if not told:
            raise NoDatabase(_unset(source.name, database.url_env))
        return _sound(Address(told, database, database.url_env), source.name)
    return _sound(_of_block(source.name, database), source.name)


def _unset(source: str, variable: str) -> str:
    return (
        f"[[sources]] '{source}' url_env: {variable} is not set; set it to the database's URL, "
        "such as postgresql://user:password@host/database"
    )


def _sound(address: Address, source: str) -> Address:
    if "://" in address.url:
        return address
    raise NoDatabase(
        f"[[sources]] '{source}': {address.told_by} holds no URL; give one such as "
        "postgresql://user:password@host/database"
    )


def _of_block(source: str, database: Database) -> Address:
    from prefect.blocks.system import Secret  # noqa: PLC0415 - starts a server where none runs

    name = str(database.url_block)
    try:
        value = Secret.load(name, _sync=True).get()  # type: ignore[union-attr, call-arg]
    except ValueError:
        raise NoDatabase(
            f"[[sources]] '{source}' url_block: no Prefect Secret block is named '{name}'; "
            "register it, or use url_env"
        ) from None
    return Address(str(value).strip(), database, f"the Secret block '{name}'")


def check_databases(sources: Iterable[Source], config: object) -> None:
    """Raises SettingsError where an environment variable that a source names is not set."""
    for source in sources:
        variable = source.database.url_env if source.database is not None else None
        if variable is not None and not os.environ.get(variable, "").strip():
            raise SettingsError(f"{config}: {_unset(source.name, variable)}")
