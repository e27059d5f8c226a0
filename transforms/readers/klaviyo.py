"""Klaviyo: events. Checkouts are read; orders are the shop's to tell, or they would count twice."""

from __future__ import annotations

import polars as pl

from transforms.readers.gong import parsed
from transforms.readers.layout import Layout, Part, drop, take, test
from transforms.readers.names import listed
from transforms.readers.steps import blank_as_null, lowered

_E = "event_properties."
_ITEMS = (_E + "Items", _E + "line_items", _E + "extra.line_items")
_BEGUN = ("Started Checkout", "Checkout Started")


def _checkout(frame: pl.DataFrame) -> pl.DataFrame:
    frame = blank_as_null(frame)
    texts = frame.select(
        pl.coalesce(
            "eventproperties.items", "eventproperties.lineitems", "eventproperties.extra.lineitems"
        )
    )
    skus = [_first_sku(one) for one in texts.to_series()]
    return lowered(
        frame.with_columns(pl.Series("made.sku", skus, pl.String)),
        ("profile.email", "profile.phone_number"),
        "made.contact",
    )


def _first_sku(text: str | None) -> str | None:
    found = parsed(text)
    for one in found if isinstance(found, list) else []:
        if isinstance(one, dict) and one.get("sku"):
            return str(one["sku"])
    return None


_USES = (*_ITEMS, "profile.email", "profile.phone_number")
EVENTS = Layout(
    key="klaviyo/events",
    title="Klaviyo events",
    marks=("event_properties", "datetime|timestamp"),
    needs=("id|uuid", "metric.name"),
    remedy="replicate events with their metric's name and profile",
    quiet=listed("""
    uuid, timestamp, event_properties, profile, metric, attributes, relationships, links, type, value,
    person, object
    """),
    parts=(
        Part(
            "checkouts",
            {
                "checkout_id": take(_E + "checkout_id", _E + "$event_id", "id", "uuid"),
                "customer_id": take("made.contact"),
                "started_at": take("datetime", "timestamp", format=("epoch_s",), timezone="UTC"),
                "value": take(_E + "$value", _E + "value"),
                "sku": take("made.sku"),
            },
            uses=_USES,
            prepare=_checkout,
            filter=(drop("an event that is not read", test("metric.name", not_in=_BEGUN)),),
        ),
        Part(
            "customers",
            {
                "customer_id": take("made.contact"),
                "email": take("profile.email"),
                "phone": take("profile.phone_number"),
            },
            uses=_USES,
            prepare=_checkout,
            derived=True,
        ),
    ),
)
KLAVIYO = (EVENTS,)
