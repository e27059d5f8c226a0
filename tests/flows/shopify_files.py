"""Files in Shopify's own layouts, with the quirks that its documentation and exports show."""

from __future__ import annotations

from typing import Any

ORDERS_HEADER = [
    "Name",
    "Email",
    "Financial Status",
    "Paid at",
    "Fulfillment Status",
    "Fulfilled at",
    "Accepts Marketing",
    "Currency",
    "Subtotal",
    "Shipping",
    "Taxes",
    "Total",
    "Discount Code",
    "Discount Amount",
    "Shipping Method",
    "Created at",
    "Lineitem quantity",
    "Lineitem name",
    "Lineitem price",
    "Lineitem compare at price",
    "Lineitem sku",
    "Lineitem requires shipping",
    "Lineitem taxable",
    "Lineitem fulfillment status",
    "Billing Name",
    "Billing Street",
    "Billing Address1",
    "Billing Address2",
    "Billing Company",
    "Billing City",
    "Billing Zip",
    "Billing Province",
    "Billing Country",
    "Billing Phone",
    "Shipping Name",
    "Shipping Street",
    "Shipping Address1",
    "Shipping Address2",
    "Shipping Company",
    "Shipping City",
    "Shipping Zip",
    "Shipping Province",
    "Shipping Country",
    "Shipping Phone",
    "Notes",
    "Note Attributes",
    "Cancelled at",
    "Payment Method",
    "Payment Reference",
    "Refunded Amount",
    "Vendor",
    "Outstanding Balance",
    "Employee",
    "Location",
    "Device ID",
    "Id",
    "Tags",
    "Risk Level",
    "Source",
    "Lineitem discount",
    "Tax 1 Name",
    "Tax 1 Value",
    "Phone",
    "Receipt Number",
    "Duties",
    "Billing Province Name",
    "Shipping Province Name",
    "Payment ID",
    "Payment Terms Name",
    "Next Payment Due At",
    "Payment References",
]

FIRST: dict[str, Any] = {
    "Name": "#1001", "Email": "Ada@Example.com", "Financial Status": "paid", "Fulfilled at": "2026-11-03 09:00:00 -0500",
    "Currency": "USD", "Subtotal": "30.00", "Total": "33.00", "Created at": "2026-11-01 23:30:00 -0500",
    "Lineitem quantity": "2", "Lineitem name": "Mug - Blue", "Lineitem price": "10.00", "Lineitem sku": "MUG-B",
    "Lineitem requires shipping": "true", "Billing Name": "Ada Quixworth", "Billing Zip": "'02139", "Billing Phone": "+1 212 555 0143",
    "Refunded Amount": "0.00", "Payment Method": "Shopify Payments", "Id": "5001", "Source": "web", "Notes": "leave at door",
}  # fmt: skip
"""The first row of an order: it alone bears what belongs to the order."""


def more(
    sku: str, quantity: int = 1, price: str = "5.00", name: str = "#1001", **cells: Any
) -> dict[str, Any]:
    """A further row of an order: name, e-mail and date, then the line's own cells."""
    return {
        "Name": name, "Email": "Ada@Example.com", "Created at": "2026-11-01 23:30:00 -0500", "Lineitem quantity": quantity,
        "Lineitem name": sku.title(), "Lineitem price": price, "Lineitem sku": sku, "Lineitem requires shipping": "true", **cells,
    }  # fmt: skip


def rest_order(number: int = 5001, **changes: Any) -> dict[str, Any]:
    """An order as the REST API gives it: the same as FIRST and its second row."""
    return {
        "id": number, "admin_graphql_api_id": f"gid://shopify/Order/{number}", "name": "#1001", "order_number": 1001,
        "created_at": "2026-11-01T23:30:00-05:00", "processed_at": "2026-11-01T23:30:00-05:00",
        "cancelled_at": None, "currency": "USD", "total_price": "33.00", "financial_status": "paid", "source_name": "web",
        "email": "ada@example.com", "phone": None, "test": False, "checkout_token": "tok1", "note": "leave at door",
        "customer": {"id": 77, "email": "ada@example.com", "first_name": "Ada", "default_address": {"city": "Cambridge"}},
        "billing_address": {"name": "Ada Quixworth", "zip": "02139"},
        "line_items": [
            rest_line(1, "MUG-B", 2, "10.00"), rest_line(2, "TEA", 1, "5.00"),
        ],
        "fulfillments": [{"id": 8, "created_at": "2026-11-03T09:00:00-05:00", "status": "success"}],
        "refunds": [], **changes,
    }  # fmt: skip


def rest_line(
    number: int, sku: str | None, quantity: int, price: str, **changes: Any
) -> dict[str, Any]:
    """A line item of the REST API."""
    return {
        "id": number, "product_id": 900 + number, "variant_id": 700 + number, "sku": sku, "title": "Mug", "quantity": quantity,
        "price": price, "gift_card": False, "fulfillable_quantity": quantity, **changes,
    }  # fmt: skip


def rest_refund(*lines: dict[str, Any], number: int = 31) -> dict[str, Any]:
    """A refund of the REST API."""
    return {
        "id": number, "order_id": 5001, "created_at": "2026-11-10T08:00:00-05:00", "processed_at": "2026-11-10T08:00:00-05:00",
        "note": "too small", "restock": True, "refund_line_items": list(lines), "order_adjustments": [],
    }  # fmt: skip


def refund_line(sku: str, quantity: int, restock: str = "return") -> dict[str, Any]:
    """A line of a refund."""
    return {"id": 1, "line_item_id": 1, "quantity": quantity, "restock_type": restock, "subtotal": "10.00",
            "line_item": {"id": 1, "sku": sku, "quantity": quantity}}  # fmt: skip


def gid(kind: str, number: int) -> str:
    """A global id of the GraphQL API."""
    return f"gid://shopify/{kind}/{number}"


def graphql_order(**changes: Any) -> dict[str, Any]:
    """The same order by GraphQL, lines as a connection."""
    lines = [("MUG-B", 2, "10.00"), ("TEA", 1, "5.00")]
    return {
        "id": gid("Order", 5001), "legacyResourceId": "5001", "name": "#1001", "createdAt": "2026-11-02T04:30:00Z",
        "processedAt": "2026-11-02T04:30:00Z", "cancelledAt": None, "currencyCode": "USD", "displayFinancialStatus": "PAID",
        "sourceName": "web", "email": "ada@example.com", "test": False, "customer": {"id": gid("Customer", 77)},
        "lineItems": {"edges": [
            {"node": {"id": gid("LineItem", n), "sku": sku, "quantity": q, "product": {"id": gid("Product", 9), "productType": "Kitchen"},
                      "originalUnitPriceSet": {"shopMoney": {"amount": price, "currencyCode": "USD"}}}}
            for n, (sku, q, price) in enumerate(lines)
        ], "pageInfo": {"hasNextPage": False}},
        **changes,
    }  # fmt: skip
