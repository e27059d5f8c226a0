"""The canonical inputs: what a source may give us, one declaration per table."""

from __future__ import annotations

import polars as pl

from transforms.contracts.desk_inputs import OVERRIDES, OWNERS
from transforms.contracts.input_columns import day, instant, name_of, number
from transforms.contracts.office_inputs import COHORTS, OFFICE_INPUTS
from transforms.contracts.review_inputs import HELPFUL, REVIEWS, VERIFIED
from transforms.contracts.schema import Column, Table, by_name

MAX_QUANTITY = 1_000_000.0
MAX_TEXT_CHARS = 1_000_000


def _quantity(prose: str) -> Column:
    return number("quantity", prose, unit="units", required=True, hi=MAX_QUANTITY)


INGESTED = instant("ingested_at", "when the source system handed the row over; null: not told")
CUSTOMER = name_of("customer_id", "the source's own key of the customer", private=True)
SKU = name_of("sku", "the stock-keeping unit")
CATEGORY = name_of("category", "the product category as the source names it")

ORDER_LINES = Table(
    "order_lines",
    "One line of a customer's order.",
    key=("order_id", "line_id"),
    event_time="ordered_at",
    weight="quantity",
    columns=(
        name_of("order_id", "the order", required=True),
        name_of(
            "line_id", "the line; default: hash of the row's content and its occurrence number"
        ),
        name_of("sku", "the stock-keeping unit ordered", required=True),
        instant("ordered_at", "when the customer ordered", required=True),
        _quantity("how many were ordered"),
        CUSTOMER,
        CATEGORY,
        name_of("channel", "where it was sold: web, store, marketplace …"),
        number("unit_price", "price of one unit", unit="currency"),
        name_of("currency", "ISO 4217 code of unit_price"),
        instant("cancelled_at", "when the line was cancelled", known_from="cancelled_at"),
        Column("is_test", pl.Boolean, "a test order, never counted as demand"),
        INGESTED,
    ),
)
REFUNDS = Table(
    "refunds",
    "Units that a customer gave back or was refunded for.",
    key=("refund_id", "sku"),
    event_time="refunded_at",
    weight="quantity",
    columns=(
        name_of("refund_id", "the refund, unique with sku", required=True),
        name_of("sku", "the stock-keeping unit given back", required=True),
        instant("refunded_at", "when it was refunded", required=True),
        _quantity("how many were given back or refunded"),
        name_of("order_id", "the order that it belongs to"),
        Column("reason", pl.String, "the reason as given", max_chars=2_000),
        INGESTED,
    ),
)
CUSTOMERS = Table(
    "customers",
    "One customer as a source knows them.",
    key=("customer_id",),
    event_time="created_at",
    text=True,
    columns=(
        name_of("customer_id", "the source's own key of the customer", required=True, private=True),
        name_of("email", "e-mail address", private=True),
        name_of("phone", "phone number", private=True),
        instant("created_at", "when the source first knew them"),
    ),
)
CHECKOUTS = Table(
    "checkouts",
    "A checkout that was begun, completed or not.",
    key=("checkout_id",),
    event_time="started_at",
    columns=(
        name_of("checkout_id", "the checkout", required=True),
        Column(
            "customer_id",
            pl.String,
            "the customer; null: a guest",
            required=True,
            max_chars=256,
            private=True,
        ),
        instant("started_at", "when it was begun", required=True),
        number("value", "value of the cart", unit="currency"),
        SKU,
        Column(
            "completed_order_id",
            pl.String,
            "the order that it became",
            max_chars=256,
            known_from="completed_at",
        ),
        instant(
            "completed_at",
            "when it became an order; where it is null, completed_order_id counts as known with "
            "the row",
            known_from="completed_at",
        ),
    ),
)
SHIPMENTS = Table(
    "shipments",
    "The parcel or parcels of an order.",
    key=("order_id", "shipped_at"),
    event_time="shipped_at",
    columns=(
        name_of("order_id", "the order", required=True),
        instant("shipped_at", "when it left", required=True),
        instant("promised_at", "the delivery that was promised"),
        instant("delivered_at", "when it arrived", known_from="delivered_at"),
    ),
)
TICKETS = Table(
    "tickets",
    "A request for help.",
    key=("ticket_id",),
    event_time="opened_at",
    columns=(
        name_of("ticket_id", "the ticket", required=True),
        instant("opened_at", "when it was opened", required=True),
        CUSTOMER,
        name_of("order_id", "the order that it is about"),
        Column("topic", pl.String, "what it is about, as the source files it", max_chars=2_000),
        SKU,
        CATEGORY,
        instant("closed_at", "when it was closed", known_from="closed_at"),
    ),
)
CONVERSATIONS = Table(
    "conversations",
    "One call, ticket, chat, review or survey answer.",
    key=("conversation_id",),
    event_time="started_at",
    columns=(
        name_of("conversation_id", "the conversation", required=True),
        name_of("channel", "call, ticket, chat, review, survey …", required=True),
        instant("started_at", "when it began", required=True),
        CUSTOMER,
        name_of("language", "ISO 639-1 code, where known"),
        SKU,
        CATEGORY,
        number("rating", "stars or score as given", lo=None),
        HELPFUL,
        VERIFIED,
        INGESTED,
    ),
)
PASSAGES = Table(
    "passages",
    "One utterance, message or review text. `channel` and `started_at` stand in for the "
    "conversation where no conversations are given.",
    key=("passage_id",),
    event_time="said_at",
    text=True,
    columns=(
        name_of("passage_id", "the passage", required=True),
        name_of("conversation_id", "the conversation that it belongs to", required=True),
        Column(
            "text",
            pl.String,
            "what was said",
            required=True,
            nullable=False,
            max_chars=MAX_TEXT_CHARS,
            private=True,
        ),
        instant("said_at", "when it was said; default: when the conversation began"),
        Column("speaker", pl.String, "who said it", one_of=("customer", "agent", "unknown")),
        Column("position", pl.Int64, "order within the conversation", lo=0),
        name_of("channel", "only without conversations: call, ticket, chat, review …"),
        name_of("language", "only without conversations: ISO 639-1 code"),
        CUSTOMER,
        SKU,
        CATEGORY,
        INGESTED,
    ),
)
UPSTREAM_TAGS = Table(
    "upstream_tags",
    "Tags that another system gave to conversations; two versions of its tagger may tag the same.",
    key=("conversation_id", "signal", "said_at", "tagger", "tagger_version"),
    event_time="said_at",
    columns=(
        name_of("conversation_id", "the conversation", required=True),
        name_of("signal", "the signal's name", required=True),
        instant("said_at", "when it was said", required=True),
        name_of("passage_id", "the passage that carries it"),
        SKU,
        CATEGORY,
        name_of("tagger", "who tagged"),
        name_of("tagger_version", "the version that tagged"),
        number("confidence", "how sure the tagger was", unit="share", hi=1.0),
    ),
)
CALL_ATTEMPTS = Table(
    "call_attempts",
    "One dial of the calling programme.",
    key=("attempt_id",),
    event_time="attempted_at",
    columns=(
        name_of("attempt_id", "the attempt", required=True),
        Column(
            "cohort",
            pl.String,
            "why this customer was called",
            required=True,
            nullable=False,
            one_of=COHORTS,
        ),
        name_of("customer_id", "the customer", required=True, private=True),
        instant("attempted_at", "when it was dialled", required=True),
        Column("connected", pl.Boolean, "somebody answered", required=True, nullable=False),
        Column("completed", pl.Boolean, "the conversation was usable"),
        name_of("team", "who called"),
        name_of("conversation_id", "the conversation that came of it"),
        number(
            "selection_probability",
            "chance with which this customer was drawn onto the list; null: not told",
            unit="share",
            hi=1.0,
        ),
    ),
)
INVENTORY_DAILY = Table(
    "inventory_daily",
    "Stock at the end of a day.",
    key=("date", "sku"),
    event_time="date",
    columns=(
        day("date", "the day", required=True),
        name_of("sku", "the stock-keeping unit", required=True),
        number("on_hand", "in stock; negative: oversold", unit="units", required=True, lo=None),
        number("on_order", "ordered from suppliers", unit="units"),
    ),
)
EXPECTED_RECEIPTS = Table(
    "expected_receipts",
    "Deliveries that suppliers have promised.",
    key=("sku", "expected_on"),
    columns=(
        name_of("sku", "the stock-keeping unit", required=True),
        day("expected_on", "the promised day", required=True),
        _quantity("how many are promised"),
    ),
)
PRODUCTS = Table(
    "products",
    "One product and its planning parameters.",
    key=("sku",),
    columns=(
        name_of("sku", "the stock-keeping unit", required=True),
        CATEGORY,
        Column("title", pl.String, "the product's name", max_chars=2_000),
        day("launched_on", "first day on sale"),
        day("discontinued_on", "first day no longer on sale"),
        number("lead_time_days", "from order to receipt", unit="days"),
        number(
            "lead_time_std_days", "standard deviation of the lead time; null: not told", unit="days"
        ),
        number("review_period_days", "between two order decisions", unit="days"),
        number("moq", "minimum order quantity", unit="units"),
        number("pack_size", "order multiple", unit="units"),
        number("unit_cost", "purchase cost of one unit", unit="currency"),
    ),
)
PROMOTIONS = Table(
    "promotions",
    "A promotion, known from `announced_at`.",
    key=("starts_on", "ends_on", "sku", "category", "kind"),
    columns=(
        day("starts_on", "first day", required=True),
        day("ends_on", "last day", required=True),
        instant("announced_at", "from when it is known; null: its timing is assumed"),
        SKU,
        CATEGORY,
        name_of("kind", "the kind of promotion"),
        number("discount_share", "price cut as a share", unit="share", hi=1.0),
    ),
)

INPUTS = by_name(
    ORDER_LINES,
    REFUNDS,
    CUSTOMERS,
    CHECKOUTS,
    SHIPMENTS,
    TICKETS,
    CONVERSATIONS,
    PASSAGES,
    UPSTREAM_TAGS,
    CALL_ATTEMPTS,
    INVENTORY_DAILY,
    EXPECTED_RECEIPTS,
    PRODUCTS,
    PROMOTIONS,
    OVERRIDES,
    OWNERS,
    REVIEWS,
    *OFFICE_INPUTS,
)
"""Every canonical input that this version reads, by table name."""

CONFIG_KEYS = {name: ("tags" if name == "upstream_tags" else name) for name in INPUTS}
"""Table name to its key in a `[[sources]]` section."""
