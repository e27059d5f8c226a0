"""One way of reading order lines in a process of its own: `python -m bench.reading_load WAY FILE`.

Prints one line of JSON. Every way ends with units by SKU and local week, and their sum:

- ``ours``: the functions that a night uses, one after the other without a lake: the file read,
  rows judged by the contract (types, ranges, one row a key), a category for each SKU, weekly units.
- ``landing``: the whole pull of a night into an empty lake, then the panel from the lake.
- ``duckdb``: read, filter, sum.
- ``duckdb_judged``: the same on rows whose types, ranges and keys (by their hashes) have been
  checked, and a category for each SKU, in whichever way is quickest there.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from bench.load import forget_peak, peak_mib
from flows.lake import Lake
from flows.memory import reuse_large_blocks
from flows.pull import pull
from flows.settings import load_settings
from flows.sources.base import FileKey
from flows.sources.pieces import pieces_of
from flows.sources.piecewise import judged_in_pieces
from transforms import demand as counting
from transforms.asof import DELETED, KNOWN_ON, SOURCE, VERSION
from transforms.contracts import INPUTS
from transforms.lives import lived
from transforms.mapping_spec import TableMap
from transforms.sold import sold_weeks

ZONE, AS_OF, WEEK = "America/New_York", date(2026, 1, 10), "monday"
LINES = INPUTS["order_lines"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a way cost: wall and processor seconds, peak MiB; weeks of SKUs and their thousandths."""

    way: str
    seconds: float
    cpu: float
    peak_mib: float
    weeks: int
    milli: int


def judged(path: Path) -> pl.DataFrame:
    """The good rows of the file, as a source of kind "files" yields them."""
    pieces, key = pieces_of(path), FileKey("shop", LINES.name, path.name, "", "")
    if pieces is None:
        raise RuntimeError(f"{path.name} cannot be read in pieces")
    account = judged_in_pieces(key, LINES, pieces, TableMap(), timezone=ZONE, max_chars=200)
    if account is None or not all(report.balanced() for report in account.reports()):
        raise RuntimeError(f"{path.name} was not judged in pieces, or its rows do not add up")
    return account.good[LINES.name]


def weekly(versions: pl.LazyFrame, *, replaced: bool) -> tuple[int, int]:
    """Weeks of SKUs and their sum, through the night's own functions."""
    products = INPUTS["products"].empty().with_columns(pl.lit(None, pl.String).alias(SOURCE))
    living = lived(versions, LINES, (AS_OF,), ZONE, replaced=replaced)
    sold = sold_weeks(living, (AS_OF,), ZONE, WEEK)
    units = sold.events(AS_OF, counting.sku_categories(sold.latest(AS_OF), products))
    found = counting.assemble(
        units, products, target="units", levels=("sku",),
        last_week=AS_OF - timedelta(days=12), as_of=AS_OF, week_start=WEEK,
    )  # fmt: skip
    return found.weekly.height, int(found.weekly["milli"].sum())


def ours(path: Path) -> tuple[int, int]:
    """File to panel without a lake."""
    first = {KNOWN_ON: AS_OF, VERSION: 1, DELETED: False}
    lines = judged(path).lazy().with_columns(**{name: pl.lit(told) for name, told in first.items()})
    return weekly(lines, replaced=False)


def landing(path: Path) -> tuple[int, int]:
    """File to lake to panel."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        config = Path(folder) / "hearcast.toml"
        config.write_text(
            f'[business]\ntimezone = "{ZONE}"\n[paths]\nlake = "lake"\n'
            f'[[sources]]\nname = "shop"\norder_lines = "{path}"\n'
        )
        settings = load_settings(config, {})
        lake = Lake(settings.paths.lake)
        done = pull(settings, lake, AS_OF)
        if done.held:
            raise RuntimeError(str(done.held))
        versions = lake.versions(LINES.name, AS_OF)
        second = versions.select((pl.col(VERSION) > 1).any()).collect(engine="streaming").item()
        return weekly(versions, replaced=bool(second))


def duckdb(path: Path) -> tuple[int, int]:
    """DuckDB's reader and aggregation alone."""
    return _duckdb(path, judge=False)


def duckdb_judged(path: Path) -> tuple[int, int]:
    """DuckDB with the checks that ours makes."""
    return _duckdb(path, judge=True)


def _duckdb(path: Path, *, judge: bool) -> tuple[int, int]:
    import duckdb as engine  # noqa: PLC0415 - our own ways do not pay for it

    base = engine.connect()
    base.execute(f"SET threads = {os.environ.get('POLARS_MAX_THREADS', '2')}")
    base.execute(f"SET TimeZone = '{ZONE}'")
    kinds = "{'ordered_at': 'TIMESTAMPTZ', 'cancelled_at': 'TIMESTAMPTZ', 'quantity': 'DOUBLE'}"
    csv = path.suffix == ".csv"
    source = f"read_csv('{path}', header = true, types = {kinds})" if csv else f"'{path}'"
    if judge:
        if csv:  # text is parsed once, Parquet is read sooner than it is copied
            base.execute(f"CREATE TEMP TABLE lines AS SELECT * FROM {source}")
            source = "lines"
        bad, repeated = base.execute(
            "SELECT count(*) FILTER (order_id IS NULL OR sku IS NULL OR ordered_at IS NULL OR "
            "quantity IS NULL OR NOT quantity BETWEEN 0 AND 1e6 OR unit_price < 0), "
            f"count(*) - count(DISTINCT hash(order_id, line_id)) FROM {source}"
        ).fetchall()[0]
        if bad or repeated:
            raise RuntimeError(f"{bad} bad rows, {repeated} repeated")
        base.execute(
            f"SELECT sku, arg_max(category, (ordered_at, category)) FROM {source} GROUP BY sku"
        ).fetchall()
    found = base.execute(
        "SELECT count(*), sum(milli)::BIGINT FROM (SELECT sku, date_trunc('week', "
        "ordered_at::TIMESTAMP) AS week, sum(round(quantity * 1000)::BIGINT) AS milli "
        f"FROM {source} WHERE cancelled_at IS NULL GROUP BY ALL HAVING milli > 0)"
    ).fetchall()[0]
    return int(found[0]), int(found[1])


WAYS: dict[str, Callable[[Path], tuple[int, int]]] = {
    "ours": ours,
    "landing": landing,
    "duckdb": duckdb,
    "duckdb_judged": duckdb_judged,
}


def main(arguments: list[str]) -> int:
    """The exit code: 0."""
    way, path = arguments[0], Path(arguments[1])
    reuse_large_blocks()  # as nights do
    forget_peak()
    wall, cpu = time.perf_counter(), time.process_time()
    weeks, milli = WAYS[way](path)
    spent = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps(asdict(Reading(way, *spent, peak_mib(), weeks, milli))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
