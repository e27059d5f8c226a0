"""Shops unlike the bundled one: few or many SKUs, short histories, tables thin, absent or lopsided."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from flows.simulate import write_brand

ROOT = Path(__file__).resolve().parents[2]
END = date(2026, 11, 17)
ALWAYS = {"order_lines"}
HARMLESS = "Thanks, that is all for today."
Draw = np.random.Generator


def odd_shop(folder: Path, seed: int) -> tuple[Path, date]:
    """Writes the shop of that seed to `folder`; its configuration and the day of its first night."""
    rng = np.random.default_rng((20261126, seed))
    weeks = int(rng.choice([20, 30, 53, 80, 120]))
    skus = int(rng.choice([4, 6, 12, 40]))
    brand = folder / "brand"
    write_brand(brand, skus=skus, weeks=weeks, seed=int(rng.integers(1_000)))
    given = tomllib.loads((ROOT / "hearcast.toml").read_text("utf-8"))["sources"][0]
    tables = {name: str(at).rpartition("/")[2] for name, at in given.items() if "/" in str(at)}
    absent = rng.choice([0.0, 0.3, 0.8])
    kept = {
        name: pattern
        for name, pattern in tables.items()
        if name in ALWAYS or rng.random() >= absent
    }
    for name, pattern in kept.items():
        for path in sorted(brand.glob(pattern)):
            _written(_bent(_read(path), name, rng), path)
    lines = [f'{name} = "brand/{pattern}"' for name, pattern in kept.items()]
    path = folder / "hearcast.toml"
    path.write_text(_head(rng) + "\n".join(lines) + "\n" + _tail(rng), encoding="utf-8")
    return path, END - timedelta(days=int(rng.choice([0, 1, 9])))


def _read(path: Path) -> pl.DataFrame:
    name = path.name.removesuffix(".gz")
    if name.endswith(".parquet"):
        return pl.read_parquet(path)
    if name.endswith(".csv"):
        return pl.read_csv(path, infer_schema=False)
    return pl.read_ndjson(path, infer_schema_length=None)


def _written(frame: pl.DataFrame, path: Path) -> None:
    name = path.name.removesuffix(".gz")
    packed: Any = "gzip" if path.name.endswith(".gz") else "uncompressed"
    if name.endswith(".parquet"):
        frame.write_parquet(path)
    elif name.endswith(".csv"):
        frame.write_csv(path, compression=packed, check_extension=False)
    else:
        frame.write_ndjson(path, compression=packed, check_extension=False)


def _bent(frame: pl.DataFrame, name: str, rng: Draw) -> pl.DataFrame:
    """The table with rows left out, one part of it far larger than the rest, or the words gone."""
    share = rng.choice([1.0, 1.0, 0.5, 0.05])
    kept = frame.filter(pl.Series(rng.random(frame.height) < share, dtype=pl.Boolean))
    if name == "passages" and rng.random() < 0.5:
        silent = pl.Series(rng.random(kept.height) < rng.choice([0.9, 0.999, 1.0]))
        kept = kept.with_columns(
            pl.when(silent).then(pl.lit(HARMLESS)).otherwise("text").alias("text")
        )
    if name == "order_lines":
        kept = _lopsided(kept if kept.height else frame, rng)
    return kept


def _lopsided(lines: pl.DataFrame, rng: Draw) -> pl.DataFrame:
    """Order lines of which one SKU, one week or one customer has a large share; or all in bulk."""
    kind = rng.choice(["as_is", "one_sku", "one_customer", "bulk", "crumbs", "weight", "free"])
    some = pl.Series(rng.random(lines.height) < 0.9)
    if kind in {"one_sku", "one_customer"}:
        column = "sku" if kind == "one_sku" else "customer_id"
        one = pl.when(some).then(pl.col(column).first()).otherwise(column)
        return lines.with_columns(one.alias(column))
    quantity = pl.col("quantity").cast(pl.Float64, strict=False)
    if kind == "bulk":
        return lines.with_columns((quantity * 5_000).alias("quantity"))
    if kind == "crumbs":
        return lines.with_columns((quantity / 512).alias("quantity"))
    if kind == "weight":
        grams = pl.Series(rng.integers(50, 2_000, lines.height))
        return lines.with_columns((quantity * grams / 1_000).alias("quantity"))
    if kind == "free":
        return lines.with_columns(pl.lit(0.0).alias("unit_price"))
    return lines


def _head(rng: Draw) -> str:
    zone = rng.choice(["America/New_York", "Asia/Kathmandu", "Pacific/Apia", "UTC"])
    start = rng.choice(["monday", "sunday", "thursday"])
    fiscal = rng.choice(["none", "4-4-5"])
    return (
        f"[business]\nname = 'Odd'\ntimezone = '{zone}'\nweek_start = '{start}'\n"
        f"fiscal_calendar = '{fiscal}'\n"
        "[paths]\nlake = 'lake'\nexports = 'exports'\n[[sources]]\nname = 'main'\nkind = 'files'\n"
    )


def _tail(rng: Draw) -> str:
    levels = rng.choice(['["total"]', '["sku"]', '["total", "category", "sku", "sku_channel"]'])
    horizon, origins = int(rng.choice([1, 6, 26])), int(rng.choice([1, 3, 8]))
    return (
        f"[forecast]\nhorizon_weeks = {horizon}\nbacktest_origins = {origins}\nlevels = {levels}\n"
        "[run]\nthreads = 2\n"
    )
