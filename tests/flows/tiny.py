"""A shop small enough that a night takes seconds: five SKUs, forty weeks, no words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from tests.flows.written import write_config

END = date(2026, 11, 15)
FORECAST = "[forecast]\nhorizon_weeks = 4\nbacktest_origins = 2\n[run]\nthreads = 2\n"


def order_rows(first: date, last: date, seed: int = 3) -> pl.DataFrame:
    """Order lines from `first` to `last`: some per day, whole quantities, explicit line ids."""
    rng = np.random.default_rng(seed)
    rows = []
    for offset in range((last - first).days + 1):
        day = datetime.combine(first + timedelta(days=offset), datetime.min.time(), UTC)
        rows += [
            {
                "order_id": f"{day:%Y%m%d}-{n}",
                "line_id": "1",
                "sku": f"S{int(rng.integers(5))}",
                "category": "tea",
                "ordered_at": (day + timedelta(hours=15)).isoformat(),
                "quantity": str(int(rng.integers(1, 9))),
            }
            for n in range(int(rng.integers(2, 6)))
        ]
    return pl.DataFrame(rows)


def tiny_shop(folder: Path, *, days: int = 280) -> Path:
    """Writes the shop's orders to `folder`/in and its configuration; returns the latter."""
    inbox = folder / "in"
    inbox.mkdir(parents=True)
    order_rows(END - timedelta(days=days), END).write_csv(inbox / "orders.csv")
    return write_config(folder, {"order_lines": "in/*"}, FORECAST)
