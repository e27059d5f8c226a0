"""Every layout that is read, by key."""

from __future__ import annotations

from collections.abc import Mapping

from transforms.readers.canonical import CANONICAL
from transforms.readers.chatwoot import CHATWOOT
from transforms.readers.gong import GONG
from transforms.readers.gorgias import GORGIAS
from transforms.readers.judgeme import JUDGEME
from transforms.readers.klaviyo import KLAVIYO
from transforms.readers.layout import Layout
from transforms.readers.more_reviews import MORE_REVIEWS
from transforms.readers.shopify_after import SHOPIFY_AFTER
from transforms.readers.shopify_orders import ORDERS, ORDERS_CSV
from transforms.readers.shopify_products import SHOPIFY_PRODUCTS
from transforms.readers.shopify_stock import SHOPIFY_STOCK
from transforms.readers.shopify_tables import SHOPIFY_TABLES
from transforms.readers.telephony import TELEPHONY
from transforms.readers.twilio import TWILIO
from transforms.readers.woocommerce import WOOCOMMERCE
from transforms.readers.zendesk import ZENDESK

LAYOUTS: tuple[Layout, ...] = (
    *CANONICAL,
    ORDERS_CSV,
    ORDERS,
    *SHOPIFY_AFTER,
    *SHOPIFY_STOCK,
    *SHOPIFY_PRODUCTS,
    *SHOPIFY_TABLES,
    *ZENDESK,
    *GORGIAS,
    *GONG,
    *JUDGEME,
    *WOOCOMMERCE,
    *TELEPHONY,
    *TWILIO,
    *MORE_REVIEWS,
    *KLAVIYO,
    *CHATWOOT,
)
BY_KEY: Mapping[str, Layout] = {one.key: one for one in LAYOUTS}
