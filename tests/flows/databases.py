"""Shops that live in a database: configurations over them, pulls, and what the lake then shows."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import polars as pl

from flows.lake import Lake
from flows.pull import Pulled, pull
from flows.settings import Settings, load_settings
from transforms.asof import visible
from transforms.contracts import INPUTS

DAY = date(2026, 3, 2)
LINES = 'order_lines = { table = "order_lines", watermark = "updated_at" }'


def configured(folder: Path, tables: str = LINES, keys: str = 'url_env = "SHOP_DB_URL"') -> Path:
    """A configuration of one SQL source, `shop`."""
    path = folder / "hearcast.toml"
    path.write_text(
        "[business]\nname = 'Test'\ntimezone = 'Europe/London'\n"
        "[paths]\nlake = 'lake'\nexports = 'exports'\n"
        f"[[sources]]\nname = 'shop'\nkind = 'sql'\n{keys}\n{tables}\n"
    )
    return path


def loaded(folder: Path, tables: str = LINES, keys: str = 'url_env = "SHOP_DB_URL"') -> Settings:
    return load_settings(configured(folder, tables, keys), os.environ)


def pulled(settings: Settings, day: date = DAY) -> Pulled:
    return pull(settings, Lake(settings.paths.lake), day)


def shown(settings: Settings, table: str = "order_lines", day: date = DAY) -> pl.DataFrame:
    """What a night at `day` sees of a table."""
    contract, zone = INPUTS[table], settings.business.timezone
    versions = Lake(settings.paths.lake).versions(table, day)
    return visible(versions, contract, day, zone).collect().sort(*contract.key)


def versions(settings: Settings, table: str = "order_lines", day: date = DAY) -> pl.DataFrame:
    """Every version that the lake holds."""
    return Lake(settings.paths.lake).versions(table, day).collect()
