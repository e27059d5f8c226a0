"""A handful of bad rows, as every real export has them, so that a quarantine has work."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from models.simulate import desk
from models.simulate.spec import BrandSpec

ABSURD = 5_000_000
_ANCIENT = "1900-01-01T00:00:00-05:00"
_DISTANT = "2190-07-01T12:00:00-04:00"


def soil(
    spec: BrandSpec, tables: dict[str, pl.DataFrame]
) -> tuple[dict[str, pl.DataFrame], dict[str, Any]]:
    """The tables with bad and repeated rows added, and a list of what was added.

    No clean row is changed. Bad rows have identifiers of their own (they begin with X), the
    repeated refunds are equal to their originals in every column.
    """
    rng = spec.rng("dirt")
    lines, bad_lines = _bad_lines(tables["order_lines"], rng)
    refunds, bad_refunds, again = _bad_refunds(tables["refunds"], rng)
    passages, bad_passages = _bad_passages(tables["passages"], rng)
    overrides, bad_overrides = desk.soiled(tables["overrides"])
    out = {
        **tables,
        "order_lines": lines,
        "refunds": refunds,
        "passages": passages,
        "overrides": overrides,
    }
    return out, {
        "order_lines": bad_lines,
        "refunds": bad_refunds,
        "refunds_repeated": again,
        "passages": bad_passages,
        "overrides": bad_overrides,
    }


def _pick(frame: pl.DataFrame, count: int, rng: np.random.Generator) -> pl.DataFrame:
    return frame[np.sort(rng.choice(frame.height, min(count, frame.height), replace=False))]


def _spoilt(frame: pl.DataFrame, column: str, value: object) -> pl.DataFrame:
    return frame.with_columns(pl.lit(value, dtype=frame.schema[column]).alias(column))


def _mixed(clean: pl.DataFrame, bad: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """The bad rows scattered among the clean ones, which keep their order."""
    place = np.concatenate(
        [np.arange(clean.height), rng.integers(0, clean.height, bad.height) + 0.5]
    )
    return pl.concat([clean, bad])[np.argsort(place, kind="stable")]


def _bad_lines(
    clean: pl.DataFrame, rng: np.random.Generator
) -> tuple[pl.DataFrame, list[dict[str, str]]]:
    plan = (
        ("negative quantity", "quantity", -3, 6),
        ("absurd quantity", "quantity", ABSURD, 4),
        ("missing sku", "sku", None, 5),
        ("ancient date", "ordered_at", _ANCIENT, 3),
        ("distant date", "ordered_at", _DISTANT, 2),
        ("unreadable date", "ordered_at", "31/31/2025", 2),
    )
    parts: list[pl.DataFrame] = []
    log: list[dict[str, str]] = []
    for reason, column, value, count in plan:
        part = _spoilt(_pick(clean, count, rng), column, value)
        first = len(log) + 1
        ids = [f"X{first + i:04d}" for i in range(part.height)]
        parts.append(
            part.with_columns(
                pl.Series("order_id", ids), pl.Series("line_id", [f"{x}-1" for x in ids])
            )
        )
        log += [{"line_id": f"{x}-1", "reason": reason} for x in ids]
    return _mixed(clean, pl.concat(parts), rng), log


def _bad_refunds(
    clean: pl.DataFrame, rng: np.random.Generator
) -> tuple[pl.DataFrame, list[dict[str, str]], list[str]]:
    plan = (
        ("negative quantity", "quantity", -1, 3),
        ("missing sku", "sku", None, 2),
        ("ancient date", "refunded_at", _ANCIENT, 2),
    )
    parts: list[pl.DataFrame] = []
    log: list[dict[str, str]] = []
    for reason, column, value, count in plan:
        part = _spoilt(_pick(clean, count, rng), column, value)
        ids = [f"X{len(log) + 1 + i:04d}" for i in range(part.height)]
        parts.append(part.with_columns(pl.Series("refund_id", ids)))
        log += [{"refund_id": x, "reason": reason} for x in ids]
    again = _pick(clean, 10, rng)
    bad = pl.concat([*parts, again])
    return _mixed(clean, bad, rng), log, again["refund_id"].to_list()


def _bad_passages(
    clean: pl.DataFrame, rng: np.random.Generator
) -> tuple[pl.DataFrame, list[dict[str, str]]]:
    empty = _spoilt(_pick(clean, 3, rng), "text", None)
    lost = _pick(clean, 3, rng).with_columns(pl.lit("V-unknown").alias("conversation_id"))
    bad = pl.concat([empty, lost])
    ids = [f"X{i + 1:04d}" for i in range(bad.height)]
    reasons = ["missing text"] * empty.height + ["unknown conversation"] * lost.height
    log = [{"passage_id": x, "reason": r} for x, r in zip(ids, reasons, strict=True)]
    return _mixed(clean, bad.with_columns(pl.Series("passage_id", ids)), rng), log
