"""The catalogue: every column of every table, what it holds of people, and how fresh it is."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from transforms.catalogue import Tonight, catalogue, enabled_by, last_published
from transforms.contracts import EXPORTS, INPUTS
from transforms.contracts.check import violations
from transforms.contracts.columns import real, text
from transforms.contracts.distribution_exports import PRIVACY
from transforms.contracts.private import PLAIN, privacy_class
from transforms.contracts.schema import Table

DAY, BEFORE = date(2026, 11, 17), date(2026, 11, 14)


@pytest.fixture(scope="module")
def made() -> pl.DataFrame:
    return catalogue(
        Tonight(
            DAY,
            rows={"forecasts": 12, "owners": 0},
            last={"accuracy": BEFORE, "tags": date(2026, 11, 16), "forecasts": BEFORE},
            skipped={"accuracy": "the backtest failed"},
            owners={"forecasts": "Ines"},
            slo={"accuracy": 7},
        )
    )


def state(made: pl.DataFrame, table: str) -> dict[str, object]:
    rows = made.filter(pl.col("table") == table)
    names = ["owner", "slo_days", "last_published", "days_old", "freshness", "rows", "skipped"]
    one = rows.select(names).unique()
    assert one.height == 1
    return one.row(0, named=True)


def test_every_column_of_every_table_stands_in_it_also_of_those_skipped(made: pl.DataFrame) -> None:
    told = made.sort("table", "position").select("table", "column").rows()
    assert told == [(t, c) for t in sorted(EXPORTS) for c in EXPORTS[t].names]
    table = EXPORTS["catalogue"]
    assert violations(table, made.select(pl.col(c.name).cast(c.dtype) for c in table.columns)) == []
    assert state(made, "catalogue")["rows"] == made.height
    meant = made.filter(pl.col("table") == "accuracy", pl.col("column") == "wape").row(0, named=True)  # fmt: skip
    column = EXPORTS["accuracy"].column("wape")
    assert (meant["meaning"], meant["unit"], meant["type"]) == (column.prose, "share", "float64")


def test_what_is_published_skipped_late_and_never_published(made: pl.DataFrame) -> None:
    assert state(made, "forecasts") == {
        "owner": "Ines", "slo_days": 1, "last_published": DAY, "days_old": 0,
        "freshness": "within", "rows": 12, "skipped": None,
    }  # fmt: skip
    late = state(made, "accuracy")
    assert (late["freshness"], late["skipped"]) == ("within", "the backtest failed"), "7 days are allowed"  # fmt: skip
    assert state(made, "tags")["freshness"] == "within"
    gone = state(made, "voices")
    assert (gone["freshness"], gone["rows"], gone["skipped"]) == ("never", None, "not made by this run")  # fmt: skip
    old = catalogue(Tonight(DAY, rows={}, last={"tags": BEFORE}))
    assert state(old, "tags")["freshness"] == "late"


def test_the_newest_night_of_each_table_is_handed_on(made: pl.DataFrame) -> None:
    known = last_published(made, DAY, {"forecasts", "owners", "no_such_table"})
    assert known["accuracy"] == BEFORE
    assert known["forecasts"] == known["owners"] == DAY
    assert "voices" not in known
    assert "no_such_table" not in known
    assert last_published(None, DAY, {"tags"}) == {"tags": DAY}


def test_every_column_has_a_privacy_class_and_customers_are_never_called_none() -> None:
    for table in EXPORTS.values():
        for column in table.columns:
            told = privacy_class(table, column)
            assert told in PRIVACY
            if "customer_key" in table.names and column.name != "as_of":
                assert told in {"customer_key", "about_a_customer"}
            if column.name.startswith("quote") or column.name.endswith("_redacted"):
                assert told == "redacted_words"


def test_free_text_that_nobody_classified_is_refused() -> None:
    table = Table("new", "x", key=("id",), columns=(text("id", "which"), real("value", "how much")))
    assert privacy_class(table, table.column("value")) == "none"
    with pytest.raises(KeyError, match=r"new\.id is not classified"):
        privacy_class(table, table.column("id"))


def test_no_class_is_given_to_a_column_that_is_gone() -> None:
    names = {c.name for t in EXPORTS.values() for c in t.columns}
    assert names >= PLAIN


def test_inputs_that_enable_a_table_are_inputs() -> None:
    for name in EXPORTS:
        for need in enabled_by(name).replace(" or ", ", ").split(", "):
            assert not need or need.split(".")[0] in INPUTS, name
    assert enabled_by("language_match") == "copy_pages, passages or reviews"
    assert enabled_by("inventory_plan") == "order_lines", "lead times have a default"
    assert enabled_by("catalogue") == ""
