"""Shopify: products and customers, from the admin's CSV, the APIs and replicated tables."""

from __future__ import annotations

import polars as pl

from transforms.readers.layout import UTC, Beside, Layout, Part, drop, take, test
from transforms.readers.names import listed, plain
from transforms.readers.steps import GID, blank_as_null, first_of_group, lowered

_FILLED = ("Title", "Type", "Product Category", "Custom Product Type")


def _variants(frame: pl.DataFrame) -> pl.DataFrame:
    """What the first row of a product says, in the rows of all its variants."""
    frame = first_of_group(blank_as_null(frame), "Handle", _FILLED)
    deepest = pl.col("productcategory").str.split(">").list.last().str.strip_chars()
    none = pl.col("variantprice").is_null() & pl.col("variantsku").is_null()
    return frame.with_columns(
        deepest.alias("made.deepest"), none.cast(pl.String).alias("made.none")
    )


PRODUCTS_CSV = Layout(
    key="shopify/products export",
    title="a Shopify products export",
    marks=("Handle", "Body (HTML)|Vendor", "Variant Price|Variant SKU"),
    needs=("Variant SKU", "Title"),
    remedy="export with Products > Export",
    quiet=listed("""
    Body (HTML), Vendor, Tags, Published, Option1 Name, Option1 Value, Option2 Name, Option2 Value,
    Option3 Name, Option3 Value, Option1 Linked To, Option2 Linked To, Option3 Linked To, Variant Grams,
    Variant Inventory Tracker, Variant Inventory Qty, Variant Inventory Policy, Variant Fulfillment
    Service, Variant Compare At Price, Variant Requires Shipping, Variant Taxable, Variant Barcode,
    Image Src, Image Position, Image Alt Text, Gift Card, SEO Title, SEO Description, Variant Image,
    Variant Weight Unit, Variant Tax Code, Status, Google Shopping, Unit Price Total Measure, Unit Price
    Total Measure Unit, Unit Price Base Measure, Unit Price Base Measure Unit
    """),
    parts=(
        Part(
            "products",
            {
                "sku": take("Variant SKU"),
                "category": take("Type", "Custom Product Type", "made.deepest"),
                "title": take("Title"),
                "unit_cost": take("Cost per item"),
            },
            uses=("Handle", "Variant Price", *_FILLED),
            prepare=_variants,
            filter=(drop("image of a product, no variant", test("made.none", equals="true")),),
        ),
    ),
)
_V = "variants[]."
PRODUCTS = Layout(
    key="shopify/products",
    title="Shopify products (API)",
    marks=("variants", "title", "product_type|vendor|handle"),
    remedy="ask for products with their variants",
    main="products",
    quiet=(
        "id",
        "body_html",
        "description",
        "description_html",
        "vendor",
        "handle",
        "tags",
        "options",
        "images",
        "image",
        "media",
        "status",
        "template_suffix",
        "published_scope",
        "admin_graphql_api_id",
        "updated_at",
        "collections",
        "legacy_resource_id",
        "total_inventory",
        "tracks_inventory",
        "online_store_url",
        "seo",
        "__parentId",
        *(
            _V + one
            for one in listed("""
    id, title, price, compare_at_price, barcode, position, option1, option2, option3, taxable, grams,
    weight, weight_unit, inventory_item_id, inventory_item, inventory_quantity, inventory_policy,
    inventory_management, old_inventory_quantity, requires_shipping, image_id, fulfillment_service,
    product_id, created_at, updated_at, admin_graphql_api_id, display_name, selected_options,
    legacy_resource_id, __parentId
    """)
        ),
    ),
    parts=(
        Part(
            "products",
            {
                "sku": take(_V + "sku"),
                "category": take("product_type", "category.name"),
                "title": take("title"),
                "launched_on": take("published_at", "created_at"),
                "unit_cost": take(_V + "inventory_item.unit_cost.amount"),
            },
            rows="variants",
            needs=(_V + "sku",),
        ),
    ),
)
VARIANTS = Layout(
    key="shopify/product_variant table",
    title="Shopify's table product_variant",
    marks=("product_id", "inventory_item_id|inventory_policy", "_fivetran_synced"),
    needs=("sku",),
    never=("order_id", "variants"),
    remedy="replicate product_variant with product and inventory_item",
    quiet=listed("""
    id, available_for_sale, barcode, compare_at_price, created_at, display_name, inventory_policy,
    inventory_quantity, legacy_resource_id, metafield, position, price, requires_components,
    sellable_online_quantity, tax_code, taxable, title, updated_at, grams, weight, weight_unit,
    option_1, option_2, option_3, image_id, requires_shipping, fulfillment_service, presentment_prices,
    inventory_management, old_inventory_quantity, _fivetran_deleted
    """),
    parts=(
        Part(
            "products",
            {
                "sku": take("sku"),
                "category": take("beside.product_type"),
                "title": take("beside.title", "display_name"),
                "launched_on": take("beside.published_at", "beside.created_at", timezone=UTC),
                "unit_cost": take("item.unit_cost_amount"),
            },
            beside=(
                Beside(
                    ("shopify/product table",),
                    "product_id",
                    "id",
                    ("product_type", "title", "published_at", "created_at"),
                ),
                Beside(
                    ("shopify/inventory_item table",),
                    "inventory_item_id",
                    "id",
                    ("unit_cost_amount",),
                    mark="item",
                ),
            ),
            filter=(
                drop("variant without a SKU: it is not planned", test("sku", null=True)),
                drop("deleted in the source", test("_fivetran_deleted", matches="(?i)^true$")),
            ),
        ),
    ),
)
PRODUCT_TABLE = Layout(
    key="shopify/product table",
    title="Shopify's table product",
    marks=("handle", "product_type", "title", "_fivetran_synced"),
    main="products",
)

