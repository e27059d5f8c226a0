"""Reasons, channels and reviews of Olist's customers, each number counted again by DuckDB in SQL."""

from __future__ import annotations

import os
import tomllib
from datetime import date
from functools import cache
from pathlib import Path

import duckdb
import polars as pl
import pytest

from transforms.office import reasons, reviews
from transforms.office.channels import channel_counts
from transforms.office.periods import periods
from transforms.tagging import parse_phrases, tag_and_judge

DATA = Path(os.environ.get("HEARCAST_EXAMPLES_DATA", "/nowhere")) / "olist_subset"
PHRASES = Path(__file__).resolve().parents[3] / "data" / "phrases" / "pt.toml"
ZONE, LAST = "America/Sao_Paulo", date(2018, 8, 6)
pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="HEARCAST_EXAMPLES_DATA names no folder with the third-party files"
)
SIGNALS = ("delivery_worry", "return_intent", "repeat_intent", "durability_question", "extra_costs")
REVIEWS = f"""
  select distinct on (review_id) review_id, review_score, customer_unique_id, product_category_name,
    strptime(review_answer_timestamp, '%Y-%m-%d %H:%M:%S') as answered,
    concat_ws(chr(10), nullif(review_comment_title, ''), nullif(review_comment_message, '')) as text
  from read_csv('{DATA}/olist_order_reviews_dataset.csv', all_varchar = true) as r
  join read_csv('{DATA}/olist_orders_dataset.csv', all_varchar = true) as o using (order_id)
  join read_csv('{DATA}/olist_customers_dataset.csv', all_varchar = true) as c using (customer_id)
  left join (select order_id, min(product_id) as product_id
    from read_csv('{DATA}/olist_order_items_dataset.csv', all_varchar = true) as i group by order_id) using (order_id)
  left join read_csv('{DATA}/olist_products_dataset.csv', all_varchar = true) as p using (product_id)
  order by review_id, order_id
"""


@cache
def told() -> pl.DataFrame:
    """Olist's reviews, one row each."""
    return duckdb.sql(REVIEWS).pl()


@cache
def conversations() -> pl.DataFrame:
    return told().select(
        pl.lit("olist").alias("_source"),
        pl.col("review_id").alias("conversation_id"),
        pl.col("customer_unique_id").alias("customer_id"),
        pl.lit("review").alias("channel"),
        pl.col("answered").dt.cast_time_unit("us").dt.replace_time_zone(ZONE, ambiguous="earliest",
            non_existent="null").dt.convert_time_zone("UTC").alias("started_at"),
        pl.col("review_score").cast(pl.Float64).alias("rating"),
        pl.col("product_category_name").alias("category"),
        pl.lit(None, pl.String).alias("sku"),
        pl.lit(16).alias("weight"),
    )  # fmt: skip


@cache
def tags() -> pl.DataFrame:
    """Tags of the reviews with words, by the Portuguese phrases."""
    with PHRASES.open("rb") as raw:
        book = parse_phrases("pt", tomllib.load(raw))
    texts = told().filter(pl.col("text") != "").select(
        pl.col("review_id").alias("conversation_id"), pl.col("review_id").alias("passage_id"), "text",
        pl.lit("customer").alias("speaker"), pl.lit("pt").alias("language"),
    )  # fmt: skip
    found, _ = tag_and_judge(texts, [book])
    return found.with_columns(pl.lit("olist").alias("_source"))


def worded() -> pl.DataFrame:
    with_words = told().filter(pl.col("text") != "")["review_id"].implode()
    return conversations().filter(pl.col("conversation_id").is_in(with_words)).select(
        "_source", "conversation_id", pl.col("conversation_id").alias("passage_id")
    )  # fmt: skip


