"""Shopify's GraphQL Admin API with a shop behind it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from tests.flows.http.graphql import GraphQLError, connection, parse, render
from tests.flows.http.server import Asked, FakeApi, Reply

TOKEN = "shpat_0123456789abcdef"
START = datetime.fromisoformat("2026-10-01T12:00:00+00:00")


def gid(kind: str, number: int | str) -> str:
    return f"gid://shopify/{kind}/{number}"


def stamp(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def line(number: int, sku: str | None, quantity: int = 1, price: str = "5.0") -> dict[str, Any]:
    return {
        "id": gid("LineItem", number), "sku": sku, "quantity": quantity, "isGiftCard": False, "title": "Mug",
        "product": {"id": gid("Product", 9), "productType": "Kitchen"},
        "originalUnitPriceSet": {"shopMoney": {"amount": price, "currencyCode": "USD"}},
    }  # fmt: skip


def order(
    number: int, *lines: dict[str, Any], at: datetime | None = None, **changes: Any
) -> dict[str, Any]:
    """An order with everything that a real one has and we do not ask for, too."""
    when = stamp(at or START + timedelta(hours=number))
    return {
        "id": gid("Order", number), "legacyResourceId": str(number), "name": f"#{number}", "test": False,
        "createdAt": when, "processedAt": when, "updatedAt": when, "cancelledAt": None, "currencyCode": "USD",
        "sourceName": "web", "email": f"ada{number}@example.com", "phone": None, "displayFinancialStatus": "PAID",
        "customer": {"id": gid("Customer", number % 7), "createdAt": when, "firstName": "Ada"},
        "billingAddress": {"name": "Ada Quixworth", "zip": "02139"}, "note": "leave at door",
        "lineItems": list(lines) or [line(10 * number, "MUG-B", 2), line(10 * number + 1, "TEA")],
        "refunds": [], "fulfillments": [], "returns": [], **changes,
    }  # fmt: skip


def refund(number: int, *lines: tuple[str, int], restock: str = "RETURN") -> dict[str, Any]:
    return {
        "id": gid("Refund", number), "createdAt": "2026-10-20T08:00:00Z", "note": "too small",
        "refundLineItems": [
            {"id": gid("RefundLineItem", 100 * number + n), "quantity": quantity, "restockType": restock,
             "lineItem": {"id": gid("LineItem", n), "sku": sku}}
            for n, (sku, quantity) in enumerate(lines)
        ],
    }  # fmt: skip


def sent_back(number: int, order_number: int, *lines: tuple[str, int]) -> dict[str, Any]:
    return {
        "id": gid("Return", number), "status": "OPEN", "createdAt": "2026-10-21T08:00:00Z", "closedAt": None,
        "order": {"id": gid("Order", order_number)},
        "returnLineItems": [
            {"id": gid("ReturnLineItem", 100 * number + n), "quantity": quantity, "refundedQuantity": 0,
             "returnReason": "DEFECTIVE", "fulfillmentLineItem": {"lineItem": {"id": gid("LineItem", n), "sku": sku}}}
            for n, (sku, quantity) in enumerate(lines)
        ],
    }  # fmt: skip


def product(number: int, *skus: str) -> dict[str, Any]:
    when = stamp(START)
    return {
        "id": gid("Product", number), "title": "Mug", "productType": "Kitchen", "createdAt": when, "publishedAt": when, "updatedAt": when,
        "variants": [
            {"id": gid("ProductVariant", 100 * number + n), "sku": sku, "inventoryItem": {"unitCost": {"amount": "3.20"}}}
            for n, sku in enumerate(skus)
        ],
    }  # fmt: skip


def customer(number: int) -> dict[str, Any]:
    when = stamp(START)
    return {
        "id": gid("Customer", number), "createdAt": when, "updatedAt": when, "firstName": "Ada",
        "defaultEmailAddress": {"emailAddress": f"c{number}@example.com"}, "defaultPhoneNumber": None,
    }  # fmt: skip


def checkout(number: int, *skus: str) -> dict[str, Any]:
    when = stamp(START + timedelta(hours=number))
    return {
        "id": gid("AbandonedCheckout", number), "createdAt": when, "updatedAt": when, "completedAt": None,
        "abandonedCheckoutUrl": "https://acme.example/recover", "totalPriceSet": {"shopMoney": {"amount": "12.5"}},
        "customer": {"id": gid("Customer", 1)},
        "lineItems": [{"id": gid("AbandonedCheckoutLineItem", n), "sku": sku, "quantity": 1} for n, sku in enumerate(skus)],
    }  # fmt: skip


class Shopify(FakeApi):
    """Answers for one shop. More than `most` records at a time cost too much."""

    def __init__(self, *orders: dict[str, Any], most: int = 250) -> None:
        super().__init__()
        self.token, self.most = TOKEN, most
        self.lists: dict[str, list[dict[str, Any]]] = {
            "orders": list(orders), "products": [], "customers": [], "abandonedCheckouts": [],
        }  # fmt: skip

    def answer(self, asked: Asked) -> Reply:
        if asked.headers.get("x-shopify-access-token") != self.token:
            return Reply({"errors": "[API] Invalid API key or access token"}, 401)
        if not asked.path.startswith("/admin/api/20") or not asked.path.endswith("/graphql.json"):
            return Reply({"errors": "Not Found"}, 404)
        root, variables = parse(asked.body["query"])[0], asked.body["variables"]
        try:
            if root.name == "node":
                node = self._all()[variables["id"]]
                return Reply({"data": {"node": render(node, root.selection, variables)}})
            return self._page(root, variables)
        except GraphQLError as error:
            return Reply(
                {"errors": [{"message": str(error), "extensions": {"code": "undefinedField"}}]}
            )

    def _page(self, root: Any, variables: dict[str, Any]) -> Reply:
        if int(variables["first"]) > self.most:
            told = {"message": "Query cost is 1704, which exceeds the single query max cost limit (1000).",
                    "extensions": {"code": "MAX_COST_EXCEEDED"}}  # fmt: skip
            return Reply({"errors": [told]})
        rows = sorted(
            ({**one, "_at": f"{one['updatedAt']} {one['id']}"} for one in self.lists[root.name]),
            key=lambda one: str(one["_at"]),
        )
        if variables["query"]:
            since = variables["query"].removeprefix("updated_at:>='").removesuffix("'")
            rows = [one for one in rows if one["updatedAt"] >= since]
        return Reply({"data": {root.name: connection(rows, root, variables, key="_at")}})

    def _all(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}

        def walk(value: object) -> None:
            if isinstance(value, dict):
                if "id" in value:
                    found.setdefault(value["id"], value)
                for one in value.values():
                    walk(one)
            elif isinstance(value, list):
                for one in value:
                    walk(one)

        walk(self.lists)
        return found

    def export(self, name: str) -> str:
        """The same objects as a dump of the API: JSON lines, every list whole."""
        lists = {"lineItems", "refundLineItems", "returns", "returnLineItems", "variants"}

        def whole(value: Any) -> Any:
            if isinstance(value, list):
                return [whole(one) for one in value]
            if not isinstance(value, dict):
                return value
            return {k: {"nodes": whole(v)} if k in lists else whole(v) for k, v in value.items()}

        return "\n".join(json.dumps(whole(one)) for one in self.lists[name]) + "\n"
