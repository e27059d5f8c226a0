"""What the doctor promises of each output, from what is given."""

from __future__ import annotations

from transforms.contracts import EXPORTS
from transforms.doctor import Facts, output_lines


def plan_line(tables: dict[str, Facts]) -> str:
    """What is said of the plan where these tables are given."""
    return next(one for one in output_lines(tables, [], EXPORTS) if "inventory_plan" in one)


def test_a_plan_without_lead_times_is_promised_with_the_default_one() -> None:
    given = {"order_lines": Facts(9, {}), "inventory_daily": Facts(9, {}), "products": Facts(9, {})}
    line = plan_line(given)
    assert line.startswith("yes  inventory_plan, but products.lead_time_days is absent, so [planning] lead_time_days")  # fmt: skip
    told = given | {"products": Facts(9, {"lead_time_days": 1})}
    assert plan_line(told) == "yes  inventory_plan"


def test_a_plan_without_stock_is_promised_with_what_it_lacks() -> None:
    line = plan_line({"order_lines": Facts(9, {}), "products": Facts(9, {"lead_time_days": 9})})
    assert line.startswith("yes  inventory_plan, but inventory_daily is absent, so it has levels")
    assert plan_line({}).startswith("no   order_lines is absent: no inventory_plan")
