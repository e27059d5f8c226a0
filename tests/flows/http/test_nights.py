"""Whole nights, `doctor` and `forget` with an http source, as their users run them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from flows.cli import main
from flows.lake import Lake
from flows.reader import read_manifest, read_table, snapshot_dir
from flows.settings import load_settings
from flows.sources.http import client
from tests.flows.http.nights import ENV, pages_left
from tests.flows.http.server import Reply, serving
from tests.flows.http.shopify import START, TOKEN, Shopify, gid, line, order, stamp
from tests.flows.inboxes import put
from tests.flows.test_inbox_help_desks import ticket
from tests.flows.tiny import END, FORECAST, order_rows


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENV, TOKEN)
    monkeypatch.setattr(client, "WAITS", 0.01)


def orders_of(rows: pl.DataFrame) -> list[dict[str, object]]:
    """A tiny shop's orders as Shopify has them, one line each."""
    return [
        order(
            n,
            line(n, row["sku"], int(row["quantity"])),
            at=datetime.fromisoformat(row["ordered_at"]),
            customer={"id": gid("Customer", n), "createdAt": stamp(START)},
        )
        for n, row in enumerate(rows.iter_rows(named=True), 1)
    ]


@pytest.fixture
def shop() -> Iterator[Shopify]:
    with serving(Shopify(*orders_of(order_rows(END - timedelta(days=200), END)))) as api:
        assert isinstance(api, Shopify)
        yield api


def written(folder: Path, api: Shopify, extra: str = "") -> Path:
    """A shop over HTTP beside an inbox with a help desk's tickets."""
    put(
        folder,
        "tickets.json",
        {
            "tickets": [
                ticket(n, description="will it last? I am stocking up") for n in range(1, 30)
            ]
        },
    )
    file = folder / "hearcast.toml"
    file.write_text(
        "[business]\ntimezone = 'America/New_York'\n[paths]\nlake = 'lake'\nexports = 'exports'\n"
        f"[[sources]]\nname = 'shop'\nkind = 'http'\nsystem = 'shopify'\nurl = '{api.address}'\n"
        f"token_env = '{ENV}'\nrequests_per_minute = 100000\n{extra}\n"
        f"[[sources]]\nname = 'desk'\nkind = 'inbox'\npath = 'in'\n{FORECAST}"
    )
    return file


@pytest.mark.soak
@pytest.mark.usefixtures("prefect_server")
def test_nights_over_http_and_an_inbox(shop: Shopify, tmp_path: Path) -> None:
    file = written(tmp_path, shop)
    exports = tmp_path / "exports"
    assert main(["nightly", "--config", str(file), "--as-of", str(END)]) == 0
    count = len(shop.lists["orders"])
    report = read_table(exports, "ingest_report")
    (orders,) = report.filter(
        (report["source"] == "shop") & (report["table"] == "order_lines")
    ).to_dicts()
    assert (orders["file"], orders["rows_in"], orders["rows_good"]) == ("orders", count, count)
    assert report.filter(report["source"] == "desk").height
    assert not (tmp_path / "lake" / "incoming").exists() or not pages_left(load_settings(file, {}))
    weekly = read_table(exports, "demand_weekly").filter(
        pl.col("target") == "units", pl.col("level") == "total"
    )
    sold = sum(one["lineItems"][0]["quantity"] for one in shop.lists["orders"])
    assert weekly["value"].sum() == sold
    nxt = END + timedelta(days=7)
    at = datetime(nxt.year, nxt.month, nxt.day, 12, tzinfo=UTC)
    shop.lists["orders"] += [
        order(9000 + n, line(1, "S1", 2), at=at, updatedAt=stamp(shop.clock())) for n in range(40)
    ]
    shop.always = Reply(b"", 503)
    assert main(["nightly", "--config", str(file), "--as-of", str(END + timedelta(days=7))]) == 3
    manifest = read_manifest(snapshot_dir(exports))
    assert "answered 503, 6 times" in manifest["held_inputs"]["order_lines"]
    assert TOKEN not in json.dumps(manifest)
    rows = read_table(exports, "forecasts")
    assert set(rows["rung"]) == {"stale"}
    shop.always = None
    assert main(["nightly", "--config", str(file), "--as-of", str(END + timedelta(days=8))]) == 0
    lake = Lake(tmp_path / "lake")
    held = lake.versions("order_lines", END + timedelta(days=8)).collect()
    assert held.height == count + 40, "each line once"
    assert set(read_table(exports, "forecasts")["rung"]) == {"full"}


