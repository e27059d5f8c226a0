"""Shopify: orders, from the admin's CSV, from REST and from GraphQL (also bulk operations)."""

from __future__ import annotations

import json
from collections.abc import Sequence

import polars as pl

from transforms.readers.layout import Layout, Part, drop, take, test
from transforms.readers.names import listed, plain
from transforms.readers.shopify_names import CSV_QUIET, ORDER_QUIET
from transforms.readers.steps import (
    ADDED_UP,
    GID,
    SUPERSEDED,
    TRUE,
    added_up,
    blank_as_null,
    copies,
    first_of_group,
    lowered,
    numbered,
    superseded,
)
from transforms.readers.unfold import NUMBER

_LINE, _REFUND = "line_items[].", "refunds[].refund_line_items[]."
_RETURN = "returns[].return_line_items[]."
_FILLED = listed("""
    Id, Email, Phone, Billing Phone, Shipping Phone, Created at, Cancelled at, Payment Method, Source,
    Currency, Fulfilled at
    """)
NOT_RETURNED = "cancelled before it was shipped: no return"
_BUYER, _CHANGED = "made.customer", "updated_at"
_HEAD = "Financial Status"
"""Stands in the first row of an order alone."""


def _whole_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """What the first row of an order says, in all of its rows, and who bought."""
    frame = first_of_group(blank_as_null(frame), "Name", _FILLED)
    frame = lowered(frame, ("Email", "Phone", "Billing Phone", "Shipping Phone"), _BUYER)
    frame = copies(frame, "Name", _HEAD, "made.copy")
    return numbered(frame, ("Name", "made.copy"), "Lineitem sku", "made.line")


def _refunded(frame: pl.DataFrame) -> tuple[str, ...]:
    """A remark on refunds that the CSV tells in money alone."""
    amounts = frame["refundedamount"] if "refundedamount" in frame.columns else None
    n = 0 if amounts is None else (amounts.cast(pl.Float64, strict=False) > 0).sum()
    if not n:
        return ()
    return (
        f"{n} orders were refunded, but this export does not say which SKU: returns need refunds "
        "from the API (docs/sources.md)",
    )


_CSV_ID = take("Id", "Name", extract=GID)
ORDERS_CSV = Layout(
    key="shopify/orders export",
    title="a Shopify orders export",
    marks=("Name", _HEAD, "Lineitem quantity|Lineitem sku|Lineitem name"),
    needs=("Created at", "Lineitem sku", "Lineitem quantity"),
    remedy='export with Orders > Export > "Plain CSV file"',
    quiet=CSV_QUIET,
    notes=_refunded,
    parts=(
        Part(
            "order_lines",
            {
                "order_id": _CSV_ID,
                "line_id": take("made.line"),
                "sku": take("Lineitem sku"),
                "ordered_at": take("Created at"),
                "quantity": take("Lineitem quantity"),
                "customer_id": take(_BUYER),
                "channel": take("Source"),
                "unit_price": take("Lineitem price"),
                "currency": take("Currency"),
                "cancelled_at": take("Cancelled at"),
                "is_test": take("Payment Method", values={"bogus": True}, otherwise=False),
            },
            uses=("Name", _HEAD, *_FILLED),
            prepare=_whole_rows,
            filter=(
                drop(
                    "no SKU and nothing to ship: tip, gift card or service",
                    test("Lineitem sku", null=True),
                    test("Lineitem requires shipping", matches="(?i)^false$"),
                ),
            ),
        ),
        Part(
            "customers",
            {
                "customer_id": take(_BUYER),
                "email": take("Email"),
                "phone": take("Phone", "Shipping Phone", "Billing Phone"),
            },
            uses=("Name", _HEAD, "Lineitem sku", *_FILLED),
            prepare=_whole_rows,
            derived=True,
        ),
        Part(
            "shipments",
            {"order_id": _CSV_ID, "shipped_at": take("Fulfilled at")},
            uses=("Name", _HEAD, "Lineitem sku", *_FILLED),
            prepare=_whole_rows,
            derived=True,
        ),
    ),
)


def _lines(frame: pl.DataFrame) -> pl.DataFrame:
    """Lines with a name that every export of the order gives them, and those that are no product."""
    frame = superseded(blank_as_null(frame), "id", _CHANGED)
    frame = frame.with_columns(
        pl.coalesce(plain(_LINE + "sku"), plain(_LINE + "variant.sku")).alias("made.sku"),
    )
    frame = lowered(frame, ("email", "contact_email", "customer.email", "phone"), "made.contact")
    product = [
        plain(_LINE + one) for one in ("product_id", "variant_id", "product.id", "variant.id")
    ]
    told = pl.any_horizontal(pl.col(product).is_not_null().any())
    custom = told & pl.all_horizontal(pl.col([*product, "made.sku"]).is_null())
    frame = frame.with_columns(custom.cast(pl.String).alias("made.custom"))
    return numbered(frame, (NUMBER,), "made.sku", "made.line")