def test_reasons_of_people_are_those_that_sql_counts() -> None:
    no_calls = pl.DataFrame(schema={"_source": pl.String, "conversation_id": pl.String, "cohort": pl.String,
        "attempted_at": pl.Datetime("us", "UTC"), "attempt_id": pl.String, "selection_probability": pl.Float64})  # fmt: skip
    nobody = pl.DataFrame(schema={"_source": pl.String, "order_id": pl.String, "customer_id": pl.String,
        "refunded_at": pl.Datetime("us", "UTC")})  # fmt: skip
    cohort = reasons.cohorts(conversations(), no_calls, nobody, nobody, reasons.Complaints())
    heard = reasons.people_heard(
        conversations(), worded(), no_calls, periods(LAST), timezone=ZONE, week_start="monday"
    )
    people = reasons.people_of(heard, cohort)
    place = worded().with_columns(
        pl.lit(None, pl.Datetime("us", "UTC")).alias("said_at"), pl.lit(0).alias("position")
    )
    said = reasons.with_nothing(people, reasons.mentions_of(heard, cohort, tags(), place), SIGNALS)
    cells = reasons.cells(people, said, [*SIGNALS, reasons.NOTHING])
    ours = cells.group_by("period_start", "period_end", "cohort", "signal").agg(
        pl.col("people").sum().alias("n"),
        pl.col("people").filter(pl.col("said") > 0).sum().alias("k"),
    )
    assert ours.filter(pl.col("k") > 0).height > 20
    reviewed, tagged = told(), tags()  # noqa: F841 - read by SQL
    for row in ours.iter_rows(named=True):
        few = "and review_score::int <= 2" if row["cohort"] == "complained" else ""
        scope = f"text <> '' {few} and answered::date between '{row['period_start']}' and '{row['period_end']}'"
        n = duckdb.sql(
            f"select count(distinct customer_unique_id) from reviewed where {scope}"
        ).fetchall()
        names = ", ".join(f"'{name}'" for name in SIGNALS)
        own = f"signal = '{row['signal']}'" if row["signal"] in SIGNALS else f"signal in ({names})"
        k = duckdb.sql(
            f"select count(distinct customer_unique_id) from reviewed where {scope} and review_id in "
            f"(select conversation_id from tagged where {own})"
        ).fetchall()
        expected = k[0][0] if row["signal"] in SIGNALS else n[0][0] - k[0][0]
        assert (row["n"], row["k"]) == (n[0][0], expected), row


def test_stars_of_products_are_those_that_sql_counts() -> None:
    found = reviews.product_counts(
        reviews.starred(conversations(), LAST, timezone=ZONE, week_start="monday")
    )
    reviewed = told()  # noqa: F841 - read by SQL
    once = f"""
      select product_category_name as category, answered::date >= '{LAST}' as now, review_score::int as stars,
        row_number() over (partition by product_category_name, date_trunc('week', answered), customer_unique_id
          order by answered desc, review_id desc) as place
      from reviewed where answered::date between '2018-05-14' and '2018-08-12'
    """
    sql = duckdb.sql(f"""
      select category, count(*) filter (now) as n_reviews, count(*) filter (now and stars = 1) as n_one_star,
        count(*) filter (now and stars = 5) as n_five_star, count(*) filter (not now) as n_before,
        count(*) filter (not now and stars = 1) as n_one_star_before
      from ({once}) where place = 1 group by category having count(*) filter (now) > 0
    """).pl()
    assert found.height > 10
    key = ["category"]
    assert found.drop("sku").sort(key).equals(sql.select(found.drop("sku").columns).cast(
        {n: pl.Int64 for n in sql.columns if n != "category"}).sort(key))  # fmt: skip


def test_one_channel_holds_every_person_once() -> None:
    found = channel_counts(conversations(), worded(), tags(), periods(LAST), signals=SIGNALS, timezone=ZONE,
                           week_start="monday")  # fmt: skip
    assert found["channel"].unique().to_list() == ["review"]
    reviewed = told()  # noqa: F841 - read by SQL
    for row in found.filter(pl.col("signal") == "delivery_worry").iter_rows(named=True):
        n = duckdb.sql(
            "select count(distinct customer_unique_id) from reviewed where text <> '' and answered::date "
            f"between '{row['period_start']}' and '{row['period_end']}'"
        ).fetchall()
        assert row["n"] == n[0][0]
