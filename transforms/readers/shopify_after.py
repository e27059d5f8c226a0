"""Shopify: refunds, returns and abandoned checkouts that come in files of their own."""

from __future__ import annotations

import json

import polars as pl

from transforms.readers.layout import UTC, Beside, Layout, Part, drop, take, test
from transforms.readers.names import listed, plain
from transforms.readers.shopify_orders import NOT_RETURNED, open_return_rows, refund_rows
from transforms.readers.stack import tidy
from transforms.readers.steps import ADDED_UP, GID, blank_as_null, lowered
from transforms.readers.unfold import NUMBER

_AGAIN = drop(ADDED_UP, test("made.again", equals="true"))
_LINE = "refund_line_items[]."


def _refunded(frame: pl.DataFrame) -> pl.DataFrame:
    restock = pl.col(plain(_LINE + "restock_type")).str.to_lowercase()
    sku = pl.coalesce(plain(_LINE + "line_item.sku"), plain(_LINE + "line_item.variant.sku"))
    frame = frame.with_columns(restock.alias("made.restock"), sku.alias("made.sku"))
    mine = pl.when(pl.col("made.restock").fill_null("") != "cancel").then("made.sku")
    frame = frame.with_columns(mine.alias("made.given"))
    return refund_rows(frame, (NUMBER, "id"), "made.given", _LINE + "quantity")


REFUNDS = Layout(
    key="shopify/refunds",
    title="Shopify refunds (API)",
    marks=("refund_line_items", "created_at"),
    never=("line_items", "financial_status"),
    quiet=(
        "refund_line_items",
        "note",
        "restock",
        "user_id",
        "admin_graphql_api_id",
        "transactions",
        "order_adjustments",
        "duties",
        "total_duties_set",
        "additional_fees",
        "return",
        "total_refunded_set",
        "updated_at",
        "refund_duties",
        "staff_member",
        "shop_url",
        "legacy_resource_id",
        *(
            _LINE + one
            for one in listed("""
    id, line_item_id, location_id, subtotal, subtotal_set, total_tax, total_tax_set, line_item,
    restocked, price_set
    """)
        ),
    ),
    main="refunds",
    parts=(
        Part(
            "refunds",
            {
                "refund_id": take("id", extract=GID),
                "sku": take("made.sku"),
                "refunded_at": take("processed_at", "created_at"),
                "quantity": take("made.made.pieces"),
                "order_id": take("order_id", "order.id", extract=GID),
            },
            rows="refund_line_items",
            needs=(_LINE + "line_item.sku|" + _LINE + "line_item.variant.sku", _LINE + "quantity"),
            uses=(
                _LINE + "line_item.sku",
                _LINE + "line_item.variant.sku",
                _LINE + "restock_type",
                _LINE + "quantity",
            ),
            prepare=_refunded,
            filter=(drop(NOT_RETURNED, test("made.restock", equals="cancel")), _AGAIN),
        ),
    ),
)

_RETURN = "return_line_items[]."


def _sent_back(frame: pl.DataFrame) -> pl.DataFrame:
    at = _RETURN + "fulfillment_line_item.line_item."
    sku = [
        pl.col(plain(one)) for one in (at + "sku", at + "variant.sku", _RETURN + "line_item.sku")
    ]
    frame = open_return_rows(frame, _RETURN, "status").with_columns(
        pl.coalesce(sku).alias("made.sku")
    )
    return refund_rows(frame, (NUMBER, "id"), "made.sku", "made.open")


RETURNS = Layout(
    key="shopify/returns",
    title="Shopify returns (API)",
    marks=("return_line_items", "status"),
    never=("line_items", "financial_status"),
    quiet=(
        "return_line_items",
        "name",
        "order",
        "total_quantity",
        "decline",
        "decline_reason",
        "refunds",
        "exchange_line_items",
        "reverse_fulfillment_orders",
        "request_approved_at",
        "updated_at",
        *(
            _RETURN + one
            for one in listed("""
    id, refundable_quantity, return_reason_note, customer_note, return_reason_definition,
    processable_quantity, processed_quantity, unprocessed_quantity, fulfillment_line_item, line_item,
    total_weight, with_code_discounted_total_price_set
    """)
        ),
    ),
    main="refunds",
    parts=(
        Part(
            "refunds",
            {
                "refund_id": take("id", extract=GID),
                "sku": take("made.sku"),
                "refunded_at": take("closed_at", "created_at"),
                "quantity": take("made.made.pieces"),
                "order_id": take("order.id", "order_id", extract=GID),
                "reason": take("made.reason"),
            },
            rows="return_line_items",
            needs=(_RETURN + "quantity", "created_at|closed_at"),
            uses=(
                "status",
                _RETURN + "quantity",
                _RETURN + "refunded_quantity",
                _RETURN + "return_reason",
                _RETURN + "line_item.sku",
                _RETURN + "fulfillment_line_item.line_item.sku",
                _RETURN + "fulfillment_line_item.line_item.variant.sku",
            ),
            prepare=_sent_back,
            prefix={"refund_id": "return-"},
            filter=(_AGAIN,),
        ),
    ),
)


