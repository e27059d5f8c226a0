"""What each output needs, and, in plain words, how to add it from each system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from transforms.contracts import CONFIG_KEYS, INPUTS


@dataclass(frozen=True, slots=True)
class Output:
    """Something that a night publishes.

    `needs` and `better` name tables, or columns as `table.column`, `a|b` for either; `better`
    with what is lost without.
    """

    name: str
    tables: tuple[str, ...]
    needs: tuple[str, ...]
    better: Mapping[str, str] = field(default_factory=dict)


_WORDS = "passages|upstream_tags|reviews"
_SPLIT = "products.category|order_lines.category"
OUTPUTS = (
    Output(
        "forecasts of units",
        ("forecasts",),
        ("order_lines",),
        {
            _SPLIT: "so all products share one category",
            "inventory_daily": "so weeks without stock are read as weeks without demand",
            "promotions": "so planned promotions are not known",
            "order_lines.cancelled_at": "so cancelled orders may count as demand",
        },
    ),
    Output("forecasts of returns", ("forecasts",), ("refunds",)),
    Output("forecasts of tickets", ("forecasts",), ("tickets",)),
    Output(
        "signals of what customers say",
        ("signals_weekly", "signal_evidence"),
        ("passages|upstream_tags", "order_lines"),
        {
            "conversations.customer_id|passages.customer_id": "so nobody counts once across channels",
            "conversations.sku|conversations.category|order_lines.customer_id": "so words count for the whole business only",
            "call_attempts": "so conversations that came of call lists all weigh one",
        },
    ),
    Output("who is who across systems", ("customers",), ("customers",)),
    Output(
        "inventory_plan",
        ("inventory_plan",),
        ("order_lines",),
        {
            "inventory_daily": "so it has levels to order up to, but no stock, orders or stock-out dates",
            "products.lead_time_days": "so [planning] lead_time_days, 14 unless you set it, is taken",
        },
    ),
    Output(
        "who to call",
        ("call_list", "call_frame"),
        ("consents", "order_lines.customer_id"),
        {
            "checkouts": "so nobody who left a cart is called",
            "call_attempts": "so nobody knows whom not to call again",
            "customers.phone": "so customers without a number are listed, too",
            "inventory_daily": "so calls go where most was sold, not where most is decided",
        },
    ),
    Output(
        "how the calling programme runs",
        ("programme_cadence", "connect_rate"),
        ("call_attempts",),
        {"call_attempts.team": "so teams are not compared"},
    ),
    Output(
        "what is learnt and done about it",
        ("insight_rate",),
        ("insights",),
        {"call_attempts": "so insights are counted by channel only"},
    ),
    Output("how fast insights become changes", ("action_speed",), ("actions",)),
    Output("what each channel yields", ("touchpoint_yield",), ("touchpoints",)),
    Output("how many more conversations are needed", ("saturation",), ("passages|upstream_tags",)),
    Output(
        "what changes did",
        ("lifts",),
        ("experiments", "order_lines"),
        {
            "assignments": "so before and after are compared, and no lot",
            "checkouts": "so before and after are compared by orders' values only",
        },
    ),
    Output(
        "who orders again, and when",
        ("repeat_timing",),
        ("order_lines.customer_id", "conversations.customer_id|passages.customer_id"),
    ),
    Output(
        "how fast exceptions are answered",
        ("responsiveness",),
        ("order_lines",),
        {"actions": "so nobody is known to have answered any"},
    ),
    Output(
        "whether customers are told what came of their word",
        ("closed_loop",),
        ("insights", "actions"),
        {"conversations.customer_id": "so nobody knows who says it again"},
    ),
    Output(
        "what actions are worth",
        ("benefits",),
        ("actions",),
        {"experiments": "so none is measured", "actions.experiment_id": "so no action is measured"},
    ),
    Output(
        "cart_recovery",
        ("cart_recovery",),
        ("checkouts", "order_lines"),
        {
            "call_attempts": "so nobody knows who was called",
            "assignments": "so nothing says what calling changes: nobody was held out by lot",
            "order_lines.unit_price": "so recovered orders have no value",
        },
    ),
    Output(
        "why customers abandon, return and complain",
        ("reason_shares", "triangulation"),
        (_WORDS,),
        {
            "call_attempts": "so nothing is told of those who were called",
            "refunds.order_id": "so nobody knows who returned something",
            "call_attempts.selection_probability": "so all who were called weigh alike",
        },
    ),
    Output(
        "our copy beside customers' words",
        ("language_match",),
        ("copy_pages", "passages|reviews"),
        {"copy_pages.sku|copy_pages.category": "so pages are held beside all customers' words"},
    ),
    Output(
        "reviews to read",
        ("review_digest",),
        ("conversations.rating|reviews.rating",),
        {
            "conversations.sku|reviews.sku": "so reviews are told apart by category only",
            "owners": "so no product has an owner",
        },
    ),
    Output(
        "what customers ask for",
        ("requests",),
        ("passages|reviews",),
        {
            "insights": "so only what customers say themselves counts",
            "order_lines.customer_id": "so nobody knows what they bought",
        },
    ),
    Output(
        "customers by value",
        ("segments",),
        ("order_lines.customer_id",),
        {
            "order_lines.unit_price": "so segments know no money, and there is no lifetime value",
            "customers": "so a customer with two ids is two",
        },
    ),
    Output("owners", ("owners",), ("owners",)),
    Output("objective_coverage", ("objective_coverage",), ("objectives",)),
    Output(
        "touchpoint_inventory",
        ("touchpoint_inventory",),
        ("touchpoints",),
        {"touchpoints.volume_per_week": "so nobody knows what share is captured"},
    ),
    Output(
        "critical metrics on control charts",
        ("metric_status", "metric_weeks"),
        ("order_lines",),
        {
            "shipments": "so late parcels are not watched",
            "refunds.order_id": "so returned orders are not watched",
            "checkouts": "so abandoned checkouts are not watched",
            "call_attempts": "so connect rate and insight rate are not watched",
            "conversations.rating|reviews.rating": "so one-star reviews are not watched",
            "passages|upstream_tags": "so what customers say is not watched",
            "distributions": "so acknowledgements are not watched",
        },
    ),
    Output(
        "who was told, and who acknowledged it",
        ("distribution_log", "distribution_share"),
        ("distributions",),
        {
            "distributions.acknowledged_at": "so nobody knows who acknowledged anything",
            "distributions.decision_id": "so nobody knows what came of it",
        },
    ),
)

_HOW: Mapping[str, Mapping[str, str]] = {
    "shopify": {
        "order_lines": 'export orders with Orders > Export > "Plain CSV file"',
        "order_lines.cancelled_at": "the orders export has it as Cancelled at: no order was cancelled, or the column was left out",
        "order_lines.customer_id": "export orders with Email, or ask the API for customer.id",
        "refunds": "ask the API for orders with refunds and their line items (the CSV tells money only), or replicate refund and order_line_refund",
        "inventory_daily": "export inventory as Products > Inventory > Export, every day, with the day in the file's name; or replicate inventory_quantity with inventory_item",
        "products.category": "export products with Products > Export, and fill in Type",
        "products.lead_time_days": "Shopify has no lead times: add a file with sku and lead_time_days, one line per SKU",
        "checkouts": "ask the API for abandoned checkouts, or export Orders > Abandoned checkouts",
        "customers": "export customers with Customers > Export, or orders with Email",
        "promotions": "Shopify's discounts are not read: add a file with starts_on, ends_on and what they apply to",
    },
    "woocommerce": {
        "refunds": "ask the API for orders/<id>/refunds with line_items",
        "products.category": "add a file with sku and category",
        "inventory_daily": "WooCommerce keeps no stock by day: add a file with date, sku and on_hand",
    },
    "zendesk": {
        "tickets": "export tickets with the incremental API or replicate ticket",
        "passages": "tickets bring their descriptions; add comments (with ticket_id) for the rest",
        "customers": "export users, too",
    },
    "gorgias": {
        "tickets": "ask GET /api/tickets",
        "passages": "ask GET /api/messages",
        "customers": "tickets bring them",
    },
}


def remedy(need: str, systems: Sequence[str]) -> str:
    """How to add `need`: as each of `systems` does it, else as a canonical file."""
    told = [
        f"{system.capitalize()}: {how}"
        for system in systems
        if (how := next((h for one in need.split("|") if (h := _HOW.get(system, {}).get(one))), ""))
    ]
    return "; ".join(told) if told else _canonical(need.split("|", maxsplit=1)[0])


def _canonical(need: str) -> str:
    table, _, column = need.partition(".")
    contract, key = INPUTS[table], CONFIG_KEYS[table]
    if column:
        prose = contract.column(column).prose
        return f"add the column {column} ({prose}) to {table}"
    columns = ", ".join(contract.required)
    return f"add a file with {columns} as {key} under [[sources]], or to the inbox"
