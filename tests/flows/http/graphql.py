"""As much of GraphQL as Shopify's lists need: selections, arguments, connections, unknown fields."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(r'\.\.\.|[{}()\[\]:,!]|"[^"]*"|\$?\w+')


class GraphQLError(Exception):
    """What the server tells about a query that is wrong."""


@dataclass
class Field:
    """A field that is asked for; of a fragment `on` names the type."""

    name: str
    arguments: dict[str, str] = field(default_factory=dict)
    selection: list[Field] = field(default_factory=list)
    on: str = ""


def parse(query: str) -> list[Field]:
    """The fields at the root of a query."""
    tokens = _TOKEN.findall(query)
    start = tokens.index("{")
    found, end = _selection(tokens, start)
    assert end == len(tokens), "something follows the query"
    return found


def _selection(tokens: list[str], at: int) -> tuple[list[Field], int]:
    fields: list[Field] = []
    at += 1
    while tokens[at] != "}":
        if tokens[at] == "...":
            inner, end = _selection(tokens, at + 3)
            fields.append(Field("...", selection=inner, on=tokens[at + 2]))
            at = end
            continue
        one = Field(tokens[at])
        at += 1
        if tokens[at] == "(":
            at += 1
            while tokens[at] != ")":
                if tokens[at] == ",":
                    at += 1
                    continue
                one.arguments[tokens[at]] = tokens[at + 2]
                at += 3
            at += 1
        if tokens[at] == "{":
            one.selection, at = _selection(tokens, at)
        fields.append(one)
    return fields, at + 1


def kind(value: dict[str, Any]) -> str:
    """The type of an object, as its global id tells it."""
    told = re.match(r"gid://shopify/(\w+)/", str(value.get("id", "")))
    return told.group(1) if told else ""


def render(value: Any, fields: list[Field], variables: dict[str, Any]) -> Any:
    """What is asked of an object, and no more."""
    if value is None:
        return None
    out: dict[str, Any] = {}
    for one in fields:
        if one.name == "...":
            if one.on == (kind(value) or one.on):
                out |= render(value, one.selection, variables)
            continue
        if one.name not in value:
            raise GraphQLError(
                f"Field '{one.name}' doesn't exist on type '{kind(value) or 'Object'}'"
            )
        out[one.name] = _value(value[one.name], one, variables)
    return out


def _value(value: Any, one: Field, variables: dict[str, Any]) -> Any:
    if isinstance(value, list) and any(inner.name == "nodes" for inner in one.selection):
        return connection(value, one, variables)
    if isinstance(value, list):
        first = int(_argument(one, "first", variables) or len(value))
        return [render(item, one.selection, variables) for item in value[:first]]
    if not one.selection:
        assert not isinstance(value, dict), f"{one.name} needs a selection"
        return value
    return render(value, one.selection, variables)


def _argument(one: Field, name: str, variables: dict[str, Any]) -> Any:
    told = one.arguments.get(name)
    return variables.get(told[1:]) if told and told.startswith("$") else told


def connection(items: list[Any], one: Field, variables: dict[str, Any], key: str = "id") -> Any:
    """A page of `items`; the cursor of an item is its `key`, which the list is sorted by."""
    first, after = int(_argument(one, "first", variables)), _argument(one, "after", variables)
    places = [str(item[key]) for item in items]
    start = 0 if after is None else next((n for n, p in enumerate(places) if p > after), len(items))
    if key == "id" and after is not None:
        start = places.index(after) + 1
    page = items[start : start + first]
    nodes = next(inner.selection for inner in one.selection if inner.name == "nodes")
    return {
        "pageInfo": {
            "hasNextPage": start + first < len(items),
            "endCursor": str(page[-1][key]) if page else None,
        },
        "nodes": [render(item, nodes, variables) for item in page],
    }
