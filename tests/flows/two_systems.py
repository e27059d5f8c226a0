"""A shop and a help desk that number their customers each in its own way; e-mails are what they share."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from flows.simulate import write_brand
from tests.flows.written import write_config

CONFIG = """
[[sources]]
name = "desk"
kind = "files"
conversations = "in/conversations.jsonl"
passages = "in/passages.jsonl"
customers = "in/desk_customers.csv"
[forecast]
horizon_weeks = 4
backtest_origins = 1
[validation]
hold_share = 0.2
[identity]
own_ids = ["desk"]
"""


def two_systems(folder: Path, *, skus: int = 4, weeks: int = 40) -> Path:
    """Writes both systems' files to `folder`/in and the configuration; returns the latter.

    The desk's id of shop customer C000123 is 123, its addresses are in capitals, and e-mails and
    phones are unique, as the simulated ones are not.
    """
    plain, inbox = folder / "plain", folder / "in"
    write_brand(plain, skus=skus, weeks=weeks, seed=6)
    inbox.mkdir()
    pl.read_parquet(plain / "order_lines.parquet").write_parquet(inbox / "order_lines.parquet")
    pl.read_csv(plain / "refunds.csv.gz", infer_schema=False).write_csv(inbox / "refunds.csv")
    pl.read_parquet(plain / "tickets.parquet").write_parquet(inbox / "tickets.parquet")
    shop = pl.read_csv(plain / "customers.csv.gz", infer_schema=False)
    number = pl.col("customer_id").str.strip_prefix("C").cast(pl.Int64)
    shop = shop.with_columns(
        pl.format("person{}@example.com", number).alias("email"),
        pl.format("+1 212 55{}", (number + 10_000).cast(pl.String)).alias("phone"),
    )
    shop.write_csv(inbox / "customers.csv")
    shop.with_columns(
        number.cast(pl.String).alias("customer_id"),
        pl.col("email").str.to_uppercase(),
        pl.lit(None).alias("phone"),
    ).write_csv(inbox / "desk_customers.csv")
    talks = pl.read_ndjson(plain / "conversations.jsonl.gz", infer_schema_length=None)
    talks.with_columns(number.cast(pl.String).alias("customer_id")).write_ndjson(
        inbox / "conversations.jsonl"
    )
    said = pl.read_ndjson(plain / "passages.jsonl.gz", infer_schema_length=None)
    said.write_ndjson(inbox / "passages.jsonl")
    tables = {name: f"in/{name}.parquet" for name in ("order_lines", "tickets")}
    return write_config(
        folder, {**tables, "refunds": "in/refunds.csv", "customers": "in/customers.csv"}, CONFIG
    )


def busiest(folder: Path) -> str:
    """The shop's id of the customer with most conversations."""
    talks = pl.read_ndjson(folder / "in" / "conversations.jsonl", infer_schema_length=None)
    top = (
        talks["customer_id"]
        .drop_nulls()
        .value_counts()
        .sort("count", "customer_id", descending=True)
    )
    return f"C{int(top['customer_id'][0]):06d}"
