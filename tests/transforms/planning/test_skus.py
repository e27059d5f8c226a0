from datetime import UTC, date, datetime

import polars as pl

from transforms.planning.skus import every_sku, with_orderable

AS_OF = date(2026, 11, 17)
SHOWN = {
    "order_lines": pl.DataFrame(
        {"sku": ["A", "A", "B"], "category": ["tea", "tea", None],
         "ordered_at": [datetime(2026, 11, d, tzinfo=UTC) for d in (1, 2, 3)]}
    ),
    "products": pl.DataFrame(
        {"_source": ["x"] * 3, "sku": ["A", "C", "D"], "category": ["tea", "pots", None],
         "unit_cost": [2.0, None, 1.0], "launched_on": [None] * 3,
         "discontinued_on": [date(2026, 12, 1), date(2026, 1, 1), None],
         "_told_on": [date(2026, 11, 1)] * 3}, schema_overrides={"launched_on": pl.Date}
    ),
    "inventory_daily": pl.DataFrame({"sku": ["A", "E"]}),
    "expected_receipts": pl.DataFrame({"sku": ["F"]}),
}  # fmt: skip
LISTED = pl.DataFrame(
    {"target": ["units", "units", "returns"], "level": ["sku", "sku", "sku"],
     "sku": ["A", "B", "C"], "status": ["active", "dormant", "active"]}
)  # fmt: skip


def test_no_sku_of_any_table_is_missing() -> None:
    made = every_sku(SHOWN, LISTED, AS_OF)
    assert made["sku"].to_list() == ["A", "B", "C", "D", "E", "F"]
    assert made["series_status"].to_list() == ["active", "dormant", None, None, None, None]
    assert made["ended"].to_list() == [False, False, True, False, False, False]
    assert made["ends_on"].to_list() == [date(2026, 12, 1), *[None] * 5]
    assert made["category"].to_list() == [
        "tea", "(uncategorised)", "pots", "(uncategorised)", "(uncategorised)", "(uncategorised)",
    ]  # fmt: skip


def test_an_order_must_arrive_before_sales_end() -> None:
    made = every_sku(SHOWN, LISTED, AS_OF)
    for lead, can in ((12.0, True), (12.5, False), (13.0, False)):
        row = with_orderable(made.with_columns(lead_time_days=pl.lit(lead)), AS_OF)
        assert row["orderable"].to_list() == [can, True, False, True, True, True]
