"""Shopify over its API: what lands is what its export would give, once, however the network behaves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.lake import Lake
from flows.sources.http import client
from tests.flows.http.nights import AS_OF, ENV, ids, night, pages_left, settings_for, shown
from tests.flows.http.server import Reply, serving
from tests.flows.http.shopify import (
    TOKEN,
    Shopify,
    checkout,
    customer,
    line,
    order,
    product,
    refund,
    sent_back,
    stamp,
)
from tests.flows.inboxes import pulls_of, put
from transforms.contracts import INPUTS


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENV, TOKEN)
    monkeypatch.setattr(client, "WAITS", 0.01)


@pytest.fixture
def shop() -> Iterator[Shopify]:
    """Nine orders, by three on a page."""
    with serving(Shopify(*(order(n) for n in range(1, 10)), most=3)) as api:
        assert isinstance(api, Shopify)
        yield api


def test_a_pull_equals_reading_the_export(tmp_path: Path) -> None:
    long = [line(1000 + n, f"SKU{n % 20}", n % 3 + 1) for n in range(130)]
    api = Shopify(
        order(1, *long, fulfillments=[{"id": "gid://shopify/Fulfillment/1", "createdAt": "2026-10-03T00:00:00Z",
              "estimatedDeliveryAt": None, "deliveredAt": None, "status": "SUCCESS"}]),
        order(2, refunds=[refund(n, *((f"S{k}", 1) for k in range(7 if n == 1 else 1))) for n in range(1, 9)]),
        order(3, refunds=[refund(50, ("TEA", 1), restock="CANCEL")], cancelledAt="2026-10-05T00:00:00Z"),
        order(4, line(4, None) | {"product": None}, line(5, "CARD") | {"isGiftCard": True}, line(6, "TEA")),
        order(5, test=True, returns=[sent_back(n, 5, *((f"R{k}", 1) for k in range(12))) for n in (1, 2, 3, 4)]),
        most=2,
    )  # fmt: skip
    api.lists["products"] = [product(1, *(f"SKU{n}" for n in range(45))), product(2, "TEA")]
    api.lists["customers"] = [customer(n) for n in range(5)]
    api.lists["abandonedCheckouts"] = [checkout(n, "TEA", "MUG-B") for n in range(3)]
    with serving(api):
        settings = settings_for(tmp_path, api)
        done = night(settings)
    assert (done.held, done.lines) == ({}, ())
    box = tmp_path / "export"
    for name in api.lists:
        put(
            box,
            f"{name}.jsonl",
            api.export(name).replace(
                '"defaultEmail', '"email": null, "amountSpent": 0, "defaultEmail'
            ),
        )
    # Of a customer who stands in an order, too, the list of customers is read last.
    pulls = sorted(pulls_of(box), key=lambda one: "customers" in one.file)
    for table in ("order_lines", "refunds", "products", "customers", "checkouts", "shipments"):
        rows = shown(settings, table)
        keys = list(rows.columns)
        good = [one.good[table].select(keys).to_dicts() for one in pulls if table in one.good]
        read = {tuple(r[k] for k in INPUTS[table].key): r for rs in good for r in rs}.values()
        assert rows.height, table
        assert sorted(map(str, rows.to_dicts())) == sorted(map(str, read)), table
    assert shown(settings, "order_lines").height == 130 + 2 + 2 + 1 + 2
    returned = shown(settings, "refunds").filter(shown(settings, "refunds")["order_id"] == "5")
    assert returned["quantity"].sum() == 48


def test_the_second_night_asks_only_for_what_changed(shop: Shopify, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, shop, extra="endpoints = ['orders']\noverlap_minutes = 0")
    night(settings)
    before = len(shop.asked)
    now = shop.clock()
    shop.lists["orders"][2] |= {"cancelledAt": stamp(now), "updatedAt": stamp(now)}
    shop.lists["orders"].append(order(99, at=now))
    done = night(settings, 1)
    assert done.rows_stored == 5, "two lines cancelled, two new ones, and who bought them"
    assert ids(settings) == sorted([str(n) for n in range(1, 10) for _ in range(2)] + ["99", "99"])
    cancelled = shown(settings, "order_lines").filter(
        shown(settings, "order_lines")["order_id"] == "3"
    )
    assert cancelled["cancelled_at"].null_count() == 0
    asked = [one.body["variables"]["query"] for one in shop.asked[before:]]
    assert asked
    assert all(one.startswith("updated_at:>='") for one in asked)
    assert night(settings, 2).rows_stored == 0


FAULTS = {
    "too many requests": Reply({"errors": "slow"}, 429, {"Retry-After": "1"}),
    "a broken server": Reply(b"<html>oops</html>", 500),
    "a cut connection": Reply(cut=True),
    "half a page": Reply(b'{"data": {"orders": {"nodes": ['),
    "throttled": Reply({"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}),
}


@pytest.mark.parametrize("name", FAULTS)
def test_one_fault_costs_one_more_request(name: str, shop: Shopify, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, shop, extra="endpoints = ['orders']")
    shop.faults[6] = FAULTS[name]
    assert night(settings).held == {}
    assert ids(settings) == [str(n) for n in range(1, 10) for _ in range(2)]
    assert len(shop.asked) == 3 + 3 + 1, "three too costly, three pages, one of them twice"
    assert shop.asked[5].body == shop.asked[6].body
    assert pages_left(settings) == []


def test_a_row_that_stands_on_two_pages_counts_once_and_as_it_was_last(
    shop: Shopify, tmp_path: Path
) -> None:
    def move() -> None:
        shop.lists["orders"][0] |= {
            "updatedAt": stamp(shop.clock()), "cancelledAt": "2026-10-02T00:00:00Z",
        }  # fmt: skip

    shop.then[4] = move
    settings = settings_for(tmp_path, shop, extra="endpoints = ['orders']")
    done = night(settings)
    assert (done.held, done.rows_stored > 0) == ({}, True)
    assert ids(settings) == [str(n) for n in range(1, 10) for _ in range(2)]
    first = shown(settings, "order_lines").filter(shown(settings, "order_lines")["order_id"] == "1")
    assert first["cancelled_at"].null_count() == 0
    told = [r for r in Lake(settings.paths.lake).reports(AS_OF) if r["table"] == "order_lines"]
    assert [r["rows_quarantined"] for r in told] == [0]
    assert "came again in the same pull" in told[0]["reasons"]
