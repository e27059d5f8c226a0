"""A shop of a given size on disk: order lines, refunds, tickets, conversations and passages.

Demand has levels from slow to fast SKUs, a season for each category and noise; passages are the
different real sentences of ``bench.tagging``. Numbers are drawn by a fixed seed. It has no planted
truth: it measures what a size costs, not how right a forecast is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from bench.tagging import passages as different_passages
from models.types import Ints

WEEKS, END = 156, date(2026, 11, 15)
FIRST = datetime.combine(END - timedelta(days=7 * WEEKS - 1), datetime.min.time(), UTC)
FILE_ROWS = 1_000_000
PER_CATEGORY = 40
SEED = 77


@dataclass(frozen=True, slots=True)
class Size:
    """A rung: order lines, passages and SKUs."""

    lines: int
    passages: int
    series: int


def write_shop(folder: Path, size: Size) -> Path:
    """Writes the shop's files and a hearcast.toml to `folder`; returns the latter."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(SEED)
    sku = _lines(folder, size, rng)
    _echoes(folder, sku, rng)
    _words(folder, size, rng)
    codes = np.arange(size.series)
    pl.DataFrame({"sku": _names("S", codes), "category": _category(codes)}).write_csv(
        folder / "products.csv"
    )
    config = folder / "hearcast.toml"
    config.write_text(
        "[business]\nname = 'Sized'\ntimezone = 'UTC'\n[[sources]]\nname = 'shop'\n"
        "order_lines = 'order_lines_*.parquet'\nrefunds = 'refunds.parquet'\n"
        "tickets = 'tickets.parquet'\nproducts = 'products.csv'\n"
        "conversations = 'conversations.parquet'\npassages = 'passages.parquet'\n",
        encoding="utf-8",
    )
    return config


def _names(letter: str, numbers: Ints) -> pl.Series:
    return pl.select(pl.lit(letter) + pl.Series(numbers).cast(pl.String).str.zfill(8)).to_series()


def _category(sku: Ints) -> pl.Series:
    return pl.select(
        pl.lit("Category ") + pl.Series(sku // PER_CATEGORY).cast(pl.String)
    ).to_series()


def _at(day: Ints, rng: np.random.Generator) -> pl.Series:
    second = day.astype(np.int64) * 86_400 + rng.integers(0, 86_400, len(day))
    start = int(FIRST.timestamp())
    return pl.Series((start + second) * 1_000_000).cast(pl.Datetime("us", "UTC"))


def _lines(folder: Path, size: Size, rng: np.random.Generator) -> Ints:
    """Writes order lines in files of a million, in order of time; returns the SKU of each."""
    level = rng.lognormal(0.0, 1.0, size.series)
    week = np.arange(WEEKS)
    phase = rng.uniform(0, 2 * np.pi, size.series // PER_CATEGORY + 1)
    season = 1 + 0.3 * np.sin(2 * np.pi * week[None, :] / 52.18 + phase[:, None])
    rate = level[:, None] * season[np.arange(size.series) // PER_CATEGORY]
    rate *= rng.gamma(8.0, 1 / 8.0, rate.shape)
    share = (rate / rate.sum()).T.ravel()
    counts = rng.multinomial(size.lines, share)
    cell = np.repeat(np.arange(len(counts)), counts)
    sku = cell % size.series
    day = cell // size.series * 7 + rng.integers(0, 7, len(cell))
    order = np.argsort(day, kind="stable")
    sku, day = sku[order], day[order]
    number = np.cumsum(rng.random(len(sku)) < 0.7)
    buyers = max(size.lines // 6, 10)
    for file, start in enumerate(range(0, size.lines, FILE_ROWS)):
        rows = slice(start, start + FILE_ROWS)
        n = len(sku[rows])
        frame = pl.DataFrame({
            "order_id": _names("O", number[rows]), "line_id": _names("L", np.arange(start, start + n)),
            "sku": _names("S", sku[rows]), "ordered_at": _at(day[rows], rng),
            "quantity": rng.geometric(0.6, n), "customer_id": _names("C", rng.integers(0, buyers, n)),
            "category": _category(sku[rows]), "channel": np.array(["web", "store"])[rng.integers(0, 2, n)],
            "unit_price": np.round(5 + 40 * rng.random(n), 2), "currency": "USD",
        })  # fmt: skip
        frame.write_parquet(folder / f"order_lines_{file:03d}.parquet")
    return sku


def _echoes(folder: Path, sku: Ints, rng: np.random.Generator) -> None:
    """Writes refunds of one line in twenty and tickets of one in fifty."""
    for name, share, at, code in (
        ("refunds", 20, "refunded_at", "refund_id"), ("tickets", 50, "opened_at", "ticket_id"),
    ):  # fmt: skip
        row = np.sort(rng.choice(len(sku), len(sku) // share, replace=False))
        day = np.minimum(
            row * (7 * WEEKS) // len(sku) + rng.integers(1, 20, len(row)), 7 * WEEKS - 1
        )
        columns = {code: _names(name[0].upper(), np.arange(len(row))), at: _at(day, rng)}
        columns |= {"sku": _names("S", sku[row]), "category": _category(sku[row])}
        quantity = {"quantity": np.ones(len(row), np.int64)} if name == "refunds" else {}
        pl.DataFrame(columns | quantity).write_parquet(folder / f"{name}.parquet")


def _words(folder: Path, size: Size, rng: np.random.Generator) -> None:
    """Writes as many conversations as passages, each about a SKU, on any day."""
    text = different_passages(size.passages)["text"]
    number = np.arange(size.passages)
    at = _at(np.sort(rng.integers(0, 7 * WEEKS, size.passages)), rng)
    sku = rng.integers(0, size.series, size.passages)
    pl.DataFrame({
        "conversation_id": _names("V", number), "channel": "chat", "started_at": at,
        "sku": _names("S", sku), "category": _category(sku), "language": "en",
    }).write_parquet(folder / "conversations.parquet")  # fmt: skip
    pl.DataFrame({
        "passage_id": _names("P", number), "conversation_id": _names("V", number), "text": text,
        "speaker": "customer", "position": 1,
    }).write_parquet(folder / "passages.parquet")  # fmt: skip
