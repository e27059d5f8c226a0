"""WooCommerce: orders, refunds, products and product reviews, from its REST API.

A time that ends in `_gmt` is UTC without saying so; one without is the shop's own clock.
"""

from __future__ import annotations

import polars as pl

from transforms.readers.gong import parsed
from transforms.readers.layout import UTC, Layout, Part, drop, take, test
from transforms.readers.names import listed, plain
from transforms.readers.reviews import review_parts
from transforms.readers.shopify_orders import refund_rows
from transforms.readers.steps import (
    ADDED_UP,
    SUPERSEDED,
    blank_as_null,
    lowered,
    numbered,
    superseded,
)
from transforms.readers.unfold import NUMBER

_LINE = "line_items[]."
_UNPLACED = r"(?i)^(?:pending|failed|checkout-draft|auto-draft|draft|trash)$"
_OFF = r"(?i)^cancelled$"


def _times(frame: pl.DataFrame, name: str, into: str) -> pl.DataFrame:
    """The UTC form of a time where it is given, else the shop's clock."""
    gmt, own = pl.col(plain(f"{name}_gmt")), pl.col(plain(name))
    marked = pl.when(gmt.str.contains(r"(?:Z|[+-]\d\d:?\d\d)$")).then(gmt).otherwise(gmt + "Z")
    return frame.with_columns(pl.coalesce(marked, own).alias(into))


def _lines(frame: pl.DataFrame) -> pl.DataFrame:
    """Lines with a name of their own, who bought, and when the order ceased to be."""
    frame = _times(blank_as_null(frame), "date_created", "made.at")
    frame = _times(frame, "date_modified", "made.changed")
    frame = lowered(frame, ("billing.email", "billing.phone"), "made.contact")
    own = pl.col("customerid").replace("0", None)
    frame = superseded(frame, "id", "made.changed")
    gone = pl.when(pl.col("status").str.contains(_OFF)).then("made.changed")
    frame = frame.with_columns(
        pl.coalesce(own, "made.contact").alias("made.customer"), gone.alias("made.cancelled")
    )
    return (
        numbered(frame, (NUMBER,), _LINE + "sku", "made.line")
        if plain(_LINE + "sku") in frame.columns
        else frame
    )


_TIMES = ("date_created", "date_created_gmt", "date_modified", "date_modified_gmt")
_USES = (*_TIMES, "billing.email", "billing.phone", "customer_id", "status", "id")
ORDERS = Layout(
    key="woocommerce/orders",
    title="WooCommerce orders (API)",
    marks=("order_key|created_via|cart_hash", "status", "date_created|date_created_gmt"),
    needs=("line_items", "id"),
    remedy="ask GET /wp-json/wc/v3/orders for line_items, too",
    main="order_lines",
    quiet=listed("""
    parent_id, number, order_key, version, prices_include_tax, discount_total, discount_tax, shipping_total, shipping_tax,
    cart_tax, total, total_tax, customer_note, customer_ip_address, customer_user_agent, billing, shipping, payment_method,
    payment_method_title, transaction_id, date_paid, date_paid_gmt, date_completed, date_completed_gmt, cart_hash,
    meta_data, tax_lines, shipping_lines, fee_lines, coupon_lines, refunds, payment_url, is_editable, needs_payment,
    needs_processing, currency_symbol, _links, line_items, line_items[].id, line_items[].name, line_items[].product_id,
    line_items[].variation_id, line_items[].tax_class, line_items[].subtotal, line_items[].subtotal_tax, line_items[].total,
    line_items[].total_tax, line_items[].taxes, line_items[].meta_data, line_items[].image, line_items[].parent_name
    """),
    parts=(
        Part(
            "order_lines",
            {
                "order_id": take("id"),
                "line_id": take("made.line"),
                "sku": take(_LINE + "sku"),
                "ordered_at": take("made.at"),
                "quantity": take(_LINE + "quantity"),
                "customer_id": take("made.customer"),
                "channel": take("created_via"),
                "unit_price": take(_LINE + "price"),
                "currency": take("currency"),
                "cancelled_at": take("made.cancelled"),
            },
            rows="line_items",
            needs=(_LINE + "sku", _LINE + "quantity"),
            uses=(*_USES, _LINE + "sku"),
            prepare=_lines,
            filter=(
                drop(SUPERSEDED, test("made.superseded", equals="true")),
                drop("not placed: pending, failed or a draft", test("status", matches=_UNPLACED)),
            ),
        ),
        Part(
            "customers",
            {
                "customer_id": take("made.customer"),
                "email": take("billing.email"),
                "phone": take("billing.phone"),
            },
            uses=_USES,
            prepare=_lines,
            derived=True,
        ),
    ),
)


