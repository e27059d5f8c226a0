"""Every layout that is read, by key."""

from __future__ import annotations

from collections.abc import Mapping

from transforms.readers.canonical import CANONICAL
from transforms.readers.layout import Layout
from transforms.readers.shopify_after import SHOPIFY_AFTER
from transforms.readers.shopify_orders import ORDERS, ORDERS_CSV
from transforms.readers.shopify_products import SHOPIFY_PRODUCTS
from transforms.readers.shopify_stock import SHOPIFY_STOCK
from transforms.readers.shopify_tables import SHOPIFY_TABLES

LAYOUTS: tuple[Layout, ...] = (
    *CANONICAL,
    ORDERS_CSV,
    ORDERS,
    *SHOPIFY_AFTER,
    *SHOPIFY_STOCK,
    *SHOPIFY_PRODUCTS,
    *SHOPIFY_TABLES,
)
BY_KEY: Mapping[str, Layout] = {one.key: one for one in LAYOUTS}
