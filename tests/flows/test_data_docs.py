"""Data Docs of a night: real pages, one per table, kept per night, without customers' values."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from flows.data_docs import write_data_docs
from tests.expectation_tables import AS_OF, HORIZON, ZONE, good_exports, good_inputs
from transforms.contracts import EXPORTS
from transforms.expectations import Verdicts, judge_exports, judge_inputs

EMAIL, PHONE = "jane.doe@example.com", "+1 212 555 0123"
SECRETS = (EMAIL, PHONE, "777777")


@pytest.fixture(scope="module")
def spoilt() -> list[Verdicts]:
    """Verdicts on tables with private text in keys, lists, codes, headers and numbers."""
    inputs = {name: good_inputs()[name] for name in ("order_lines", "passages", "customers")}
    spoiled = {"sku": EMAIL, "channel": EMAIL, "order_id": PHONE, "line_id": PHONE}
    for name, frame in inputs.items():
        fit = {c: v for c, v in spoiled.items() if c in frame.columns}
        changed = frame.with_columns(pl.lit(v).alias(c) for c, v in fit.items())
        inputs[name] = changed.with_columns(pl.lit(EMAIL).alias(EMAIL))
    inputs["order_lines"] = inputs["order_lines"].with_columns(in_one_row("unit_price", -777777.0))
    inputs["passages"] = inputs["passages"].with_columns(speaker=pl.lit(EMAIL), text=pl.lit(EMAIL))
    exports = good_exports()
    exports["tags"] = exports["tags"].with_columns(sku=pl.lit(EMAIL), category=pl.lit(PHONE))
    exports["forecasts"] = exports["forecasts"].with_columns(
        in_one_row("mean", -777777.0), rung=pl.lit(EMAIL), extra=pl.lit(PHONE)
    )
    return [
        judge_inputs(inputs, as_of=AS_OF, timezone=ZONE),
        judge_exports(exports, horizon=HORIZON),
    ]


def in_one_row(column: str, value: float) -> pl.Expr:
    first = pl.int_range(pl.len()) == 0
    return pl.when(first).then(value).otherwise(pl.col(column)).alias(column)


def pages(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.html"))


def test_pages_of_every_table_are_written(tmp_path: Path, spoilt: list[Verdicts]) -> None:
    index = write_data_docs(spoilt, tmp_path / "docs", as_of=AS_OF)
    assert index.read_text(encoding="utf-8").count("inputs.order_lines")
    judged = sum(each.checks["table"].n_unique() for each in spoilt)
    validations = pages(tmp_path / "docs" / "validations")
    assert len(validations) == judged
    orders = next(page for page in validations if page.name == "inputs.order_lines.html")
    text = orders.read_text(encoding="utf-8")
    assert "order_lines.in_range unit_price" in text
    assert "Failed" in text
    assert AS_OF.isoformat() in str(orders)


def test_undecided_checks_stand_in_the_pages(tmp_path: Path, spoilt: list[Verdicts]) -> None:
    write_data_docs(spoilt, tmp_path, as_of=AS_OF)
    suites = "".join(page.read_text(encoding="utf-8") for page in pages(tmp_path / "expectations"))
    assert "order_lines.schema_unchanged: no schema of an earlier night" in suites


def test_no_private_value_anywhere(tmp_path: Path, spoilt: list[Verdicts]) -> None:
    assert spoilt[0].held
    assert spoilt[1].held
    write_data_docs(spoilt, tmp_path, as_of=AS_OF)
    written = [
        p.read_bytes().decode("utf-8", "replace") for p in tmp_path.rglob("*") if p.is_file()
    ]
    for each in spoilt:
        written.append(json.dumps([dict(document) for document in each.docs]))
        written.append(each.checks.write_csv())
    for secret in SECRETS:
        assert not any(secret in text for text in written)


def test_a_second_attempt_replaces_the_first(tmp_path: Path, spoilt: list[Verdicts]) -> None:
    write_data_docs(spoilt, tmp_path, as_of=AS_OF)
    before = pages(tmp_path)
    write_data_docs(spoilt, tmp_path, as_of=AS_OF)
    assert pages(tmp_path) == before


def test_documents_survive_json(tmp_path: Path, spoilt: list[Verdicts]) -> None:
    kept = [Verdicts(v.checks, tuple(json.loads(json.dumps(list(v.docs))))) for v in spoilt]
    write_data_docs(kept, tmp_path / "a", as_of=AS_OF)
    write_data_docs(spoilt, tmp_path / "b", as_of=AS_OF)
    for left, right in zip(pages(tmp_path / "a"), pages(tmp_path / "b"), strict=True):
        assert left.name == right.name


def test_pages_are_light_and_other_folders_are_left_alone(
    tmp_path: Path, spoilt: list[Verdicts]
) -> None:
    home = {path for path in tmp_path.rglob("*") if path.is_file()}
    write_data_docs(spoilt, tmp_path / "docs", as_of=date(2024, 6, 29))
    size = sum(path.stat().st_size for path in (tmp_path / "docs").rglob("*") if path.is_file())
    assert size < 100_000 * len(EXPORTS)
    outside = {p for p in tmp_path.rglob("*") if p.is_file() and "docs" not in p.parts}
    assert outside == home
