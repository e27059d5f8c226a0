"""Pulls for tests: a configuration over a server, nights one after the other, and what the lake holds."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from flows.lake import Lake
from flows.pull import Pulled, pull
from flows.settings import Settings, load_settings
from tests.flows.http.server import FakeApi
from transforms.asof import visible
from transforms.contracts import INPUTS

ENV = "SHOP_TOKEN"
AS_OF = date(2026, 11, 20)


def settings_for(folder: Path, api: FakeApi, system: str = "shopify", extra: str = "") -> Settings:
    """One http source on the server; quick, unless `extra` says otherwise."""
    file = folder / "hearcast.toml"
    file.write_text(
        "[business]\ntimezone = 'America/New_York'\n[paths]\nlake = 'lake'\nexports = 'exports'\n"
        f"[[sources]]\nname = 'shop'\nkind = 'http'\nsystem = '{system}'\nurl = '{api.address}'\n"
        f"token_env = '{ENV}'\nrequests_per_minute = 100000\n{extra}\n",
        encoding="utf-8",
    )
    return load_settings(file, {})


def night(settings: Settings, after: int = 0) -> Pulled:
    """The pull of the night so many days after the first one."""
    return pull(settings, Lake(settings.paths.lake), AS_OF + timedelta(days=after))


def shown(settings: Settings, table: str) -> pl.DataFrame:
    """The newest version of each row, by key."""
    contract = INPUTS[table]
    day = date(2027, 12, 31)
    rows = visible(
        Lake(settings.paths.lake).versions(table, day), contract, day, "America/New_York"
    )
    return rows.select(contract.names).collect().sort(contract.key)


def ids(settings: Settings, table: str = "order_lines", column: str = "order_id") -> list[Any]:
    """One column, in order, every row of it."""
    return sorted(shown(settings, table)[column].to_list())


def pages_left(settings: Settings) -> list[Path]:
    """Pages that lie in the lake and have not landed."""
    return sorted((settings.paths.lake / "incoming").rglob("*.page"))