def _carts(frame: pl.DataFrame) -> pl.DataFrame:
    """The first SKU of each cart, and who began it."""
    skus = [_first_sku(text) for text in frame["lineitems"]]
    frame = blank_as_null(frame).with_columns(pl.Series("made.sku", skus, pl.String))
    return lowered(frame, ("email", "phone", "customer.email"), "made.contact")


def _first_sku(text: str | None) -> str | None:
    try:
        items = tidy(json.loads(text or "[]"))
    except ValueError:
        return None
    for item in items if isinstance(items, list) else []:
        variant = item.get("variant") if isinstance(item, dict) else None
        own = item.get("sku") if isinstance(item, dict) else None
        if sku := own or (variant.get("sku") if isinstance(variant, dict) else None):
            return str(sku)
    return None


_CART_QUIET = (
    "abandoned_checkout_url",
    "buyer_accepts_marketing",
    "buyer_accepts_sms_marketing",
    "sms_marketing_phone",
    "cart_token",
    "closed_at",
    "currency",
    "customer",
    "customer_locale",
    "device_id",
    "gateway",
    "landing_site",
    "landing_site_base_url",
    "location_id",
    "name",
    "note",
    "note_attributes",
    "referring_site",
    "source",
    "source_identifier",
    "source_name",
    "source_url",
    "subtotal_price",
    "subtotal_price_set",
    "tax_lines",
    "taxes_included",
    "total_discounts",
    "total_discount_set",
    "total_line_items_price",
    "total_tax",
    "total_weight",
    "updated_at",
    "user_id",
    "discount_codes",
    "shipping_line",
    "shipping_lines",
    "shipping_rate_id",
    "shipping_rate_price",
    "shipping_rate_title",
    "total_duties",
    "presentment_currency",
    "billing_address",
    "shipping_address",
    "credit_card",
    "total_price_set",
    "custom_attributes",
    "default_cursor",
    "total_line_items_price_set",
    "total_tax_set",
    "line_items_quantity",
    "_fivetran_synced",
    "billing_address_id",
    "billing_address_is_default",
    "shipping_address_id",
    "shipping_address_is_default",
    *(
        f"applied_discount_{one}"
        for one in listed("""
    amount, applicable, description, non_applicable_reason, title, value, value_type
    """)
    ),
    *(
        f"credit_card_{one}"
        for one in ("first_name", "last_name", "month", "number", "verification_value", "year")
    ),
    *(
        f"{who}_address_{one}"
        for who in ("billing", "shipping")
        for one in listed("""
    address_0, address_1, address_2, city, company, country, country_code, first_name, last_name,
    latitude, longitude, name, phone, province, province_code, zip
    """)
    ),
)
CHECKOUTS = Layout(
    key="shopify/checkouts",
    title="Shopify abandoned checkouts",
    marks=("abandoned_checkout_url",),
    needs=("id|token", "created_at"),
    remedy="ask for abandoned checkouts with id and created_at",
    quiet=_CART_QUIET,
    parts=(
        Part(
            "checkouts",
            {
                "checkout_id": take("id", "token", extract=GID),
                "customer_id": take("customer.id", "customer_id", "made.contact", extract=GID),
                "started_at": take("created_at", timezone=UTC),
                "value": take("total_price", "total_price_set.shop_money.amount"),
                "sku": take("made.sku"),
                "completed_order_id": take("beside.id", extract=GID),
                "completed_at": take("completed_at", timezone=UTC),
            },
            uses=("line_items", "email", "phone", "customer.email", "token"),
            prepare=_carts,
            beside=(
                Beside(
                    ("shopify/orders", "shopify/order table"), "token", "checkout_token", ("id",)
                ),
            ),
            filter=(
                drop("deleted in the source", test("_fivetran_deleted", matches="(?i)^true$")),
            ),
        ),
    ),
)
CHECKOUTS_CSV = Layout(
    key="shopify/checkouts export",
    title="a Shopify abandoned checkouts export",
    marks=("Id|Checkout ID", "Email|Customer email", "Created at|Date"),
    needs=("Total|Total Price|Subtotal",),
    called=r"(?i)abandoned[ _-]?checkouts|checkouts[ _-]?export",
    remedy="export with Orders > Abandoned checkouts > Export",
    parts=(
        Part(
            "checkouts",
            {
                "checkout_id": take("Id", "Checkout ID", extract=GID),
                "customer_id": take("made.contact"),
                "started_at": take("Created at", "Date"),
                "value": take("Total Price", "Total", "Subtotal"),
                "sku": take("Lineitem sku", "SKU"),
                "completed_at": take("Completed at"),
            },
            uses=("Email", "Customer email", "Phone"),
            prepare=lambda frame: lowered(
                blank_as_null(frame), ("Email", "Customer email", "Phone"), "made.contact"
            ),
            filter=(
                drop(
                    "further line of the same checkout",
                    test("Created at", null=True),
                    test("Date", null=True),
                ),
            ),
        ),
    ),
)
SHOPIFY_AFTER = (REFUNDS, RETURNS, CHECKOUTS, CHECKOUTS_CSV)
