"""The published tables of who is who: keyed hashes only, nobody's id, address or number."""

from __future__ import annotations

import polars as pl

from transforms.contracts.columns import count, share
from transforms.contracts.schema import Column, Table

KEY_TYPES = ("customer_id", "email", "phone")
STATUSES = ("joined", "alone", "shared", "apart")

_PERSON = Column("customer_key", pl.String, "keyed hash of the customer", nullable=False)


CUSTOMERS = Table(
    "customers",
    "One customer across all systems, by keyed hash. People who were forgotten are not in it.",
    key=("customer_key",),
    columns=(
        _PERSON,
        Column("sources", pl.String, "systems that know them, joined by a comma", nullable=False),
        count("n_ids", "customer ids that are theirs"),
        count("n_emails", "e-mail addresses that are theirs"),
        count("n_phones", "phone numbers that are theirs"),
        count("orders", "orders, cancelled ones and tests left out"),
        count("conversations", "conversations"),
        Column("first_order_on", pl.Date, "day of the first such order; null: none"),
        Column("last_order_on", pl.Date, "day of the last such order; null: none"),
        Column("last_conversation_on", pl.Date, "day of the last conversation; null: none"),
        Column(
            "held_apart",
            pl.Boolean,
            "one of their keys is shared by too many, or they would be too many ids: not joined",
            nullable=False,
        ),
    ),
)
IDENTITY_EDGES = Table(
    "identity_edges",
    "Which keys lead to which customer, each as a keyed hash.",
    key=("customer_key", "key_type", "key_hash", "source"),
    columns=(
        _PERSON,
        Column("key_type", pl.String, "what the key is", nullable=False, one_of=KEY_TYPES),
        Column("key_hash", pl.String, "keyed hash of the key", nullable=False),
        Column("source", pl.String, "system that told it", nullable=False),
        Column(
            "status",
            pl.String,
            "joined: it connects ids; alone: one id has it; shared: too many ids have it, so it "
            "joins nobody; apart: its customer would be too many ids, so they stay apart",
            nullable=False,
            one_of=STATUSES,
        ),
    ),
)
IDENTITY_MATCH = Table(
    "identity_match",
    "How many of each system's customers are known elsewhere, too, and what could not be joined.",
    key=("source",),
    columns=(
        Column("source", pl.String, "the system", nullable=False),
        count("ids", "its customer ids"),
        count("ids_with_email", "those with an e-mail address"),
        count("ids_with_phone", "those with a phone number"),
        count("ids_matched", "those whose customer another system knows, too"),
        share("match_rate", "ids_matched / ids; null: it has no ids, or is the only system"),
        share("match_rate_lo", "lower end, 95 %, Wilson"),
        share("match_rate_hi", "upper end, 95 %, Wilson"),
        count("conversations", "its conversations"),
        count("conversations_with_customer", "those that name a customer"),
        count("conversations_with_order", "those whose customer had ordered before"),
        count("keys_shared", "its keys that too many ids share: over-merge alarm"),
        count("ids_apart", "its ids whose customer would be too large: over-merge alarm"),
    ),
)
IDENTITY_TABLES = (CUSTOMERS, IDENTITY_EDGES, IDENTITY_MATCH)