def refund_rows(
    frame: pl.DataFrame, refund: Sequence[str], sku: str, quantity: str
) -> pl.DataFrame:
    """Units by refund and SKU: one refund may name a SKU in several lines.

    Where a record holds the whole refund, `refund` has NUMBER, too: a record that comes again adds nothing.
    """
    frame = frame.with_columns(pl.col(plain(quantity)).alias("made.pieces"))
    return added_up(blank_as_null(frame), (*refund, sku), ("made.pieces",))


def _sold(frame: pl.DataFrame) -> pl.Series:
    """The SKU of each refunded line, by its id among the order's lines where it does not say."""
    told = frame.select(
        pl.coalesce(plain(_REFUND + "line_item.sku"), plain(_REFUND + "line_item.variant.sku"))
    ).to_series()
    if not told.null_count():
        return told
    sought = frame.select("lineitems", plain(_REFUND + "line_item_id")).iter_rows()
    found = [_sku_of(lines, number) for lines, number in sought]
    return told.zip_with(told.is_not_null(), pl.Series(found, dtype=pl.String))


def _sku_of(lines: str | None, number: str | None) -> str | None:
    for one in json.loads(lines or "[]"):
        if isinstance(one, dict) and number is not None and str(one.get("id")) == number:
            return str(one["sku"]) if one.get("sku") else None
    return None


def _refunds(frame: pl.DataFrame) -> pl.DataFrame:
    sku = _sold(frame)
    frame = superseded(frame, "id", _CHANGED)
    restock = pl.col(plain(_REFUND + "restock_type")).str.to_lowercase()
    frame = frame.with_columns(sku.alias("made.sku"), restock.alias("made.restock"))
    # A cancelled piece must not be added to a returned one of the same refund.
    kept = pl.when(pl.col("made.restock") != "cancel").then("made.sku").otherwise(None)
    frame = frame.with_columns(
        pl.when(pl.col("made.restock").is_null())
        .then("made.sku")
        .otherwise(kept)
        .alias("made.given")
    )
    return refund_rows(frame, (NUMBER, "refunds[].id"), "made.given", _REFUND + "quantity")


def open_return_rows(frame: pl.DataFrame, line: str, status: str) -> pl.DataFrame:
    """Units that came back and that no refund covers: a refund of them counts instead.

    Nothing is left of a return that was declined or cancelled; the row stays, with 0, so that it
    takes the place of what was told before.
    """
    asked = pl.col(plain(line + "quantity")).cast(pl.Float64, strict=False)
    paid = pl.col(plain(line + "refunded_quantity")).cast(pl.Float64, strict=False).fill_null(0.0)
    void = pl.col(plain(status)).str.to_lowercase().is_in(["declined", "canceled", "cancelled"])
    left = pl.when(void.fill_null(False)).then(0.0).otherwise((asked - paid).clip(lower_bound=0.0))
    reason = pl.col(plain(line + "return_reason")).str.to_lowercase()
    return frame.with_columns(left.cast(pl.String).alias("made.open"), reason.alias("made.reason"))


def _returns(frame: pl.DataFrame) -> pl.DataFrame:
    frame = superseded(frame, "id", _CHANGED)
    frame = open_return_rows(frame, _RETURN, "returns[].status")
    at = _RETURN + "fulfillment_line_item.line_item."
    sku = pl.coalesce(
        plain(at + "sku"), plain(at + "variant.sku"), plain(_RETURN + "line_item.sku")
    )
    frame = frame.with_columns(sku.alias("made.sku"))
    return refund_rows(frame, (NUMBER, "returns[].id"), "made.sku", "made.open")


