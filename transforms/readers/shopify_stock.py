"""Shopify: stock, from the three layouts of the inventory CSV and from replicated tables.

`on_hand` is what can still be sold (Shopify's Available: negative where oversold), summed over
locations, because a shelf full of committed pieces is a stock-out to the next customer.
"""

from __future__ import annotations

import polars as pl

from transforms.readers.layout import UTC, Beside, Layout, Part, drop, take, test
from transforms.readers.names import listed, plain
from transforms.readers.read import DAY
from transforms.readers.steps import ADDED_UP, added_up, blank_as_null

_NOWHERE = "not stocked at any location"
_AVAILABLE = ("Available", "Available (not editable)")
_INCOMING = ("Incoming", "Incoming (not editable)")
_STOCK_QUIET = listed("""
    Handle, Title, Option1 Name, Option1 Value, Option2 Name, Option2 Value, Option3 Name, Option3
    Value, HS Code, COO, Location, Bin name, Unavailable, Unavailable (not editable), Committed,
    Committed (not editable), On hand, On hand (current), On hand (new)
    """)
_NUMBERS = drop(_NOWHERE, test("made.nowhere", equals="true"))
_REMEDY = "export with Products > Inventory > Export > All states"


def _given(frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` without the words that mean that a location does not stock the product."""
    words = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    blank = pl.col(words).str.to_lowercase().is_in(["not stocked", "n/a"])
    return blank_as_null(frame).with_columns(pl.when(~blank).then(pl.col(words)))


def _by_location(frame: pl.DataFrame) -> pl.DataFrame:
    """One row per location: summed by SKU."""
    frame = _given(frame).with_columns(
        pl.coalesce(map(plain, _AVAILABLE)).alias("made.available"),
        pl.coalesce(map(plain, _INCOMING)).alias("made.incoming"),
    )
    frame = added_up(frame, ("SKU",), ("made.available", "made.incoming"))
    return _nowhere(frame, "made.made.available")


def _nowhere(frame: pl.DataFrame, total: str) -> pl.DataFrame:
    return frame.with_columns(pl.col(total).is_null().cast(pl.String).alias("made.nowhere"))


STOCK_CSV = Layout(
    key="shopify/inventory export",
    title="a Shopify inventory export",
    marks=("Handle", "SKU", "Location"),
    needs=("Available|Available (not editable)",),
    remedy=_REMEDY,
    quiet=_STOCK_QUIET,
    dated=True,
    parts=(
        Part(
            "inventory_daily",
            {
                "date": take(DAY),
                "sku": take("SKU"),
                "on_hand": take("made.made.available"),
                "on_order": take("made.made.incoming"),
            },
            uses=(*_AVAILABLE, *_INCOMING),
            prepare=_by_location,
            filter=(_NUMBERS, drop(ADDED_UP, test("made.again", equals="true"))),
        ),
    ),
)


def _across(frame: pl.DataFrame) -> pl.DataFrame:
    """One column per location, whatever it is called: summed along the row, then by SKU."""
    frame = _given(frame)
    known = {plain(one) for one in (*_STOCK_QUIET, "SKU")} | {"_row", DAY}
    places = [name for name in frame.columns if name not in known]
    numbers = [pl.col(name).cast(pl.Float64, strict=False) for name in places]
    unread = [pl.when(n.is_null()).then(pl.col(c)) for n, c in zip(numbers, places, strict=True)]
    if not places:
        return _nowhere(frame.with_columns(pl.lit(None, pl.String).alias("made.all")), "made.all")
    given = pl.any_horizontal(n.is_not_null() for n in numbers)
    total = pl.when(given).then(pl.sum_horizontal(numbers)).cast(pl.String)
    frame = frame.with_columns(pl.coalesce(*unread, total).alias("made.all"))
    return _nowhere(added_up(frame, ("SKU",), ("made.all",)), "made.made.all")


STOCK_OLD_CSV = Layout(
    key="shopify/inventory export by column",
    title="a Shopify inventory export of the old form (one column per location)",
    marks=("Handle", "Title", "Option1 Name", "Option1 Value", "SKU"),
    never=("Location", "Variant SKU", "Variant Price", "Status", "Lineitem sku"),
    remedy=_REMEDY,
    quiet=_STOCK_QUIET,
    dated=True,
    rest=True,
    parts=(
        Part(
            "inventory_daily",
            {"date": take(DAY), "sku": take("SKU"), "on_hand": take("made.made.all")},
            prepare=_across,
            filter=(_NUMBERS, drop(ADDED_UP, test("made.again", equals="true"))),
        ),
    ),
)

_SEEN = ("_fivetran_synced", "updated_at")
_ITEM = Beside(
    ("shopify/inventory_item table",), "inventory_item_id", "id", ("sku",), required=True
)


def _by_state(frame: pl.DataFrame) -> pl.DataFrame:
    """One row per state of an item at a place: what is available and incoming, by item and day."""
    frame = blank_as_null(frame)
    state = pl.col("name").str.to_lowercase()
    frame = frame.with_columns(
        pl.when(state == "available").then("quantity").alias("made.available"),
        pl.when(state == "incoming").then("quantity").alias("made.incoming"),
        pl.coalesce(map(plain, _SEEN)).str.slice(0, 10).alias("made.day"),
        (~state.is_in(["available", "incoming"])).cast(pl.String).alias("made.other"),
    )
    # States that are not read must not be the first row of their item.
    frame = frame.with_columns(
        pl.when(pl.col("made.other") != "true").then("inventoryitemid").alias("made.item")
    )
    return added_up(frame, ("made.item", "made.day"), ("made.available", "made.incoming"))


QUANTITIES = Layout(
    key="shopify/inventory_quantity table",
    title="Shopify's table inventory_quantity",
    marks=("inventory_item_id", "inventory_level_id", "name"),
    needs=("quantity", "updated_at|_fivetran_synced"),
    remedy="replicate inventory_quantity with inventory_item",
    quiet=("id", "_fivetran_deleted"),
    parts=(
        Part(
            "inventory_daily",
            {
                "date": take(*_SEEN, timezone=UTC),
                "sku": take("beside.sku"),
                "on_hand": take("made.made.available"),
                "on_order": take("made.made.incoming"),
            },
            uses=("name", "quantity", "inventory_item_id"),
            prepare=_by_state,
            beside=(_ITEM,),
            filter=(
                drop("a state of stock that is not read", test("made.other", equals="true")),
                drop(ADDED_UP, test("made.again", equals="true")),
            ),
        ),
    ),
)


def _by_level(frame: pl.DataFrame) -> pl.DataFrame:
    day = pl.coalesce(map(plain, _SEEN)).str.slice(0, 10).alias("made.day")
    frame = blank_as_null(frame).with_columns(day)
    return added_up(frame, ("inventory_item_id", "made.day"), ("available",))


LEVELS = Layout(
    key="shopify/inventory_level table",
    title="Shopify's table inventory_level",
    marks=("inventory_item_id", "location_id", "available"),
    needs=("updated_at|_fivetran_synced",),
    remedy="replicate inventory_level with inventory_item",
    quiet=(
        "id",
        "can_deactivate",
        "created_at",
        "deactivation_alert",
        "admin_graphql_api_id",
        "_fivetran_deleted",
    ),
    parts=(
        Part(
            "inventory_daily",
            {
                "date": take(*_SEEN, timezone=UTC),
                "sku": take("beside.sku"),
                "on_hand": take("made.available"),
            },
            uses=("available", "inventory_item_id"),
            prepare=_by_level,
            beside=(_ITEM,),
            filter=(drop(ADDED_UP, test("made.again", equals="true")),),
        ),
    ),
)
ITEMS = Layout(
    key="shopify/inventory_item table",
    title="Shopify's table inventory_item",
    marks=("id", "sku", "tracked", "requires_shipping"),
    never=("order_id", "product_id"),
    main="products",
)
LEVEL_KEYS = Layout(
    key="shopify/inventory_level keys",
    title="Shopify's table inventory_level of the newer form (without quantities)",
    marks=("inventory_item_id", "location_id", "can_deactivate"),
    never=("available",),
    main="inventory_daily",
)
SHOPIFY_STOCK = (STOCK_CSV, STOCK_OLD_CSV, QUANTITIES, LEVELS, ITEMS, LEVEL_KEYS)
