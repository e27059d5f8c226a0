"""Every layout that is read, by key."""

from __future__ import annotations

from collections.abc import Mapping

from transforms.readers.canonical import CANONICAL
from transforms.readers.layout import Layout
from transforms.readers.shopify_orders import ORDERS, ORDERS_CSV

LAYOUTS: tuple[Layout, ...] = (
    *CANONICAL,
    ORDERS_CSV,
    ORDERS,
)
BY_KEY: Mapping[str, Layout] = {one.key: one for one in LAYOUTS}
