"""Writes a simulated brand to a folder, as the files that a shop would hand over."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from models.simulate import Brand, BrandSpec, simulate

PARQUET = ("order_lines", "shipments", "inventory_daily", "checkouts", "tickets", "call_attempts",
           "consents", "assignments")  # fmt: skip
CSV_GZ = ("customers", "refunds", "insights", "actions", "copy_pages", "distributions")
JSONL = ("conversations", "passages")
_LARGE_BRAND = 500


def write_brand(out: Path, *, skus: int, weeks: int, seed: int) -> list[Path]:
    """What `write_files` gives for a brand of that size. Raises ValueError for sizes too small."""
    return write_files(out, brand_spec(skus=skus, weeks=weeks, seed=seed))


def write_files(out: Path, spec: BrandSpec) -> list[Path]:
    """Paths of the files written for a simulated brand, in the order of their names.

    The canonical tables (csv, parquet or gzipped jsonl), `truth.json`, the labelled
    `truth_passages.parquet`, `truth_weekly.parquet` and a README. Equal specifications give equal
    bytes; existing files of these names are replaced.
    """
    brand = simulate(spec)
    out.mkdir(parents=True, exist_ok=True)
    files = {
        **_table_files(brand),
        **_more_calls(brand),
        **_truth_files(brand),
        "README.md": _readme(brand),
    }
    paths = []
    for name in sorted(files):
        path = out / name
        path.write_bytes(files[name])
        paths.append(path)
    return paths


Ratios = tuple[tuple[str, float], ...]


def ratios(given: Sequence[str]) -> Ratios:
    """Signals and ratios of arguments like `stocking_up=0.6`. Raises ValueError for others."""
    planted = []
    for one in given:
        name, _, ratio = one.partition("=")
        try:
            planted.append((name.strip(), float(ratio)))
        except ValueError as error:
            raise ValueError(
                f"--repeat is SIGNAL=RATIO, like stocking_up=0.6, not {one}"
            ) from error
    return tuple(planted)


def brand_spec(*, skus: int, weeks: int, seed: int, repeat_ratios: Ratios = ()) -> BrandSpec:
    """The specification for a brand of that size; large ones have more categories and talk."""
    base = BrandSpec(repeat_ratios=repeat_ratios)
    if skus <= _LARGE_BRAND:
        categories = min(base.categories, skus)
        return replace(base, skus=skus, weeks=weeks, seed=seed, categories=categories)
    return replace(
        base,
        skus=skus,
        weeks=weeks,
        seed=seed,
        categories=min(50, skus // 80),
        conversations_per_week=min(3000.0, base.conversations_per_week * skus / base.skus),
        customers_per_sku=20,
    )


def _table_files(brand: Brand) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for name, frame in brand.items():
        if name in PARQUET:
            files[f"{name}.parquet"] = _parquet(frame)
        elif name in JSONL:
            text = frame.write_ndjson().encode()
            files[f"{name}.jsonl.gz"] = _gzip(text)
        elif name in CSV_GZ:
            files[f"{name}.csv.gz"] = _gzip(frame.write_csv().encode())
        else:
            files[f"{name}.csv"] = frame.write_csv().encode()
    return files


def _more_calls(brand: Brand) -> dict[str, bytes]:
    return {
        "call_attempts_carts.parquet": _parquet(brand.cart_calls),
        "assignments_tests.parquet": _parquet(brand.tests["assignments"]),
        "actions_tests.csv.gz": _gzip(brand.tests["actions"].write_csv().encode()),
    }


def _gzip(raw: bytes) -> bytes:
    return gzip.compress(raw, compresslevel=9, mtime=0)


def _truth_files(brand: Brand) -> dict[str, bytes]:
    return {
        "truth.json": (json.dumps(brand.truth, indent=1, sort_keys=True) + "\n").encode(),
        "truth_passages.parquet": _parquet(brand.truth_passages),
        "truth_weekly.parquet": _parquet(brand.truth_weekly),
    }


def _parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", compression_level=15, row_group_size=250_000)
    return buffer.getvalue()


def _readme(brand: Brand) -> bytes:
    spec = brand.spec
    sizes = "\n".join(f"| {name} | {brand[name].height:,} |" for name in sorted(brand))
    text = f"""# A simulated brand

Nobody in these files exists. They were made by

    hearcast simulate --out data/sample --skus {spec.skus} --weeks {spec.weeks} --seed {spec.seed}{_planted(spec)}

and the same command makes the same bytes again (same lock file, same family of processors).
{spec.skus} SKUs in {spec.categories} categories, {spec.weeks} complete weeks from {spec.start} on,
and a running week whose last known day is {spec.end}.
E-mail addresses end in example.com, telephone numbers are of the fictional 555-01xx range.

| table | rows |
|---|---|
{sizes}

`truth.json` says what is planted: which signal leads which target in which category, by how many
weeks and how strongly; the mirror (a signal that follows demand); the placebos; seasons,
promotions, stock-outs, and the bad rows that a contract should quarantine. Under `office` it says
what is true of the calling programme: the lot by which customers who had left a cart were called or
held out (their calls stand in `call_attempts_carts.parquet`), and how fast findings become changes;
under `experiments` what the tests of changes (`assignments_tests.parquet`, `actions_tests.csv.gz`) truly did;
under `distributions` how often teams acknowledge what they are sent, and the week from which they do so less.
`truth_passages.parquet` labels every passage with the signals that it truly carries, and
`truth_weekly.parquet` holds the hidden weekly forces. A forecast must not read them.
{_REPEAT if spec.repeat_ratios else ""}"""
    return text.encode()


_REPEAT = """
Under `repeat_timing` it says how what customers say changes when they order again, and what share of
who said each signal truly did so by which day.
"""


def _planted(spec: BrandSpec) -> str:
    return "".join(f" --repeat {name}={ratio:g}" for name, ratio in spec.repeat_ratios)
