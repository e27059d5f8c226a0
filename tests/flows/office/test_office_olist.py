"""The call list from real orders: every value of it recomputed in SQL on the files as they come."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from flows.identity import hasher
from flows.keys import keyring
from flows.night import Night, open_night
from flows.office.calls import call_list
from flows.office.given import Given, Said
from flows.pull import pull
from flows.stages import NO_TAGS
from transforms.asof import SOURCE

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "olist.toml"
DATA = Path(os.environ.get("HEARCAST_EXAMPLES_DATA", "/nowhere")) / "olist_subset"
AS_OF = date(2018, 8, 19)
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="HEARCAST_EXAMPLES_DATA has no Olist")
SQL = f"""
WITH orders AS (
  SELECT o.order_id, c.customer_unique_id AS who,
         CAST(o.order_purchase_timestamp AS TIMESTAMP) AS bought_at,
         o.order_status = 'canceled'
           AND CAST(o.order_estimated_delivery_date AS DATE) <= DATE '{AS_OF}' AS gone
  FROM '{DATA}/olist_orders_dataset.csv' o JOIN '{DATA}/olist_customers_dataset.csv' c USING (customer_id)
), lines AS (
  SELECT who, order_id, bought_at, i.product_id AS sku, CAST(ROUND(i.price * 100) AS BIGINT) AS pence
  FROM orders JOIN '{DATA}/olist_order_items_dataset.csv' i USING (order_id)
  WHERE NOT gone AND CAST(bought_at AS DATE) <= DATE '{AS_OF}'
), counts AS (
  SELECT who, COUNT(DISTINCT order_id) AS orders FROM lines GROUP BY who
), whole AS (
  SELECT who, order_id, MAX(bought_at) AS bought_at, SUM(pence) AS pence,
         ARG_MIN(sku, (-pence, sku)) AS sku
  FROM lines GROUP BY who, order_id
), newest AS (
  SELECT * FROM whole QUALIFY ROW_NUMBER() OVER (PARTITION BY who ORDER BY bought_at DESC, order_id DESC) = 1
), recent AS (
  SELECT n.who, CAST(n.bought_at AS DATE) AS event_on, n.pence, counts.orders,
         COALESCE(t.product_category_name_english, p.product_category_name, '(uncategorised)') AS family
  FROM newest n JOIN counts USING (who)
  LEFT JOIN '{DATA}/olist_products_dataset.csv' p ON p.product_id = n.sku
  LEFT JOIN '{DATA}/product_category_name_translation.csv' t USING (product_category_name)
  WHERE CAST(n.bought_at AS DATE) > DATE '{AS_OF}' - INTERVAL 30 DAY
), placed AS (
  SELECT *, IF(orders > 1, 'returning', 'new') AS kind,
         1 + (RANK() OVER (ORDER BY pence) - 1) * 3 // COUNT(*) OVER () AS tercile
  FROM recent
)
SELECT who, event_on, kind, tercile, family,
       COUNT(*) OVER (PARTITION BY family, kind, tercile) AS n_stratum
FROM placed
"""


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Night:
    monkeypatch.setenv("HEARCAST_PATHS__LAKE", str(tmp_path / "lake"))
    monkeypatch.setenv("HEARCAST_PATHS__EXPORTS", str(tmp_path / "exports"))
    monkeypatch.setenv("HEARCAST_OFFICE__CALLS__CONSENT", "assumed")
    monkeypatch.setenv("HEARCAST_OFFICE__CALLS__HOLDOUT_SHARE", "0.0")
    made = open_night(str(EXAMPLE), AS_OF.isoformat())
    pull(made.settings, made.lake, AS_OF)
    return made


def test_the_recent_list_is_what_sql_finds_in_the_files(night: Night) -> None:
    silent = Said(NO_TAGS, None, "nobody listened")  # type: ignore[arg-type]  # no picture is needed
    found = call_list(Given(night, silent, {}))
    assert not isinstance(found, str)
    frame = found["call_frame"].row(by_predicate=pl.col("programme") == "recent", named=True)
    told = duckdb.sql(SQL).pl()
    assert told.height > 60
    assert frame["in_cohort"] == told.height
    assert frame["eligible"] == frame["in_cohort"] - frame["listed_lately"]
    by = hasher(night.settings, keyring(night.settings, night.lake).current)
    ids = told.select(pl.lit("olist").alias(SOURCE), pl.col("who").alias("customer_id"))
    keyed = told.with_columns(by.ids(ids).alias("customer_key"))
    listed = found["call_list"].filter(pl.col("programme") == "recent")
    assert listed.height == pytest.approx(20 / 0.35, abs=1)
    both = listed.join(keyed, on="customer_key", suffix="_sql")
    assert both.height == listed.height
    for ours, theirs in (("event_on", "event_on_sql"), ("customer_kind", "kind"), ("family", "family_sql"),
                         ("value_tercile", "tercile")):  # fmt: skip
        assert both[ours].to_list() == both[theirs].to_list(), ours
    if not frame["listed_lately"]:
        assert both["n_stratum"].to_list() == both["n_stratum_sql"].to_list()
        even = round(1_000_000 * 58 / told.height) / 1_000_000
        assert listed["selection_prob"].unique().to_list() == [even]
