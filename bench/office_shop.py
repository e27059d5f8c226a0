"""A shop of a given number of customers on disk, with everything that the office's tables are made from.

For each customer ten order lines (four orders or so, few customers buying most), a consent, a cart, and
a fifth of a conversation; calls, reviews, refunds, insights, actions and experiments in proportion.
Numbers are drawn by a fixed seed. It has no planted truth: it measures what a size costs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from bench.tagging import passages as different_passages
from models.types import Ints

WEEKS, END = 156, date(2026, 11, 15)
DAYS = 7 * WEEKS
FIRST = datetime.combine(END - timedelta(days=DAYS - 1), datetime.min.time(), UTC)
FILE_ROWS = 1_000_000
LINES, SKUS, PER_CATEGORY = 10, 2_000, 50
CATEGORIES = SKUS // PER_CATEGORY
SEED = 78
COHORTS = ("recent", "abandoner", "repeat")
SIGNALS = (
    "delivery_worry",
    "durability_question",
    "stocking_up",
    "price_objection",
    "sizing_confusion",
)
TRIALS = ("delivery_dates", "new_photos", "size_guide", "abandoner")
OWNERS = ("Ines Alvarez", "Tom Becker", "Priya Nair", "Lena Fischer")
_CONFIG = """\
[business]
name = 'Office'
timezone = 'Europe/Berlin'
[[sources]]
name = 'shop'
order_lines = 'order_lines_*.parquet'
"""


@dataclass(frozen=True, slots=True)
class _Draw:
    """A shop's number of customers and its generator."""

    customers: int
    rng: np.random.Generator

    def who(self, n: int) -> Ints:
        """`n` customers, few of them often."""
        return (self.customers * self.rng.random(n) ** 1.8).astype(np.int64)

    def at(self, n: int, last_days: int = DAYS) -> pl.Series:
        """`n` moments of the last so many days, by time."""
        return _moments(np.sort(self.rng.integers(DAYS - last_days, DAYS, n)), self.rng)

    def of(self, names: tuple[str, ...], n: int) -> pl.Series:
        """`n` of some names."""
        return pl.Series(names).gather(self.rng.integers(0, len(names), n))


def write_office_shop(folder: Path, customers: int) -> Path:
    """Writes the shop's files and a hearcast.toml to `folder`; returns the latter."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = _Draw(customers, np.random.default_rng(SEED))
    _lines(folder, draw)
    tables = _bought(draw) | _said(draw) | _done(draw) | _few(draw)
    for name, frame in tables.items():
        frame.write_parquet(folder / f"{name}.parquet")
    config = folder / "hearcast.toml"
    given = "".join(f"{name} = '{name}.parquet'\n" for name in tables)
    config.write_text(_CONFIG + given, encoding="utf-8")
    return config


def _moments(day: Ints, rng: np.random.Generator) -> pl.Series:
    second = day.astype(np.int64) * 86_400 + rng.integers(6 * 3600, 22 * 3600, len(day))
    return pl.Series((int(FIRST.timestamp()) + second) * 1_000_000).cast(pl.Datetime("us", "UTC"))


def _ids(letter: str, numbers: Ints) -> pl.Series:
    return pl.select(pl.lit(letter) + pl.Series(numbers).cast(pl.String).str.zfill(8)).to_series()


def _category(sku: Ints) -> pl.Series:
    return pl.select(
        pl.lit("Category ") + pl.Series(sku // PER_CATEGORY).cast(pl.String)
    ).to_series()


def _lines(folder: Path, draw: _Draw) -> None:
    """Order lines in files of a million, by time; lines of one order are one customer's."""
    rng, total = draw.rng, LINES * draw.customers
    for file, start in enumerate(range(0, total, FILE_ROWS)):
        n = min(FILE_ROWS, total - start)
        first = np.flatnonzero(np.append(True, rng.random(n - 1) < 0.4))
        order = np.zeros(n, np.int64)
        order[first[1:]] = 1
        order = np.cumsum(order)
        span = DAYS * start // total, max(DAYS * (start + n) // total, DAYS * start // total + 1)
        at = _moments(np.sort(rng.integers(*span, len(first))), rng).gather(order)
        sku = (SKUS * rng.random(n) ** 2).astype(np.int64)
        pl.DataFrame({
            "order_id": _ids("O", order + start), "line_id": _ids("L", np.arange(start, start + n)),
            "sku": _ids("S", sku), "ordered_at": at, "quantity": rng.geometric(0.6, n),
            "customer_id": _ids("C", draw.who(len(first))).gather(order), "category": _category(sku),
            "channel": draw.of(("web", "store"), n), "currency": "EUR",
            "unit_price": np.round(rng.lognormal(3.0, 0.7, n), 2),
        }).write_parquet(folder / f"order_lines_{file:03d}.parquet")  # fmt: skip


