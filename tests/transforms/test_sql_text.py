"""SQL of the configuration: one reading statement, and the frame that is put around it."""

from __future__ import annotations

import duckdb
import pytest

from transforms.sql_text import (
    double_quoted,
    from_table,
    literal,
    plain_query,
    reading_problem,
    rows_from,
)


@pytest.mark.parametrize(
    "sql",
    [
        "select 1",
        "  SELECT 1 ;\n",
        "-- what it is; really\nselect ';' as a, \"b;c\" from t /* delete; */",
        "with x as (select 1) select * from x",
        "(select 1) union (select 2)",
        "select $$;$$, $a$ x; $a$",
    ],
)
def test_one_reading_statement_is_let_through(sql: str) -> None:
    assert reading_problem(sql) is None


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("select 1; drop table t", "more than one statement"),
        ("delete from t", "begins with 'delete'"),
        ("/* select */ update t set a = 1", "begins with 'update'"),
        ("copy t to '/x'", "begins with 'copy'"),
        ("-- nothing", "is empty"),
        (" ; ", "is empty"),
    ],
)
def test_everything_else_is_refused(sql: str, problem: str) -> None:
    assert problem in (reading_problem(sql) or "")


def test_rows_from_a_mark_are_those_at_it_after_it_and_without_one() -> None:
    query = plain_query(
        "select * from (values (1), (2), (3), (null)) t(n) -- all of them ;".rstrip(";")
    )
    sql = rows_from(query, double_quoted("n"), "2")
    assert sorted(duckdb.sql(sql).fetchall(), key=str) == [(2,), (3,), (None,)]


def test_names_and_literals_cannot_break_out() -> None:
    assert from_table('sales.ord"ers', double_quoted) == 'SELECT * FROM "sales"."ord""ers"'
    assert literal("o'neill") == "'o''neill'"