_ID = take("legacyResourceId", "id", extract=GID)
_WHEN = ("processed_at", "created_at")
_OLD = drop(SUPERSEDED, test("made.superseded", equals="true"))
ORDERS = Layout(
    key="shopify/orders",
    title="Shopify orders (API)",
    marks=("financial_status|displayFinancialStatus", "id", "created_at|processed_at"),
    needs=("line_items",),
    never=("_fivetran_synced", "lineitem_quantity"),
    remedy="ask for orders with their line items",
    quiet=(*ORDER_QUIET, "name"),
    main="order_lines",
    parts=(
        Part(
            "order_lines",
            {
                "order_id": _ID,
                "line_id": take("made.line"),
                "sku": take("made.sku"),
                "ordered_at": take(*_WHEN),
                "quantity": take(_LINE + "quantity"),
                "customer_id": take("customer.id", "customer_id", "made.contact", extract=GID),
                "category": take(_LINE + "product.product_type", _LINE + "product_type"),
                "channel": take("source_name"),
                "unit_price": take(
                    _LINE + "price",
                    _LINE + "original_unit_price_set.shop_money.amount",
                    _LINE + "price_set.shop_money.amount",
                    _LINE + "original_unit_price",
                ),
                "currency": take("currency", "currency_code"),
                "cancelled_at": take("cancelled_at"),
                "is_test": take("test"),
            },
            rows="line_items",
            needs=(
                _LINE + "sku|" + _LINE + "variant.sku",
                _LINE + "quantity",
                "processed_at|created_at",
            ),
            uses=(
                "id",
                _CHANGED,
                "email",
                "contact_email",
                "customer.email",
                "phone",
                _LINE + "sku",
                _LINE + "variant.sku",
                _LINE + "product_id",
                _LINE + "variant_id",
                _LINE + "product.id",
                _LINE + "variant.id",
            ),
            prepare=_lines,
            filter=(
                _OLD,
                drop("gift card", test(_LINE + "gift_card", matches=TRUE)),
                drop("gift card", test(_LINE + "is_gift_card", matches=TRUE)),
                drop("custom item or tip: no product", test("made.custom", equals="true")),
            ),
        ),
        Part(
            "refunds",
            {
                "refund_id": take("refunds[].id", extract=GID),
                "sku": take("made.sku"),
                "refunded_at": take("refunds[].processed_at", "refunds[].created_at"),
                "quantity": take("made.made.pieces"),
                "order_id": _ID,
            },
            rows="refunds.refund_line_items",
            needs=(
                "|".join(
                    _REFUND + n for n in ("line_item.sku", "line_item.variant.sku", "line_item_id")
                ),
                _REFUND + "quantity",
            ),
            uses=(
                "id",
                _CHANGED,
                "line_items",
                _REFUND + "line_item_id",
                _REFUND + "line_item.sku",
                _REFUND + "line_item.variant.sku",
                _REFUND + "restock_type",
                _REFUND + "quantity",
            ),
            prepare=_refunds,
            filter=(
                _OLD,
                drop(NOT_RETURNED, test("made.restock", equals="cancel")),
                drop(ADDED_UP, test("made.again", equals="true")),
            ),
        ),
        Part(
            "refunds",
            {
                "refund_id": take("returns[].id", extract=GID),
                "sku": take("made.sku"),
                "refunded_at": take(
                    "returns[].closed_at", "returns[].created_at", "processed_at", "created_at"
                ),
                "quantity": take("made.made.pieces"),
                "order_id": _ID,
                "reason": take("made.reason"),
            },
            rows="returns.return_line_items",
            uses=(
                "id",
                _CHANGED,
                "returns[].status",
                _RETURN + "quantity",
                _RETURN + "refunded_quantity",
                _RETURN + "return_reason",
                _RETURN + "line_item.sku",
                _RETURN + "fulfillment_line_item.line_item.sku",
                _RETURN + "fulfillment_line_item.line_item.variant.sku",
            ),
            prepare=_returns,
            prefix={"refund_id": "return-"},
            filter=(
                _OLD,
                drop(ADDED_UP, test("made.again", equals="true")),
            ),
        ),
        Part(
            "customers",
            {
                "customer_id": take("customer.id", "customer_id", "made.contact", extract=GID),
                "email": take("email", "contact_email", "customer.email"),
                "phone": take("phone", "customer.phone"),
                "created_at": take("customer.created_at"),
            },
            uses=("email", "contact_email", "customer.email", "phone"),
            prepare=lambda frame: lowered(
                frame, ("email", "contact_email", "customer.email", "phone"), "made.contact"
            ),
            derived=True,
        ),
        Part(
            "shipments",
            {
                "order_id": _ID,
                "shipped_at": take("fulfillments[].created_at"),
                "promised_at": take("fulfillments[].estimated_delivery_at"),
                "delivered_at": take("fulfillments[].delivered_at"),
            },
            rows="fulfillments",
            filter=(
                drop(
                    "shipment cancelled or failed",
                    test("fulfillments[].status", matches="(?i)^(?:cancell?ed|failure|error)$"),
                ),
            ),
        ),
    ),
)