def _refunded(frame: pl.DataFrame) -> pl.DataFrame:
    """Refunds count pieces below nought."""
    frame = _times(blank_as_null(frame), "date_created", "made.at")
    bare = pl.col(plain(_LINE + "quantity")).str.strip_prefix("-")
    return refund_rows(
        frame.with_columns(bare.alias("made.size")), (NUMBER, "id"), _LINE + "sku", "made.size"
    )


REFUNDS = Layout(
    key="woocommerce/refunds",
    title="WooCommerce refunds (API)",
    marks=("amount", "reason", "line_items", "date_created|date_created_gmt"),
    never=("order_key",),
    main="refunds",
    quiet=listed("""
    refunded_by, refunded_payment, meta_data, api_refund, _links, line_items, shipping_lines, tax_lines, fee_lines,
    line_items[].id, line_items[].name, line_items[].product_id, line_items[].variation_id, line_items[].tax_class,
    line_items[].subtotal, line_items[].subtotal_tax, line_items[].total, line_items[].total_tax, line_items[].taxes,
    line_items[].meta_data, line_items[].price, line_items[].image, line_items[].parent_name
    """),
    parts=(
        Part(
            "refunds",
            {
                "refund_id": take("id"),
                "sku": take(_LINE + "sku"),
                "refunded_at": take("made.at"),
                "quantity": take("made.made.pieces"),
                "order_id": take("order_id", "parent_id"),
                "reason": take("reason"),
            },
            rows="line_items",
            needs=(_LINE + "sku", _LINE + "quantity"),
            uses=("id", _LINE + "sku", _LINE + "quantity", "date_created", "date_created_gmt"),
            prepare=_refunded,
            filter=(drop(ADDED_UP, test("made.again", equals="true")),),
        ),
    ),
)


def _category(text: str | None) -> str | None:
    found = parsed(text)
    names = (
        [str(one.get("name")) for one in found if isinstance(one, dict)]
        if isinstance(found, list)
        else []
    )
    return names[0] if names else None


def _product(frame: pl.DataFrame) -> pl.DataFrame:
    frame = _times(blank_as_null(frame), "date_created", "made.at")
    return frame.with_columns(
        pl.Series("made.category", [_category(one) for one in frame["categories"]], pl.String)
    )


PRODUCTS = Layout(
    key="woocommerce/products",
    title="WooCommerce products (API)",
    marks=("sku", "categories", "regular_price|price", "name"),
    quiet=listed("""
    id, slug, permalink, type, status, featured, catalog_visibility, description, short_description, price, regular_price,
    sale_price, date_modified, date_modified_gmt, date_on_sale_from, date_on_sale_to, on_sale, purchasable, total_sales,
    virtual, downloadable, downloads, tax_status, tax_class, manage_stock, stock_quantity, stock_status, backorders, weight,
    dimensions, shipping_class, reviews_allowed, average_rating, rating_count, related_ids, upsell_ids, cross_sell_ids,
    parent_id, purchase_note, tags, images, attributes, default_attributes, variations, grouped_products, menu_order,
    meta_data, _links, price_html, brands, global_unique_id, has_options, post_password, sold_individually
    """),
    parts=(
        Part(
            "products",
            {
                "sku": take("sku"),
                "category": take("made.category"),
                "title": take("name"),
                "launched_on": take("made.at"),
            },
            uses=("categories", "date_created", "date_created_gmt"),
            prepare=_product,
            filter=(drop("product without a SKU of its own", test("sku", null=True)),),
        ),
    ),
)
REVIEWS = Layout(
    key="woocommerce/reviews",
    title="WooCommerce product reviews (API)",
    marks=("review", "rating", "reviewer|reviewer_email"),
    needs=("id", "date_created_gmt|date_created"),
    quiet=listed("""
    product_id, product_name, product_permalink, reviewer, reviewer_avatar_urls, verified, _links,
    date_created
    """),
    parts=review_parts(
        "woo-review-",
        id_=take("id"),
        at=take("date_created_gmt", "date_created", timezone=UTC),
        rating="rating",
        title="title",
        body="review",
        email=("reviewer_email",),
        filters=(
            drop(
                "not approved", test("status", matches="(?i)^(?:hold|spam|trash|unspam|untrash)$")
            ),
        ),
    ),
)
WOOCOMMERCE = (ORDERS, REFUNDS, PRODUCTS, REVIEWS)
