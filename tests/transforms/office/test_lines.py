"""Order lines in small types tell what they told as texts, and numbers of customers stand for their ids."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl

from transforms.asof import DELETED, KNOWN_ON, SOURCE
from transforms.office.lines import coded, ids_of, named, names, numbered, sold

AT = datetime(2026, 3, 1, tzinfo=UTC)
ROWS = [
    # source, customer, sku, category
    ("shop", "b", "S2", "Soap"),
    ("shop", None, "S1", None),
    ("store", "b", "S1", "Tea"),
    ("shop", "a", "S2", "Soap"),
    ("store", "b", "S2", None),
]


def given(rows: list[tuple[str, str | None, str, str | None]]) -> pl.DataFrame:
    schema = {SOURCE: pl.String, "customer_id": pl.String, "sku": pl.String, "category": pl.String}
    texts = pl.DataFrame(rows, schema=schema, orient="row").with_row_index("_n")
    return texts.select(
        *schema,
        pl.format("O{}", "_n").alias("order_id"),
        pl.lit(AT).alias("ordered_at") + pl.duration(days="_n"),
        pl.lit(2.0).alias("quantity"),
        pl.when(pl.col("_n") != 3).then(1.25).alias("unit_price"),
        pl.lit("EUR").alias("currency"),
        pl.when(pl.col("_n") == 4).then(pl.lit(AT)).alias("cancelled_at"),
        pl.lit(None, pl.Boolean).alias("is_test"),
        pl.lit(date(2026, 3, 1)).alias(KNOWN_ON),
        pl.lit(value=False).alias(DELETED),
        pl.lit("web").alias("channel"),
    )


def test_an_id_stands_once_a_source_and_each_line_knows_its_own() -> None:
    lines = coded(given(ROWS).lazy())
    ids = ids_of(lines)
    borne = [ids.told.row(n) if n is not None else None for n in ids.rows]
    assert borne == [None if who is None else (source, who) for source, who, *_ in ROWS]
    assert sorted(ids.told.rows()) == [("shop", "a"), ("shop", "b"), ("store", "b")]
    nobody = ids_of(coded(given([("shop", None, "S1", None)]).lazy()))
    assert nobody.told.rows() == []
    assert nobody.rows.to_list() == [None]


def test_numbers_of_persons_stand_in_the_order_of_their_ids() -> None:
    lines = coded(given(ROWS).lazy())
    ids = ids_of(lines)
    persons = pl.Series([f"{who}-{source}" for source, who in ids.told.rows()])
    told, everybody = numbered(lines, ids, persons)
    assert everybody.to_list() == ["a-shop", "b-shop", "b-store"]
    assert told["customer_id"].to_list() == [1, None, 2, 0, 2]


def test_lines_named_again_are_what_they_were() -> None:
    texts = given(ROWS)
    lines = coded(texts.lazy())
    ids = ids_of(lines)
    back = named(*numbered(lines, ids, ids.told["customer_id"]))
    assert back.equals(texts.select(back.columns))


def test_what_stands_has_the_category_of_its_sku_and_cents() -> None:
    lines = coded(given(ROWS).lazy())
    ids = ids_of(lines)
    told, _ = numbered(lines, ids, ids.told["customer_id"])
    kinds = pl.DataFrame({"sku": ["S0", "S1", "S2"], "category": ["Tea", "Zinc", "Soap"]})
    found = sold(told, kinds).collect()
    assert found["category"].to_list() == ["Soap", "Zinc", "Zinc", "Soap"]
    assert found["cents"].to_list() == [250, 250, 250, None]
    assert found.sort("category")["category"].to_list() == ["Soap", "Soap", "Zinc", "Zinc"]


def test_each_name_is_told_with_its_latest_line() -> None:
    found = names(coded(given(ROWS).lazy())).sort("sku", "category")
    assert found.select("sku", "category").rows() == [
        ("S1", None), ("S1", "Tea"), ("S2", None), ("S2", "Soap"),
    ]  # fmt: skip
    assert found["ordered_at"].dt.day().to_list() == [2, 3, 5, 4]