def _bought(draw: _Draw) -> dict[str, pl.DataFrame]:
    """Customers, carts, refunds, products."""
    rng, n = draw.rng, draw.customers
    sku = rng.integers(0, SKUS, n)
    everybody = np.arange(n)
    codes = np.arange(SKUS)
    back = np.sort(rng.choice(LINES * n, LINES * n // 20, replace=False))
    day = np.minimum(back * DAYS // (LINES * n) + rng.integers(1, 20, len(back)), DAYS - 1)
    return {
        "customers": pl.DataFrame({
            "customer_id": _ids("C", everybody),
            "email": pl.Series(everybody).cast(pl.String) + "@example.com",
            "phone": "+1200555" + pl.Series(everybody).cast(pl.String).str.zfill(7),
        }),
        "checkouts": pl.DataFrame({
            "checkout_id": _ids("K", everybody), "customer_id": _ids("C", draw.who(n)),
            "started_at": draw.at(n, 182), "value": np.round(rng.lognormal(3.5, 0.8, n), 2), "sku": _ids("S", sku),
            "completed_order_id": _ids("O", everybody).set(pl.Series(rng.random(n) < 0.6), None),
        }),
        "refunds": pl.DataFrame({
            "refund_id": _ids("R", back), "sku": _ids("S", rng.integers(0, SKUS, len(back))),
            "refunded_at": _moments(day, rng), "quantity": np.ones(len(back)), "order_id": _ids("O", back),
        }),
        "products": pl.DataFrame({"sku": _ids("S", codes), "category": _category(codes)}),
    }  # fmt: skip


def _said(draw: _Draw) -> dict[str, pl.DataFrame]:
    """Conversations (a third calls) with one passage each, dials, and reviews."""
    rng, n = draw.rng, draw.customers // 5
    number, who, sku = np.arange(n), draw.who(n), rng.integers(0, SKUS, n)
    at, called = draw.at(n, 728), rng.random(n) < 0.35
    calls = np.flatnonzero(called)
    dials = np.concatenate([calls, rng.choice(calls, 2 * len(calls))])
    dials.sort()
    reached = np.append(True, dials[1:] != dials[:-1])
    text = different_passages(n)["text"]
    talk = {"conversation_id": _ids("V", number), "sku": _ids("S", sku), "category": _category(sku)}
    channel = pl.Series(np.where(called, "call", np.where(number % 2 == 0, "chat", "ticket")))
    stars = n // 2
    about = rng.integers(0, SKUS, stars)
    return {
        "conversations": pl.DataFrame(talk | {
            "channel": channel, "started_at": at, "customer_id": _ids("C", who), "language": "en"}),
        "passages": pl.DataFrame({
            "passage_id": _ids("P", number), "conversation_id": _ids("V", number), "text": text,
            "speaker": "customer", "position": 1}),
        "call_attempts": pl.DataFrame({
            "attempt_id": _ids("A", np.arange(len(dials))), "cohort": draw.of(COHORTS, len(dials)),
            "customer_id": _ids("C", who[dials]), "attempted_at": at.gather(dials).dt.offset_by("-2m"),
            "connected": reached, "completed": reached & (rng.random(len(dials)) < 0.8),
            "team": draw.of(("inside", "agency"), len(dials)),
            "conversation_id": _ids("V", dials).set(pl.Series(~reached), None),
            "selection_probability": rng.uniform(0.1, 0.6, len(dials))}),
        "reviews": pl.DataFrame({
            "review_id": _ids("W", np.arange(stars)), "created_at": draw.at(stars, 364),
            "rating": rng.integers(1, 6, stars).astype(float), "body": text.gather(rng.integers(0, n, stars)),
            "customer_id": _ids("C", draw.who(stars)), "sku": _ids("S", about), "language": "en",
            "category": _category(about)}),
    }  # fmt: skip


def _done(draw: _Draw) -> dict[str, pl.DataFrame]:
    """Consents, lots of experiments, insights and what was done about them."""
    rng, n = draw.rng, draw.customers
    known, told = n // 50, n // 200
    each = n // 10
    who = np.concatenate([rng.permutation(n)[:each] for _ in TRIALS])
    start = [
        int(np.datetime64(END - timedelta(weeks=9 + i), "us").astype(np.int64))
        for i in range(len(TRIALS))
    ]
    arm = np.where(rng.random(len(who)) < 0.5, "control", "treatment")
    held = np.where(rng.random(len(who)) < 0.8, "called", "holdout")
    cart = np.repeat(np.array(TRIALS) == "abandoner", each)
    noted = draw.at(known, 364)
    opened = noted.gather(np.arange(told) * known // max(told, 1)).dt.offset_by("2d")
    signal = draw.of(SIGNALS, known)
    category = _category(rng.integers(0, SKUS, known))
    return {
        "consents": pl.DataFrame({
            "customer_id": _ids("C", np.arange(n)), "may_contact": rng.random(n) < 0.9,
            "decided_at": draw.at(n), "basis": "account"}),
        "assignments": pl.DataFrame({
            "experiment_id": np.repeat(TRIALS, each), "customer_id": _ids("C", who),
            "arm": np.where(cart, held, arm), "probability": np.where(cart, 0.8, 0.5),
            "assigned_at": pl.Series(np.repeat(start, each)).cast(pl.Datetime("us", "UTC"))}),
        "insights": pl.DataFrame({
            "insight_id": _ids("N", np.arange(known)), "noted_at": noted, "signal": signal, "category": category,
            "conversation_id": _ids("V", rng.integers(0, n // 5, known)), "quote": "as they said",
            "claim": "customers speak of it", "proposed_action": "say it on the page",
            "owner": draw.of(OWNERS, known), "accepted_by": draw.of(OWNERS, known),
            "accepted_at": noted.dt.offset_by("1d")}),
        "actions": pl.DataFrame({
            "action_id": _ids("T", np.arange(told)), "opened_at": opened,
            "insight_id": _ids("N", np.arange(told) * known // max(told, 1)), "title": "say it on the page",
            "owner": draw.of(OWNERS, told), "function": draw.of(("product", "support"), told),
            "alerted_at": opened, "acknowledged_at": opened.dt.offset_by("1d"),
            "shipped_at": opened.dt.offset_by("20d"), "customer_told_at": opened.dt.offset_by("25d"),
            "experiment_id": pl.Series([*TRIALS[:3], *[None] * told])[:told],
            "category": category.gather(np.arange(told) * known // max(told, 1)),
            "cost": rng.uniform(100, 5_000, told)}),
        "experiments": pl.DataFrame({
            "experiment_id": TRIALS[:3], "design": "randomised", "treatment_share": 0.5,
            "starts_at": pl.Series(start[:3]).cast(pl.Datetime("us", "UTC")),
            "ends_at": pl.Series(start[:3]).cast(pl.Datetime("us", "UTC")).dt.offset_by("42d"),
            "primary_metric": "conversion", "expected_lift": 0.1,
            "announced_at": pl.Series(start[:3]).cast(pl.Datetime("us", "UTC")).dt.offset_by("-7d")}),
    }  # fmt: skip


def _few(draw: _Draw) -> Mapping[str, pl.DataFrame]:
    """Tables whose size does not depend on the shop's: pages, owners, objectives, touchpoints."""
    pages = np.arange(4 * CATEGORIES)
    text = different_passages(40 * len(pages))["text"]
    written = [" ".join(text[40 * i : 40 * i + 40]) for i in pages]
    channels = ("call", "chat", "ticket", "review")
    return {
        "copy_pages": pl.DataFrame({
            "page_id": _ids("G", pages), "text": written, "published_at": _moments(pages * 0, draw.rng),
            "language": "en", "category": _category(pages // 4 * PER_CATEGORY), "owner": "Lena Fischer"}),
        "owners": pl.DataFrame({
            "object_type": "category", "object_id": _category(np.arange(CATEGORIES) * PER_CATEGORY),
            "owner": draw.of(OWNERS, CATEGORIES)}),
        "objectives": pl.DataFrame({
            "objective_id": [f"B{i}" for i in range(len(SIGNALS))], "title": "fewer of them",
            "signal": SIGNALS, "owner": draw.of(OWNERS, len(SIGNALS))}),
        "touchpoints": pl.DataFrame({
            "touchpoint": channels, "channel": channels, "owner": draw.of(OWNERS, len(channels)),
            "volume_per_week": 1_000.0, "invited_per_week": 2_000.0, "cost_per_contact": 4.0}),
    }  # fmt: skip
