"""A shop in which one person's words and ids lie wherever words and ids can lie, and a search for them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from flows.identity import hasher
from flows.lake import Lake
from flows.settings import load_settings
from tests.flows.tiny import END, order_rows
from tests.flows.written import write_config
from transforms.asof import SOURCE

NIGHTS = (END, END + timedelta(days=7))
ADA = "CUST-ADA-7741"
EMAIL, PHONE = "adalind.quixworth@zyx-mail.example", "+1 212 555 0177"
SAID = (
    "there is a strange smell of paint zyxquartz, says Adalind Quixworth; mail "
    f"{EMAIL} or call {PHONE}"
)
OTHERS = "there is a strange smell of paint here"
PLAIN = (
    "the colour is nice and the box was neat",
    "works fine in our kitchen every morning",
    "my sister wanted one for her birthday",
    "delivery took a while but arrived",
    "I am stocking up before winter",
)
MARKS = ("zyxquartz", "adalind", "quixworth", "zyx-mail", "2125550177", ADA.lower())
"""What stands of her in any form; the digits are looked for without blanks."""
EXTRA = """
[forecast]
horizon_weeks = 4
backtest_origins = 1
[tagging]
tagger = "rules"
[privacy]
publish_quotes = true
[validation]
hold_share = 0.5
"""


def one_person(folder: Path) -> Path:
    """Writes the shop's files to `folder`/in and its configuration; returns the latter.

    In the newest two weeks nine people say something new, Ada before all others. She ordered,
    refunded and wrote tickets, and some of her rows are bad.
    """
    inbox = folder / "in"
    inbox.mkdir(parents=True)
    orders = order_rows(END - timedelta(days=200), NIGHTS[-1])
    late = pl.int_range(pl.len()) >= orders.height - 3
    who = pl.when(late).then(pl.lit(ADA)).otherwise(pl.format("k{}", pl.int_range(pl.len()) % 40))
    orders = orders.with_columns(who.alias("customer_id"))
    hers = orders["order_id"][-1]
    bad = orders.tail(1).with_columns(pl.lit("many").alias("quantity"))
    pl.concat([orders, bad]).write_csv(inbox / "orders.csv")
    talks, said = _words()
    at = f"{END}T09:00:00Z"
    tables: dict[str, list[dict[str, Any]]] = {
        "conversations": [*talks, {**talks[-1], "conversation_id": "bad", "customer_id": ADA, "started_at": "x"}],
        "passages": said,
        "customers": [
            {"customer_id": ADA, "email": EMAIL.upper(), "phone": PHONE, "note": SAID},
            {"customer_id": ADA, "email": EMAIL, "created_at": "never"},
            *({"customer_id": f"k{i}", "email": f"k{i}@example.com"} for i in range(40)),
        ],
        "refunds": [{"refund_id": "r1", "sku": "S1", "refunded_at": at, "quantity": 1, "order_id": hers, "reason": SAID}],
        "tickets": [{"ticket_id": "t1", "opened_at": at, "customer_id": ADA, "topic": SAID, "category": "tea"}],
    }  # fmt: skip
    for name, rows in tables.items():
        lines = [json.dumps(row) for row in rows]
        if name == "tickets":
            lines.append('{"ticket_id": "t2", "customer_id": "' + ADA + '", "opened_at": ')
        (inbox / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    sources = {"order_lines": "in/orders.csv", **{name: f"in/{name}.jsonl" for name in tables}}
    return write_config(folder, sources, EXTRA)


def _words() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Conversations and passages of 18 weeks, twenty people each."""
    rng = np.random.default_rng(3)
    talks, said = [], []
    for w in range(18):
        begin = datetime.combine(NIGHTS[-1], datetime.min.time(), UTC) - timedelta(weeks=17 - w)
        for i in range(20):
            new = w >= 16 and i < 9
            at = (begin - timedelta(hours=30 - i)).isoformat()
            name = f"v{w}-{i}"
            customer = ADA if new and i == 0 else f"k{(w + i) % 40}"
            text = SAID if customer == ADA else OTHERS if new else PLAIN[int(rng.integers(5))]
            talk = {"conversation_id": name, "channel": "chat", "started_at": at, "category": "tea"}
            talks.append({**talk, "customer_id": customer})
            passage = {"passage_id": f"p{w}-{i}", "conversation_id": name, "text": text}
            said.append({**passage, "said_at": at, "speaker": "customer"})
    return talks, said


def hashes_of_ada(config: Path) -> set[str]:
    """Her id, e-mail and phone as join keys under the lake's own key."""
    settings = load_settings(config, {})
    by = hasher(settings, Lake(settings.paths.lake).own_key())
    ids = by.ids(pl.DataFrame({SOURCE: ["main"], "customer_id": [ADA]}))
    return {ids[0], by.emails(pl.Series([EMAIL]))[0], by.phones(pl.Series([PHONE]))[0]}


def contents(folder: Path) -> Iterator[tuple[Path, str]]:
    """Every file of a folder as lower-case text, Parquet also decoded; its name stands in front."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        text = f"{path.name}\n{path.read_bytes().decode('latin-1')}"
        if path.suffix == ".parquet":
            frame = pl.read_parquet(path).with_columns(pl.col(pl.Binary).bin.encode("hex"))
            text += frame.write_ndjson()
        yield path, text.lower()


def told_in(folder: Path) -> dict[str, set[str]]:
    """Files of a folder in which any of `MARKS` still stands, with those that do."""
    found = {}
    for path, text in contents(folder):
        dense = re.sub(r"[ .()\\-]", "", text)
        met = {mark for mark in MARKS if mark in text or (mark.isdigit() and mark in dense)}
        if met:
            found[path.relative_to(folder).as_posix()] = met
    return found


def hashed_in(folder: Path, hashes: set[str]) -> set[str]:
    """Files in which one of the hashes stands and is not marked as somebody's who is gone."""
    marked = re.compile(r"gone-[0-9a-f]{32}(?::(?:email|phone) [0-9a-f]{32})?")
    return {
        path.relative_to(folder).as_posix()
        for path, text in contents(folder)
        if any(one in marked.sub("", text) for one in hashes)
    }
