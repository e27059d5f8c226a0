"""Shopify: tables that a replication service writes, joined as their keys say."""

from __future__ import annotations

import polars as pl

from transforms.readers.layout import UTC, Beside, Layout, Part, drop, take, test
from transforms.readers.names import listed, plain
from transforms.readers.shopify_names import ORDER_QUIET
from transforms.readers.shopify_orders import NOT_RETURNED, open_return_rows, refund_rows
from transforms.readers.steps import ADDED_UP, TRUE, blank_as_null, lowered

_SYNCED = "_fivetran_synced"
_GONE = test("_fivetran_deleted", matches=TRUE)
ORDER_TABLE = Layout(
    key="shopify/order table",
    title="Shopify's table order",
    marks=("order_number|checkout_token", "financial_status|display_financial_status", _SYNCED),
    needs=("id", "processed_at|created_at"),
    never=("line_items",),
    main="order_lines",
    quiet=ORDER_QUIET,
    parts=(
        Part(
            "customers",
            {
                "customer_id": take("customer_id", "made.contact"),
                "email": take("email"),
                "phone": take("phone"),
            },
            uses=("email", "phone"),
            prepare=lambda frame: lowered(frame, ("email", "phone"), "made.contact"),
            derived=True,
        ),
    ),
)
_ORDER = listed("""
    id, processed_at, created_at, customer_id, email, cancelled_at, test, source_name, currency,
    currency_code, _fivetran_deleted
    """)


def _lines(frame: pl.DataFrame) -> pl.DataFrame:
    """Lines with when they ceased to be: cancelled, or deleted in the source."""
    frame = lowered(blank_as_null(frame), ("beside.email",), "made.contact")
    gone = pl.coalesce(
        pl.when(pl.col(plain(f"{mark}_fivetran_deleted")).str.contains(TRUE)).then(plain(_SYNCED))
        for mark in ("", "beside.")
    )
    custom = pl.all_horizontal(pl.col("productid", "variantid", "sku").is_null())
    return frame.with_columns(
        pl.coalesce("beside.cancelledat", gone).alias("made.cancelled"),
        custom.cast(pl.String).alias("made.custom"),
    )


LINE_TABLE = Layout(
    key="shopify/order_line table",
    title="Shopify's table order_line",
    marks=(
        "order_id",
        "variant_id|product_id",
        "fulfillable_quantity|pre_tax_price|price",
        _SYNCED,
    ),
    needs=("id", "sku", "quantity"),
    remedy="replicate order_line with order",
    quiet=listed("""
    name, title, vendor, grams, fulfillable_quantity, fulfillment_service, gift_card, requires_shipping,
    taxable, index, total_discount, pre_tax_price, fulfillment_status, variant_title, variant_id,
    product_id, properties, tax_code, destination_location_address_1, current_quantity
    """),
    parts=(
        Part(
            "order_lines",
            {
                "order_id": take("order_id"),
                "line_id": take("id"),
                "sku": take("sku"),
                "ordered_at": take("beside.processed_at", "beside.created_at", timezone=UTC),
                "quantity": take("quantity"),
                "customer_id": take("beside.customer_id", "made.contact"),
                "channel": take("beside.source_name"),
                "unit_price": take("price"),
                "currency": take("beside.currency", "beside.currency_code"),
                "cancelled_at": take("made.cancelled", timezone=UTC),
                "is_test": take("beside.test"),
            },
            uses=("product_id", "variant_id", "_fivetran_deleted", _SYNCED),
            prepare=_lines,
            beside=(Beside(("shopify/order table",), "order_id", "id", _ORDER, required=True),),
            filter=(
                drop("gift card", test("gift_card", matches=TRUE)),
                drop("custom item or tip: no product", test("made.custom", equals="true")),
            ),
        ),
    ),
)
REFUND_TABLE = Layout(
    key="shopify/refund table",
    title="Shopify's table refund",
    marks=("restock", "user_id|note", "order_id", _SYNCED),
    main="refunds",
)


def _refunded(frame: pl.DataFrame) -> pl.DataFrame:
    frame = blank_as_null(frame)
    restock = pl.col("restocktype").str.to_lowercase()
    mine = pl.when(restock.fill_null("") != "cancel").then(pl.col("line.sku"))
    frame = frame.with_columns(restock.alias("made.restock"), mine.alias("made.given"))
    return refund_rows(frame, ("refund_id",), "made.given", "quantity")


