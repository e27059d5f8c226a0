"""Shopify's bulk operations: children on lines of their own, tied to their parent by `__parentId`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from transforms.readers.names import plain
from transforms.readers.stack import Object

PARENT = plain("__parentId")
_KIND = re.compile(r"^gid://shopify/(\w+)/")
_LISTS = {
    "LineItem": "lineItems",
    "Refund": "refunds",
    "RefundLineItem": "refundLineItems",
    "Return": "returns",
    "ReturnLineItem": "returnLineItems",
    "Fulfillment": "fulfillments",
    "ProductVariant": "variants",
    "InventoryLevel": "inventoryLevels",
    "AbandonedCheckoutLineItem": "lineItems",
}
"""Type of a child to the list of its parent in which it belongs."""


def is_parented(spelled: Mapping[str, str]) -> bool:
    """Whether records with these names (plain to spelled) name a parent; a `parent_id` is no such name."""
    return spelled.get(PARENT) == "__parentId"


def with_children(
    objects: Sequence[Object], numbers: Sequence[int]
) -> tuple[list[Object], list[int], list[int]]:
    """(parents with their children in lists, their numbers, numbers of lines whose parent is not there).

    Names are plain. Children may stand anywhere in the file and have children of their own. A line whose parent is
    missing means that the file was cut or filtered; it is no row of anything.
    """
    by_id = {str(one["id"]): dict(one) for one in objects if "id" in one}
    tops: list[Object] = []
    kept: list[int] = []
    orphans: list[int] = []
    for number, one in zip(numbers, objects, strict=True):
        own = by_id.get(str(one.get("id")), dict(one))
        parent = one.get(PARENT)
        if parent is None:
            tops.append(own)
            kept.append(number)
        elif (above := by_id.get(str(parent))) is None:
            orphans.append(number)
        else:
            _children(above, _list_of(own)).append(own)
    return tops, kept, orphans


def _children(above: Object, name: str) -> list[Object]:
    found = above.get(name)
    if not isinstance(found, list):
        found = above[name] = []
    return found


def _list_of(one: Object) -> str:
    kind = _KIND.match(str(one.get("id", "")))
    if kind is not None:
        return plain(_LISTS.get(kind.group(1), kind.group(1) + "s"))
    return plain("refundLineItems" if "restocktype" in one else "lineItems")
