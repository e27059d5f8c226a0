"""Order lines of a simulated large shop, as Parquet and CSV: the same rows for every reader."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

SKUS, CATEGORIES, CUSTOMERS = 2_000, 40, 500_000
DAYS = 3 * 365
FIRST = np.datetime64("2023-01-01T00:00:00", "us")
SEED = 7


def order_lines(rows: int) -> pl.DataFrame:
    """`rows` lines, two to an order, few SKUs selling most, 2 % cancelled."""
    rng = np.random.default_rng(SEED)
    orders = np.sort(rng.integers(0, rows // 2, rows))
    step = DAYS * 86_400 * 1_000_000 // (rows // 2)
    sku = np.minimum((rng.pareto(1.1, rows) * 20).astype(np.int64), SKUS - 1)
    channel = rng.choice(np.array(["web", "store", "phone"]), rows)
    raw = pl.DataFrame({
        "order": orders,
        "line": np.arange(rows),
        "sku": sku,
        "at": FIRST + (orders * step).astype("timedelta64[us]"),
        "quantity": rng.integers(1, 5, rows).astype(float),
        "unit_price": rng.integers(100, 9000, rows) / 100,
        "customer": rng.integers(0, CUSTOMERS, rows),
        "cancelled": rng.random(rows) < 0.02,
        "channel": channel,
    })  # fmt: skip
    at = pl.col("at").dt.truncate("1s").dt.replace_time_zone("UTC")
    return raw.select(
        pl.format("o{}", "order").alias("order_id"),
        pl.col("line").cast(pl.String).alias("line_id"),
        pl.format("SKU-{}", "sku").alias("sku"),
        pl.format("Category {}", pl.col("sku") % CATEGORIES).alias("category"),
        "channel",
        at.alias("ordered_at"),
        "quantity",
        "unit_price",
        pl.lit("USD").alias("currency"),
        pl.format("c{}", "customer").alias("customer_id"),
        pl.when("cancelled").then(at.dt.offset_by("2h")).alias("cancelled_at"),
    )


def write_lines(folder: Path, rows: int) -> dict[str, Path]:
    """The files by format."""
    frame = order_lines(rows)
    paths = {kind: folder / f"order_lines.{kind}" for kind in ("parquet", "csv")}
    frame.write_parquet(paths["parquet"])
    frame.write_csv(paths["csv"])
    return paths