REFUND_LINE_TABLE = Layout(
    key="shopify/order_line_refund table",
    title="Shopify's table order_line_refund",
    marks=("refund_id", "order_line_id", _SYNCED),
    needs=("quantity",),
    remedy="replicate order_line_refund with refund and order_line",
    quiet=listed("""
    id, location_id, subtotal, subtotal_set, total_tax, total_tax_set, restock_type, _fivetran_deleted
    """),
    parts=(
        Part(
            "refunds",
            {
                "refund_id": take("refund_id"),
                "sku": take("line.sku"),
                "refunded_at": take("beside.processed_at", "beside.created_at", timezone=UTC),
                "quantity": take("made.made.pieces"),
                "order_id": take("beside.order_id"),
                "reason": take("back.return_reason"),
            },
            uses=("restock_type", "quantity", "refund_id"),
            prepare=_refunded,
            beside=(
                Beside(
                    ("shopify/refund table",),
                    "refund_id",
                    "id",
                    ("processed_at", "created_at", "order_id"),
                    required=True,
                ),
                Beside(
                    ("shopify/order_line table",),
                    "order_line_id",
                    "id",
                    ("sku",),
                    required=True,
                    mark="line",
                ),
                Beside(
                    ("shopify/return_line table",),
                    "order_line_id",
                    "order_line_id",
                    ("return_reason",),
                    mark="back",
                ),
            ),
            filter=(
                drop("deleted in the source", _GONE),
                drop(NOT_RETURNED, test("made.restock", equals="cancel")),
                drop(ADDED_UP, test("made.again", equals="true")),
            ),
        ),
    ),
)
RETURN_TABLE = Layout(
    key="shopify/return table",
    title="Shopify's table return",
    marks=("order_id", "total_quantity", "status", _SYNCED),
    main="refunds",
)


def _sent_back(frame: pl.DataFrame) -> pl.DataFrame:
    frame = open_return_rows(blank_as_null(frame), "", "beside.status")
    return refund_rows(frame, ("return_id",), "line.sku", "made.open")


RETURN_LINE_TABLE = Layout(
    key="shopify/return_line table",
    title="Shopify's table return_line",
    marks=("return_id", "order_line_id", "return_reason|refunded_quantity", _SYNCED),
    needs=("quantity",),
    remedy="replicate return_line with return and order_line",
    quiet=listed("""
    id, refundable_quantity, return_reason_note, customer_note, processed_quantity,
    processable_quantity, unprocessed_quantity, _fivetran_deleted
    """),
    parts=(
        Part(
            "refunds",
            {
                "refund_id": take("return_id"),
                "sku": take("line.sku"),
                "refunded_at": take("beside.closed_at", "beside.created_at", timezone=UTC),
                "quantity": take("made.made.pieces"),
                "order_id": take("beside.order_id"),
                "reason": take("made.reason"),
            },
            uses=("quantity", "refunded_quantity", "return_reason", "return_id"),
            prepare=_sent_back,
            prefix={"refund_id": "return-"},
            beside=(
                Beside(
                    ("shopify/return table",),
                    "return_id",
                    "id",
                    ("closed_at", "created_at", "order_id", "status"),
                    required=True,
                ),
                Beside(
                    ("shopify/order_line table",),
                    "order_line_id",
                    "id",
                    ("sku",),
                    required=True,
                    mark="line",
                ),
            ),
            filter=(
                drop("deleted in the source", _GONE),
                drop(ADDED_UP, test("made.again", equals="true")),
            ),
        ),
    ),
)
FULFILLMENT_TABLE = Layout(
    key="shopify/fulfillment table",
    title="Shopify's table fulfillment",
    marks=("order_id", "tracking_company|tracking_number", _SYNCED),
    needs=("created_at",),
    never=("sku",),
    quiet=(
        "location_id",
        "tracking_company",
        "tracking_number",
        "tracking_numbers",
        "tracking_urls",
        "shipment_status",
        "service",
        "name",
        "receipt_authorization",
        "updated_at",
        _SYNCED,
    ),
    parts=(
        Part(
            "shipments",
            {
                "order_id": take("order_id"),
                "shipped_at": take("created_at", timezone=UTC),
                "promised_at": take("beside.estimated_delivery_at", timezone=UTC),
                "delivered_at": take(
                    "beside.happened_at",
                    timezone=UTC,
                    when=test("beside.status", equals="delivered"),
                ),
            },
            beside=(
                Beside(
                    ("shopify/fulfillment_event table",),
                    "id",
                    "fulfillment_id",
                    ("happened_at", "status", "estimated_delivery_at"),
                ),
            ),
            filter=(
                drop(
                    "shipment cancelled or failed",
                    test("status", matches="(?i)^(?:cancell?ed|failure|error)$"),
                ),
            ),
        ),
    ),
)
FULFILLMENT_EVENTS = Layout(
    key="shopify/fulfillment_event table",
    title="Shopify's table fulfillment_event",
    marks=("fulfillment_id", "happened_at", "status"),
    main="shipments",
)
SHOPIFY_TABLES = (
    ORDER_TABLE,
    LINE_TABLE,
    REFUND_TABLE,
    REFUND_LINE_TABLE,
    RETURN_TABLE,
    RETURN_LINE_TABLE,
    FULFILLMENT_TABLE,
    FULFILLMENT_EVENTS,
)
