"""Shopify: what is asked of the GraphQL Admin API, field by field; names and addresses are not.

Orders are asked for with refunds, products with variants, abandoned checkouts, customers, and
returns by themselves, as they need a scope of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC

from transforms.pulls.endpoint import Ask, Endpoint, Nested, Stream, System, Window
from transforms.pulls.records import connection

_LINE = """{ id sku quantity isGiftCard product { id productType }
 originalUnitPriceSet { shopMoney { amount currencyCode } } }"""
_REFUND_LINE = "{ id quantity restockType lineItem { id sku } }"
_RETURN_LINE = """{ ... on ReturnLineItem { id quantity refundedQuantity returnReason
 fulfillmentLineItem { lineItem { id sku } } } }"""
_VARIANT = "{ id sku inventoryItem { unitCost { amount } } }"
_CART_LINE = "{ id sku quantity }"
_PERSON = "id createdAt defaultEmailAddress { emailAddress } defaultPhoneNumber { phoneNumber }"
_LINES, _REFUNDS, _REFUND_LINES, _RETURNS, _RETURN_LINES, _VARIANTS, _CART_LINES = (
    15, 5, 5, 3, 10, 20, 10,
)  # fmt: skip
"""Items asked for within a record; what is longer is asked for by itself."""


def _first(field: str, n: int, selection: str) -> str:
    return f"{field}(first: {n}) {connection(selection)}"


_REFUND = f"{{ id createdAt {_first('refundLineItems', _REFUND_LINES, _REFUND_LINE)} }}"
_RETURN = f"""{{ id status createdAt closedAt order {{ id }}
 {_first("returnLineItems", _RETURN_LINES, _RETURN_LINE)} }}"""
_ORDER = f"""{{ id legacyResourceId name test createdAt processedAt updatedAt cancelledAt currencyCode
 sourceName email phone displayFinancialStatus customer {{ id createdAt }}
 {_first("lineItems", _LINES, _LINE)} refunds(first: {_REFUNDS}) {_REFUND}
 fulfillments(first: 5) {{ id createdAt estimatedDeliveryAt deliveredAt status }} }}"""
_PRODUCT = f"""{{ id title productType createdAt publishedAt updatedAt
 {_first("variants", _VARIANTS, _VARIANT)} }}"""
_CHECKOUT = f"""{{ id createdAt updatedAt completedAt abandonedCheckoutUrl
 totalPriceSet {{ shopMoney {{ amount }} }} customer {{ id }}
 {_first("lineItems", _CART_LINES, _CART_LINE)} }}"""


def api_path(version: str) -> str:
    """Where the GraphQL Admin API of this version stands below the shop's address."""
    return f"admin/api/{version}/graphql.json"


def _asked(
    root: str, selection: str, sort: str = ", sortKey: UPDATED_AT"
) -> Callable[[Window], Ask]:
    """What asks for one page of `root`, the oldest change first."""
    query = (
        "query($first: Int!, $after: String, $query: String) { "
        f"{root}(first: $first, after: $after, query: $query{sort}) {connection(selection)} }}"
    )

    def first(window: Window) -> Ask:
        since = window.since
        limit = since and f"updated_at:>='{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}'"
        variables = {"first": window.size, "after": None, "query": limit}
        return Ask(api_path(window.version), "POST", None, {"query": query, "variables": variables})

    return first


def _endpoint(
    name: str, root: str, first: Callable[[Window], Ask], size: int, stream: Stream, *nested: Nested
) -> Endpoint:
    at = f"data.{root}.pageInfo"
    return Endpoint(name, name, "graphql", first, (stream,), size, cursor_at=at, nested=nested)


SHOPIFY = System(
    key="shopify",
    title="Shopify",
    host=".myshopify.com",
    per_minute=120,
    renew="make a new Admin API access token for the app (or install the app again) and give it "
    "the scopes that docs/sources.md lists",
    endpoints=(
        _endpoint(
            "orders",
            "orders",
            _asked("orders", _ORDER),
            25,
            Stream("data.orders.nodes", "shopify/orders"),
            Nested("Order", "lineItems", _LINE, _LINES),
            Nested("Order", "refunds", _REFUND, _REFUNDS, plain=True),
            Nested("Refund", "refundLineItems", _REFUND_LINE, _REFUND_LINES),
        ),
        _endpoint(
            "returns",
            "orders",
            _asked("orders", f"{{ id {_first('returns', _RETURNS, _RETURN)} }}"),
            25,
            Stream("data.orders.nodes.returns.nodes", "shopify/returns"),
            Nested("Order", "returns", _RETURN, _RETURNS),
            Nested("Return", "returnLineItems", _RETURN_LINE, _RETURN_LINES),
        ),
        _endpoint(
            "products",
            "products",
            _asked("products", _PRODUCT),
            50,
            Stream("data.products.nodes", "shopify/products"),
            Nested("Product", "variants", _VARIANT, _VARIANTS),
        ),
        _endpoint(
            "customers",
            "customers",
            _asked("customers", f"{{ {_PERSON} updatedAt }}"),
            100,
            Stream("data.customers.nodes", "shopify/customers"),
        ),
        _endpoint(
            "checkouts",
            "abandonedCheckouts",
            _asked("abandonedCheckouts", _CHECKOUT, ", sortKey: CREATED_AT"),
            50,
            Stream("data.abandonedCheckouts.nodes", "shopify/checkouts"),
            Nested("AbandonedCheckout", "lineItems", _CART_LINE, _CART_LINES),
        ),
    ),
)
