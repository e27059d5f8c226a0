"""On which inputs each published table rests."""

from __future__ import annotations

from collections.abc import Mapping

from transforms.contracts import INPUTS
from transforms.contracts.office_exports import OFFICE_TABLES
from transforms.contracts.office_inputs import OFFICE_INPUTS

PICTURE = (
    "order_lines",
    "refunds",
    "tickets",
    "products",
    "inventory_daily",
    "promotions",
    "call_attempts",
    "checkouts",
    "conversations",
    "passages",
    "upstream_tags",
    "customers",
)
"""What is read to know demand, who is who, and what was said: nearly all tables rest on it."""
DEMAND = ("order_lines", "refunds", "tickets", "products", "inventory_daily", "customers")
WORDS = ("passages", "conversations", "upstream_tags", "order_lines", "products", "customers")
EVERYTHING = tuple(INPUTS)
OFFICE = (
    *(table.name for table in OFFICE_INPUTS),
    "owners",
    "reviews",
    "shipments",
    "expected_receipts",
    "overrides",
)
"""What the customer system's tables may rest on besides; they look at the night's others, too."""
_ONLY: Mapping[str, tuple[str, ...]] = {
    "ingest_report": EVERYTHING,
    "quarantine": EVERYTHING,
    "quality_checks": EVERYTHING,
    "source_registry": EVERYTHING,
    "catalogue": ("owners",),
    "demand_weekly": DEMAND,
    "series_listed": DEMAND,
    "tags": WORDS,
    "tag_audit": WORDS,
}
_BESIDES: Mapping[str, tuple[str, ...]] = {
    "inventory_plan": ("expected_receipts",),
    **{table.name: OFFICE for table in OFFICE_TABLES},
    "exceptions": OFFICE,
    "forecasts_final": ("overrides",),
    "override_status": ("overrides",),
    "forecast_value_added": ("overrides",),
}


def rests_on(table: str) -> tuple[str, ...]:
    """Input tables that can change a row of the published `table`, in order of name.

    No other input can; one that is named need not have been given.
    """
    if table in _ONLY:
        return tuple(sorted(_ONLY[table]))
    return tuple(sorted({*PICTURE, *_BESIDES.get(table, ())}))
