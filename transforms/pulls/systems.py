"""Every system that is pulled over its API, by key."""

from __future__ import annotations

from collections.abc import Mapping

from transforms.pulls.endpoint import Endpoint, System
from transforms.pulls.gorgias import GORGIAS
from transforms.pulls.shopify import SHOPIFY
from transforms.pulls.zendesk import ZENDESK
from transforms.readers.catalogue import BY_KEY

SYSTEMS: Mapping[str, System] = {one.key: one for one in (SHOPIFY, ZENDESK, GORGIAS)}


def tables_of(endpoint: Endpoint) -> tuple[str, ...]:
    """The canonical tables that rest on an endpoint; rows that merely stand in others' do not count."""
    layouts = [BY_KEY[stream.layout] for stream in endpoint.streams]
    parts = [part for layout in layouts for part in layout.parts if not part.derived]
    return tuple(dict.fromkeys(part.table for part in parts))