def test_doctor_asks_little_and_says_how_it_stands(
    shop: Shopify,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = written(tmp_path, shop, "endpoints = ['orders', 'products']")
    assert main(["doctor", "--config", str(file)]) == 0
    said = capsys.readouterr().out
    assert f"Shopify at {shop.address}" in said
    assert (
        "orders: answers and takes the token; 10 records looked at; nothing of it has landed"
        in said
    )
    assert "products: answers and takes the token; 0 records looked at" in said
    assert [one.body["variables"]["first"] for one in shop.asked] == [10, 10]
    assert not (tmp_path / "lake").exists()
    shop.token = "another"
    assert main(["doctor", "--config", str(file)]) == 1, "no orders are known"
    said = capsys.readouterr().out
    assert "answered 401 to this token: make a new Admin API access token" in said
    assert "the environment variable SHOP_TOKEN" in said
    assert TOKEN not in said
    monkeypatch.delenv(ENV)
    assert main(["doctor", "--config", str(file)]) == 2, "as a night"
    assert "the environment variable SHOP_TOKEN is not set" in capsys.readouterr().err
    assert main(["nightly", "--config", str(file), "--as-of", str(END)]) == 2


def test_forgetting_leaves_no_page_behind(shop: Shopify, tmp_path: Path) -> None:
    file = written(tmp_path, shop, "endpoints = ['orders', 'customers']")
    settings = load_settings(file, {})
    from flows.pull import pull  # noqa: PLC0415

    lake = Lake(settings.paths.lake)
    pull(settings, lake, END)
    now = stamp(shop.clock())
    for one in shop.lists["orders"][:60]:
        one |= {"updatedAt": now, "cancelledAt": now}
    shop.then[len(shop.asked) + 2] = lambda: setattr(shop, "always", Reply(b"", 500))
    assert "order_lines" in pull(settings, lake, END + timedelta(days=1)).held
    mail = shop.lists["orders"][3]["email"]
    assert any(mail in path.read_text() for path in pages_left(settings)), (
        "a page with the person lies there"
    )
    assert main(["forget", "--config", str(file), "--customer", str(mail)]) == 0
    assert pages_left(settings) == []
    shop.always = None
    assert pull(settings, lake, END + timedelta(days=2)).held == {}
    for path in settings.paths.lake.rglob("*"):
        if path.is_file():
            assert mail.encode() not in path.read_bytes(), path
    frames = [pl.read_parquet(path) for path in settings.paths.lake.rglob("*.parquet")]
    assert not any(mail in str(frame.to_dicts()) for frame in frames), (
        "nor does the next pull bring them back"
    )


@pytest.mark.usefixtures("prefect_server")
def test_a_prefect_block_may_hold_the_token(
    shop: Shopify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefect.blocks.system import Secret  # noqa: PLC0415

    from flows.pull import pull  # noqa: PLC0415

    monkeypatch.delenv(ENV)
    Secret(value=TOKEN).save("shop-token", overwrite=True)
    file = written(tmp_path, shop, "endpoints = ['orders']")
    for name, held in (("shop-token", False), ("absent", True)):
        text = file.read_text().replace(f"token_env = '{ENV}'", "token_block = 'shop-token'")
        file.write_text(text.replace("token_block = 'shop-token'", f"token_block = '{name}'"))
        settings = load_settings(file, {})
        done = pull(settings, Lake(settings.paths.lake), END)
        assert bool(done.held) is held
    assert "no Prefect Secret block is named 'absent'" in done.held["order_lines"]