_CUSTOMER_QUIET = listed("""
    First Name, Last Name, display_name, Accepts Email Marketing, Accepts SMS Marketing,
    accepts_marketing, Company, Address1, Address2, City, Province, Province Code, Country, Country
    Code, Zip, Tags, Note, Tax Exempt, Total Spent, Total Orders, orders_count, number_of_orders,
    amount_spent, state, verified_email, updated_at, last_order_id, last_order_name, currency,
    addresses, default_address, default_address_id, Default Address Company, Default Address Address1,
    Default Address Address2, Default Address City, Default Address Province Code, Default Address
    Country Code, Default Address Zip, Default Address Phone, admin_graphql_api_id,
    email_marketing_consent, sms_marketing_consent, tax_exemptions, multipass_identifier,
    marketing_opt_in_level, accepts_marketing_updated_at, locale, lifetime_duration, _fivetran_synced,
    _fivetran_deleted, metafield, can_delete, legacy_resource_id
    """)
CUSTOMERS = Layout(
    key="shopify/customers",
    title="Shopify customers",
    marks=(
        "email",
        "total_spent|orders_count|total_orders|number_of_orders|amount_spent",
        "first_name|display_name",
    ),
    never=("line_items", "abandoned_checkout_url"),
    quiet=_CUSTOMER_QUIET,
    parts=(
        Part(
            "customers",
            {
                "customer_id": take("id", "Customer ID", "made.contact", extract=GID),
                "email": take("email", "default_email_address.email_address"),
                "phone": take("phone", "default_phone_number.phone_number"),
                "created_at": take("created_at", timezone=UTC),
            },
            uses=("email", "phone"),
            prepare=lambda frame: lowered(
                frame.with_columns(_no_mark("id"), _no_mark("customerid"), _no_mark("phone")),
                ("email", "phone"),
                "made.contact",
            ),
            filter=(
                drop("deleted in the source", test("_fivetran_deleted", matches="(?i)^true$")),
            ),
        ),
    ),
)


def _no_mark(name: str) -> pl.Expr:
    """The apostrophe that keeps workbooks from reading a number, taken off."""
    return pl.col(plain(name)).str.strip_prefix("'")


SHOPIFY_PRODUCTS = (PRODUCTS_CSV, PRODUCTS, VARIANTS, PRODUCT_TABLE, CUSTOMERS)
