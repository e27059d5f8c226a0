"""Published nights without the person: tables of customers and quotes are written again, all else stays as it is."""

from __future__ import annotations

from collections import Counter
from typing import Any

import polars as pl

from flows.exports import MANIFEST, amend, drop_unpointed, follow_pointers
from flows.forget.journal import Erasure
from flows.parquet import as_of_today
from flows.places import Place
from flows.reader import refuse_newer
from flows.review_folders import drop_reviews
from flows.staging import read_json
from flows.storage import storage_of
from transforms.catalogue import recounted
from transforms.contracts import EXPORTS
from transforms.forgetting_published import (
    customer_keys,
    quarantine_erased,
    quote_pairs,
    quotes_gone,
    without_customers,
    without_quotes,
    without_repeated,
)

WHY = (
    "a person was erased on request: their rows in customer-level tables and their quotes are gone"
)
LEVEL = tuple(name for name, table in EXPORTS.items() if "customer_key" in table.names)
"""Published tables with rows of single customers."""
QUOTING = tuple(name for name, table in EXPORTS.items() if quote_pairs(list(table.names)))
"""Published tables that quote customers or name passages as examples."""
SPOKEN = tuple(
    n
    for n in QUOTING
    if "excerpt_redacted" in EXPORTS[n].names
    or ("quote" in EXPORTS[n].names and not EXPORTS[n].column("quote").nullable)
)
"""Those whose every row is one quote, or tells of one passage alone."""
REPEATING = tuple(
    name for name, table in EXPORTS.items() if "quote" in table.names and name not in QUOTING
)
"""Published tables that repeat quotes of those, without saying of which passage."""


def amend_nights(exports: Place, one: Erasure) -> dict[str, Any]:
    """Amends every snapshot that tells of the person; what was done, as counts.

    A snapshot that no night points to any more is removed outright. All review pages go, as they may
    quote the person: they can be drawn again.
    """
    count = Counter(nights_amended=0, old_snapshots_removed=0, published_rows=0, published_quotes=0)
    follow_pointers(exports)
    drop_reviews(exports)
    for path in sorted((exports / "snapshots").glob("*")):
        changed, gone = _without(path, one)
        if not changed:
            continue
        count.update(gone)
        if drop_unpointed(exports, path):
            count["old_snapshots_removed"] += 1
            continue
        amend(exports, path, changed, WHY)
        count["nights_amended"] += 1
    return dict(count)


def check_nights(exports: Place) -> None:
    """Raises NewerExport where a snapshot is of a newer version: it cannot be amended by this one.

    To be asked before anything is erased, so that a request is carried out whole or not at all.
    """
    for path in sorted((exports / "snapshots").glob("*")):
        refuse_newer(path, read_json(path / MANIFEST) or {})


def _without(path: Place, one: Erasure) -> tuple[dict[str, pl.DataFrame], dict[str, int]]:
    """The tables of a snapshot that hold the person, without them, and the rows and quotes that go."""
    edges = _read(path, "identity_edges")
    keys = {key for who in one.all for key in customer_keys(edges, who)}
    before = {name: _read(path, name) for name in (*(LEVEL if keys else ()), *QUOTING)}
    before["quarantine"] = _read(path, "quarantine")
    after, count = dict(before), {"published_rows": 0, "published_quotes": 0}
    for name in LEVEL if keys else ():
        after[name] = without_customers(before[name], keys)
        count["published_rows"] += before[name].height - after[name].height
    for who in one.all:
        after["quarantine"], found = quarantine_erased(after["quarantine"], who)
        count["published_rows"] += found
        for name in QUOTING:
            after[name], found = without_quotes(after[name], who, rows_are_quotes=name in SPOKEN)
            count["published_quotes"] += found
    before |= {name: _read(path, name) for name in REPEATING}
    spoken = quotes_gone(before, after)
    for name in REPEATING:
        after[name], found = without_repeated(before[name], spoken)
        count["published_quotes"] += found
    changed = {n: f for n, f in after.items() if not f.equals(before[n])}
    listed = _read(path, "catalogue")
    counted = recounted(listed, {name: frame.height for name, frame in changed.items()})
    return changed if counted.equals(listed) else {**changed, "catalogue": counted}, count


def _read(path: Place, name: str) -> pl.DataFrame:
    file, contract = path / f"{name}.parquet", EXPORTS[name]
    if not file.is_file():
        return contract.empty()
    return as_of_today(contract, storage_of(file).read_parquet(file)).select(contract.names)
