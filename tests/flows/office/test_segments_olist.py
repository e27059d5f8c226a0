"""Segments from real orders: cut-offs, scores and segments recomputed in SQL on the files as they come."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from flows.identity import hasher
from flows.keys import keyring
from flows.night import Night, open_night
from flows.office.given import Given, Said
from flows.office.segments import segments
from flows.pull import pull
from flows.stages import NO_TAGS
from transforms.asof import SOURCE

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "olist.toml"
DATA = Path(os.environ.get("HEARCAST_EXAMPLES_DATA", "/nowhere")) / "olist_subset"
AS_OF, FREEZE = date(2018, 8, 19), date(2018, 1, 1)
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="HEARCAST_EXAMPLES_DATA has no Olist")


def customers_sql(day: date, days: str) -> str:
    """Recency, frequency and money of each customer at the end of `day`, over the last `days`."""
    return f"""(
WITH lines AS (
  SELECT c.customer_unique_id AS who, CAST(CAST(o.order_purchase_timestamp AS TIMESTAMP) AS DATE) AS day,
         CAST(ROUND(i.price * 100) AS BIGINT) AS cents
  FROM '{DATA}/olist_orders_dataset.csv' o JOIN '{DATA}/olist_customers_dataset.csv' c USING (customer_id)
  JOIN '{DATA}/olist_order_items_dataset.csv' i USING (order_id)
  WHERE CAST(CAST(o.order_purchase_timestamp AS TIMESTAMP) AS DATE) <= DATE '{day}'
    AND NOT (o.order_status = 'canceled' AND CAST(o.order_estimated_delivery_date AS DATE) <= DATE '{day}')
)
SELECT who, DATE '{day}' - MAX(day) AS recency, DATE '{day}' - MIN(day) AS age,
       COUNT(DISTINCT day) FILTER (day > DATE '{day}' - CAST({days} AS INTEGER)) AS frequency,
       COALESCE(SUM(cents) FILTER (day > DATE '{day}' - CAST({days} AS INTEGER)), 0) / 100 AS monetary
FROM lines GROUP BY who)"""


def lower_quintiles(values: pl.Series) -> list[float]:
    """The value that stands at the floor of q (n - 1), counted from 0."""
    ranked = sorted(values.to_list())
    return [float(ranked[int(q * (len(ranked) - 1) + 1e-9)]) for q in (0.2, 0.4, 0.6, 0.8)]


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Night:
    monkeypatch.setenv("HEARCAST_PATHS__LAKE", str(tmp_path / "lake"))
    monkeypatch.setenv("HEARCAST_PATHS__EXPORTS", str(tmp_path / "exports"))
    made = open_night(str(EXAMPLE), AS_OF.isoformat())
    pull(made.settings, made.lake, AS_OF)
    return made


def test_segments_are_what_sql_finds_in_the_files(night: Night) -> None:
    silent = Said(NO_TAGS, None, "nobody listened")  # type: ignore[arg-type]  # no picture is needed
    found = segments(Given(night, silent, {}))
    assert not isinstance(found, str)
    cuts = {row["measure"]: row for row in found["segment_cutoffs"].iter_rows(named=True)}
    days = str(cuts["recency_days"]["memory_days"])
    assert cuts["recency_days"]["frozen_on"] == FREEZE
    frozen = duckdb.sql(f"SELECT * FROM {customers_sql(FREEZE, days)}").pl()
    for measure, column in (
        ("recency_days", "recency"),
        ("frequency", "frequency"),
        ("monetary", "monetary"),
    ):
        ends = [cuts[measure][f"cut_{n}"] for n in range(1, 5)]
        assert ends == pytest.approx(lower_quintiles(frozen[column])), measure
        assert cuts[measure]["customers_n"] == frozen.height
    score = {
        measure: " + ".join(
            f"CAST({column} > {cuts[measure][f'cut_{n}']} AS INTEGER)" for n in range(1, 5)
        )
        for measure, column in (
            ("recency_days", "recency"),
            ("frequency", "frequency"),
            ("monetary", "monetary"),
        )
    }
    told = duckdb.sql(f"""
      WITH scored AS (SELECT *, 5 - ({score["recency_days"]}) AS r, 1 + {score["frequency"]} AS f,
                             1 + {score["monetary"]} AS m FROM {customers_sql(AS_OF, days)})
      SELECT who, recency, frequency, monetary, r, f, m,
             CASE WHEN r >= 4 AND f >= 4 AND m >= 4 THEN 'best' WHEN r >= 3 AND f >= 4 THEN 'loyal'
                  WHEN age < 90 THEN 'new' WHEN r <= 2 AND (f >= 4 OR m >= 4) THEN 'at_risk'
                  WHEN r <= 2 THEN 'lapsed' ELSE 'regular' END AS segment
      FROM scored""").pl()
    by = hasher(night.settings, keyring(night.settings, night.lake).current)
    ids = told.select(pl.lit("olist").alias(SOURCE), pl.col("who").alias("customer_id"))
    theirs = told.with_columns(by.ids(ids).alias("customer_key"))
    ours = found["segments"]
    both = ours.join(theirs, on="customer_key", suffix="_sql")
    assert ours.height == told.height == both.height
    for mine, other in (("recency_days", "recency"), ("frequency", "frequency_sql"), ("score_recency", "r"),
                        ("score_frequency", "f"), ("score_monetary", "m"), ("segment", "segment_sql")):  # fmt: skip
        assert both[mine].to_list() == both[other].to_list(), mine
    assert both["monetary"].to_list() == pytest.approx(both["monetary_sql"].to_list())


def test_an_earlier_day_told_by_tonights_lines_is_that_day_read_anew(night: Night) -> None:
    silent = Said(NO_TAGS, None, "nobody listened")  # type: ignore[arg-type]  # no picture is needed
    columns = ("order_id", "ordered_at", "quantity", "unit_price", "cancelled_at", "is_test")
    told = Given(night, silent, {}).at(FREEZE).lines_with(*columns)
    anew = Given(replace(night, as_of=FREEZE), silent, {}).lines_with(*columns)
    assert told.sort(told.columns).equals(anew.sort(anew.columns))
    assert 0 < told.height < Given(night, silent, {}).lines.height
    late = pl.col("cancelled_at").dt.date() > FREEZE
    assert told.filter(late).is_empty()
    assert told["cancelled_at"].count() > 0
