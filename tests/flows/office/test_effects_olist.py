"""Repeat orders of real customers: numbers and Kaplan and Meier's curve recomputed in SQL on the files."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from flows.night import open_night
from flows.office.given import Given, Said
from flows.pull import pull
from flows.stages import NO_TAGS
from models.office.repeat import curve
from transforms.demand import sku_categories
from transforms.office import repeats
from transforms.office.trials import sold_lines

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "olist.toml"
DATA = Path(os.environ.get("HEARCAST_EXAMPLES_DATA", "/nowhere")) / "olist_subset"
AS_OF = date(2018, 8, 19)
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="HEARCAST_EXAMPLES_DATA has no Olist")
SQL = f"""
WITH lines AS (
  SELECT DISTINCT c.customer_unique_id AS who, CAST(o.order_purchase_timestamp AS DATE) AS day
  FROM '{DATA}/olist_orders_dataset.csv' o
  JOIN '{DATA}/olist_customers_dataset.csv' c USING (customer_id)
  JOIN '{DATA}/olist_order_items_dataset.csv' i USING (order_id)
  WHERE CAST(o.order_purchase_timestamp AS DATE) <= DATE '{AS_OF}'
    AND NOT (o.order_status = 'canceled' AND CAST(o.order_estimated_delivery_date AS DATE) <= DATE '{AS_OF}')
), first AS (
  SELECT who, MIN(day) AS day0 FROM lines GROUP BY who
  HAVING MIN(day) BETWEEN (SELECT MIN(day) FROM lines) + 90 AND DATE '{AS_OF}' - 1
), waits AS (
  SELECT who, MIN(l.day) FILTER (l.day > day0) IS NOT NULL AS event,
         COALESCE(MIN(l.day) FILTER (l.day > day0), DATE '{AS_OF}') - day0 AS days
  FROM first JOIN lines l USING (who) GROUP BY who, day0
), steps AS (
  SELECT days, SUM(event::INT) AS d, (SELECT COUNT(*) FROM waits w WHERE w.days >= x.days) AS r
  FROM waits x GROUP BY days
)
SELECT (SELECT COUNT(*) FROM waits) AS n, (SELECT SUM(event::INT) FROM waits) AS events,
       1 - EXP(SUM(LN(1 - d / r)) FILTER (days <= 30)) AS p30,
       1 - EXP(SUM(LN(1 - d / r)) FILTER (days <= 90)) AS p90,
       1 - EXP(SUM(LN(1 - d / r)) FILTER (days <= 180)) AS p180
FROM steps WHERE d < r
"""


def test_repeat_orders_are_what_sql_finds_in_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEARCAST_PATHS__LAKE", str(tmp_path / "lake"))
    monkeypatch.setenv("HEARCAST_PATHS__EXPORTS", str(tmp_path / "exports"))
    night = open_night(str(EXAMPLE), AS_OF.isoformat())
    pull(night.settings, night.lake, AS_OF)
    given = Given(night, Said(NO_TAGS, None, "nobody listened"), {})  # type: ignore[arg-type]  # no picture is needed
    lines = given.shown("order_lines")
    given.release("order_lines")
    assert given.shown("order_lines").sort(lines.columns).equals(lines.sort(lines.columns))
    sold = sold_lines(lines.lazy(), sku_categories(lines, given.shown("products")))
    people = repeats.first_orders(sold, AS_OF, given.rules.timezone)
    silent = repeats.unheard(people.with_columns(pl.lit(None, dtype=pl.Int64).alias("talked")))
    found = curve(silent["days"].cast(pl.Float64).to_numpy(), silent["event"].to_numpy())
    (told,) = duckdb.sql(SQL).pl().to_dicts()
    assert told["n"] > 500
    assert (found["n"], found["events"]) == (told["n"], told["events"])
    for day in (30, 90, 180):
        assert found[f"p_{day}d"] == pytest.approx(told[f"p{day}"], abs=1e-12), day
