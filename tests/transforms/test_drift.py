"""Deliveries beside earlier ones of their kind: what is a change, and what is chance."""

from __future__ import annotations

from typing import Any

import polars as pl

from transforms.contracts import INPUTS
from transforms.drift import Delivery, drift, schema_facts


def one(landing: int, **changes: Any) -> Delivery:
    base: dict[str, Any] = {
        "source": "box", "table": "order_lines", "family": "shopify/orders export", "file": f"in/{landing}.csv", "landing": landing,
        "rows_in": 500, "rows_good": 500, "given": {"sku": 500, "channel": 480, "cancelled_at": 4}, "kinds": {"sku": "text", "channel": "text"},
    }  # fmt: skip
    return Delivery(**{**base, **changes})


EARLIER = [one(n) for n in range(1, 6)]


def test_like_before_is_no_drift() -> None:
    found = drift([*EARLIER, one(6)])
    assert found.lines == ()
    assert found.before == found.now


def test_a_vanished_column_is_told_and_a_rare_one_is_not() -> None:
    found = drift([*EARLIER, one(6, given={"sku": 500})])
    assert found.lines == (
        "in/6.csv (order_lines): column channel vanished: 96% of earlier rows give it",
    )
    assert "channel" in found.before["order_lines"]
    assert "channel" not in found.now["order_lines"]
    assert "cancelled_at" in found.now["order_lines"], "four in 2,500 may be none in 500"


def test_a_small_file_may_lack_what_most_rows_give() -> None:
    assert drift([*EARLIER, one(6, rows_good=10, rows_in=400, given={"sku": 10})]).lines == ()


def test_a_workbook_that_made_numbers_of_codes_is_told() -> None:
    found = drift([*EARLIER, one(6, kinds={"sku": "numbers", "channel": "text"})])
    assert found.lines == (
        "in/6.csv (order_lines): column sku changed its type from text to numbers",
    )


def test_a_volume_far_off_the_usual_is_told_once_there_is_a_usual() -> None:
    assert drift([*EARLIER[:3], one(6, rows_in=40)]).lines == ()
    (line,) = drift([*EARLIER, one(6, rows_in=40)]).lines
    assert (
        line
        == "in/6.csv: 40 rows of order_lines, where 500 are usual; check whether the export is whole"
    )
    assert drift([*EARLIER, one(6, rows_in=1500)]).lines == ()


def test_another_kind_of_file_has_other_columns_by_right() -> None:
    assert drift([*EARLIER, one(6, family="shopify/orders", given={"sku": 500})]).lines == ()
    assert drift([*EARLIER, one(6, source="other", given={"sku": 500})]).lines == ()


def test_a_first_delivery_has_nothing_to_be_compared_with() -> None:
    assert drift([one(1)]).before == {}


def test_facts_count_what_is_given_and_tell_codes_from_numbers() -> None:
    rows = pl.DataFrame(
        {
            "sku": ["00123", "7"] * 30,
            "channel": ["web", None] * 30,
            "order_id": [f"o{n}" for n in range(60)],
        }
    )
    full = INPUTS["order_lines"].empty().select(pl.exclude(rows.columns))
    good = pl.concat([rows, full], how="diagonal")
    given, kinds = schema_facts(good, INPUTS["order_lines"])
    assert given == {"order_id": 60, "sku": 60, "channel": 30}
    assert (kinds["sku"], kinds["order_id"], kinds["channel"]) == ("numbers", "text", "unknown")
