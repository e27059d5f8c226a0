"""Pulls that do not get through: nothing is lost, nothing comes twice, and people are told once and plainly."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.lake import Lake
from flows.settings import SettingsError, load_settings
from flows.sources.http import client, staging
from flows.sources.http.tokens import check_secrets
from tests.flows.http.nights import AS_OF, ENV, ids, night, pages_left, settings_for, shown
from tests.flows.http.server import FakeApi, Reply, serving
from tests.flows.http.shopify import START, TOKEN, Shopify, line, order, product, stamp

ALL = [str(n) for n in range(1, 10) for _ in range(2)]
ONLY = "endpoints = ['orders']"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENV, TOKEN)
    monkeypatch.setattr(client, "WAITS", 0.01)


@pytest.fixture
def shop() -> Iterator[Shopify]:
    """Nine orders, by one on a page."""
    with serving(Shopify(*(order(n) for n in range(1, 10)), most=1)) as api:
        assert isinstance(api, Shopify)
        yield api


def down_from(api: FakeApi, number: int) -> None:
    """Every request from this one on is answered 503."""
    api.then[number - 1] = lambda: setattr(api, "always", Reply(b"", 503))


def up(api: FakeApi) -> None:
    api.always = None


def places(api: FakeApi) -> list[Any]:
    """After which row each request asked."""
    return [one.body["variables"].get("after") for one in api.asked]


def test_a_source_that_goes_down_holds_its_tables_and_the_next_night_goes_on(
    shop: Shopify, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path, shop, extra=ONLY)
    down_from(shop, 9)  # four too costly, then pages 1 to 4
    done = night(settings)
    line = (
        f"shop: Shopify at {shop.address} (orders) answered 503, 6 times; 4 pages that came are kept, "
        "and the next night goes on from there"
    )
    assert set(done.held) == {"order_lines", "refunds", "shipments"}
    assert set(done.held.values()) == {line}
    assert done.lines.count(line) == 1
    assert shown(settings, "order_lines").is_empty()
    assert Lake(settings.paths.lake).cursors().get("shop", {}) == {}
    left = pages_left(settings)
    assert len(left) == 4
    for path in left:
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
        assert TOKEN not in path.read_text()
    up(shop)
    before = len(shop.asked)
    shop.lists["orders"][0] |= {
        "updatedAt": stamp(shop.clock()),
        "cancelledAt": stamp(shop.clock()),
    }
    done = night(settings, 1)
    assert done.held == {}
    assert ids(settings) == ALL
    assert places(shop)[before].startswith(shop.lists["orders"][3]["updatedAt"]), "after the fourth"
    first = shown(settings, "order_lines").filter(shown(settings, "order_lines")["order_id"] == "1")
    assert first["cancelled_at"].null_count() == 0, "what changed between the nights is asked for"
    assert pages_left(settings) == []


def test_a_killed_pull_goes_on_where_it_stopped(tmp_path: Path) -> None:
    orders = [order(n) for n in range(1, 10)]
    with serving(Shopify(*orders, most=1)) as shop:
        settings = settings_for(tmp_path, shop, extra=ONLY)
        script = (
            "from datetime import date; from pathlib import Path; from flows.settings import load_settings\n"
            "from flows.lake import Lake; from flows.pull import pull\n"
            f"s = load_settings(Path({str(settings.file)!r}), {{}}); pull(s, Lake(s.paths.lake), date(2026, 11, 20))"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", script],
            env={**os.environ, ENV: TOKEN},
            cwd=Path(__file__).parents[3],
        )
        shop.then[11] = lambda: os.kill(process.pid, signal.SIGKILL)
        assert process.wait(timeout=120) == -signal.SIGKILL
        came = len(pages_left(settings))
        assert 5 <= came <= 7
        assert not (settings.paths.lake / "log").exists()
        before = len(shop.asked)
        assert night(settings, 1).held == {}
        assert ids(settings) == ALL
        asked = [one for one in places(shop)[before:] if one]
        assert asked[0].startswith(orders[came - 1]["updatedAt"])
        assert pages_left(settings) == []


def test_killed_between_commit_and_clearing_nothing_comes_twice(
    shop: Shopify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(tmp_path, shop, extra=ONLY)
    with monkeypatch.context() as patch:
        patch.setattr("flows.sources.http.source.Brought.settle", lambda *_: None)
        night(settings)
    assert len(pages_left(settings)) == 9, "as after a kill"
    versions = Lake(settings.paths.lake).versions("order_lines", AS_OF).collect().height
    before = len(shop.asked)
    assert night(settings, 1).rows_stored == 0
    assert (
        Lake(settings.paths.lake)
        .versions("order_lines", AS_OF + timedelta(days=1))
        .collect()
        .height
        == versions
    )
    assert all(one.body["variables"]["query"] for one in shop.asked[before:]), "only what is new"
    assert pages_left(settings) == []


def test_a_place_that_the_server_forgot_is_begun_anew(shop: Shopify, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, shop, extra=ONLY)
    down_from(shop, 9)
    night(settings)
    up(shop)
    shop.faults[len(shop.asked) + 1] = Reply(
        {"errors": [{"message": "Invalid cursor for current pagination sort."}]}
    )
    assert night(settings, 1).held == {}
    assert ids(settings) == ALL


@pytest.mark.parametrize(("status", "word"), [(401, "answered 401"), (403, "answered 403")])
def test_a_token_that_is_refused_is_one_line_with_the_remedy(
    status: int, word: str, shop: Shopify, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = settings_for(tmp_path, shop)
    shop.always = Reply({"errors": "no"}, status)
    done = night(settings)
    told = done.held["order_lines"]
    assert word in told
    assert told.startswith("shop: Shopify at http://127.0.0.1")
    assert "make a new Admin API access token" in told
    assert "the environment variable SHOP_TOKEN" in told
    assert len(shop.asked) == (1 if status == 401 else 5), "asking again would not help"
    assert TOKEN not in told + caplog.text


def test_a_missing_scope_is_named(shop: Shopify, tmp_path: Path) -> None:
    error = {"message": "Access denied for orders field. Required access: `read_orders` access scope.",
             "extensions": {"code": "ACCESS_DENIED"}}  # fmt: skip
    shop.always = Reply({"errors": [error], "data": {"orders": None}})
    done = night(settings_for(tmp_path, shop, extra=ONLY))
    assert "denies access: it asks for read_orders" in done.held["order_lines"]


def test_a_group_that_fails_holds_no_other(shop: Shopify, tmp_path: Path) -> None:
    shop.lists["products"] = [product(1, "TEA")]
    settings = settings_for(tmp_path, shop, extra="endpoints = ['orders', 'products']")
    shop.then[17] = lambda: setattr(
        shop, "always", Reply(b"", 500)
    )  # orders are through, products are not
    done = night(settings)
    assert set(done.held) == {"products"}
    assert ids(settings) == ALL
    assert set(Lake(settings.paths.lake).cursors().get("shop", {})) == {"orders"}
    up(shop)
    assert night(settings, 1).held == {}
    assert set(Lake(settings.paths.lake).cursors().get("shop", {})) == {"orders", "products"}
    assert shown(settings, "products")["sku"].to_list() == ["TEA"]


def test_what_is_held_for_bad_rows_moves_no_cursor(shop: Shopify, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, shop, extra=ONLY)
    for one in shop.lists["orders"][:3]:
        one["lineItems"] = [line(1, None)]
    assert "order_lines" in night(settings).held
    assert Lake(settings.paths.lake).cursors().get("shop", {}) == {}
    now = stamp(shop.clock())
    for one in shop.lists["orders"][:3]:
        one |= {"lineItems": [line(1, "MUG-B")], "updatedAt": now}
    assert night(settings, 1).held == {}
    assert ids(settings) == ["1", "2", "3", *ALL[6:]]
    assert pages_left(settings) == []


def test_a_wait_beyond_the_limit_is_not_waited_for(shop: Shopify, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, shop, extra=f"{ONLY}\nlimit_minutes = 1")
    shop.faults[7] = Reply(b"", 429, {"Retry-After": "61"})
    done = night(settings)
    assert "needs longer than limit_minutes (1) allows" in done.held["order_lines"]
    assert len(pages_left(settings)) == 2
    assert night(settings, 1).held == {}
    assert ids(settings) == ALL


def test_pages_do_not_wait_for_ever_nor_for_a_source_that_is_gone(
    shop: Shopify, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path, shop, extra=ONLY)
    old = shop.clock() - staging.KEEP - timedelta(hours=1)
    shop.clock = lambda: old
    down_from(shop, 9)
    night(settings)
    assert len(pages_left(settings)) == 4
    night(settings, 1)
    assert pages_left(settings) == [], "a week old: begun anew, and nothing has come"
    up(shop)
    down_from(shop, len(shop.asked) + 9)
    night(settings, 2)
    assert len(pages_left(settings)) == 4
    up(shop)
    file = settings.file
    text = file.read_text()
    file.write_text(text.replace("['orders']", "['products']"))
    night(load_settings(file, {}), 3)
    assert pages_left(settings) == [], "an endpoint that is asked no more"
    file.write_text(text)
    down_from(shop, len(shop.asked) + 9)
    night(settings, 4)
    assert len(pages_left(settings)) == 4
    up(shop)
    file.write_text(file.read_text().replace("name = 'shop'", "name = 'other'"))
    night(load_settings(file, {}), 5)
    assert pages_left(settings) == []


def test_another_host_gets_no_token_and_a_moved_one_neither(tmp_path: Path) -> None:
    with serving(FakeApi()) as api:
        api.always = Reply(b"", 302, {"Location": "https://elsewhere.example/"})
        done = night(settings_for(tmp_path, api, extra=ONLY))
        assert "has moved elsewhere; check url" in done.held["order_lines"]
    with serving(FakeApi()) as api:
        page = {
            "tickets": [],
            "users": [],
            "after_url": "https://elsewhere.example/api",
            "end_of_stream": False,
        }
        api.always = Reply(page)
        other = tmp_path / "z"
        other.mkdir()
        done = night(settings_for(other, api, system="zendesk", extra="endpoints = ['tickets']"))
        assert "names another host for the next page, which gets no token" in done.held["tickets"]
        assert len(api.asked) == 1


def test_nobody_answers(tmp_path: Path) -> None:
    with serving(FakeApi()) as api:
        settings = settings_for(tmp_path, api, extra="endpoints = ['orders', 'products']")
    done = night(settings)
    assert "could not be reached, or cut the connection, 6 times" in done.held["order_lines"]
    assert set(done.held) == {"order_lines", "refunds", "shipments", "products"}
    assert len(done.lines) == 1 + len(done.held), "said once, not once for each endpoint"


def test_a_variable_that_is_not_set_is_named(
    shop: Shopify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(tmp_path, shop, extra=ONLY)
    with pytest.raises(SettingsError, match="variable SHOP_TOKEN is not set") as told:
        check_secrets(settings, {})
    assert str(settings.file) in str(told.value)
    monkeypatch.delenv(ENV)
    done = night(settings)
    assert "variable SHOP_TOKEN is not set" in done.held["order_lines"]
    assert shop.asked == []


def test_the_app_s_token_is_fetched_and_renewed(tmp_path: Path) -> None:
    class App(Shopify):
        given = 0

        def answer(self, asked: Any) -> Reply:
            if asked.path == "/admin/oauth/access_token":
                assert "client_secret=" + TOKEN in asked.text
                assert "client_id=abc" in asked.text
                self.given += 1
                self.token = f"day-{self.given}"
                return Reply({"access_token": self.token, "expires_in": 86399})
            return super().answer(asked)

    with serving(App(order(1), order(2))) as api:
        settings = settings_for(tmp_path, api, extra=f"{ONLY}\nclient_id = 'abc'")
        assert night(settings).held == {}
        assert ids(settings) == ["1", "1", "2", "2"]
        api.always = Reply({"error": "invalid_client"}, 400)
        told = night(settings, 1).held["order_lines"]
        assert "gives the app no token (it answered 400): check client_id" in told


def test_what_lands_and_what_stays_holds_no_token_and_no_address(
    shop: Shopify, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path, shop, extra=ONLY)
    night(settings)
    for path in settings.paths.lake.rglob("*"):
        if path.is_file():
            text = path.read_bytes()
            assert TOKEN.encode() not in text, path
            assert b"Quixworth" not in text, path
    entry = json.loads(next((settings.paths.lake / "log").glob("*.json")).read_text())
    assert list(entry["cursors"]["shop"]) == ["orders"]
    assert entry["cursors"]["shop"]["orders"] >= START.isoformat()


def test_nobody_else_is_spoken_to(shop: Shopify, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, shop, extra=ONLY)
    script = (
        "import sys\n"
        "def look(name, told):\n"
        "    if name == 'socket.connect': print('to', told[1][1], flush=True)\n"
        "    if name == 'socket.getaddrinfo': print('name', told[0], flush=True)\n"
        "sys.addaudithook(look)\n"
        "from flows import environment; environment.prepare(1)\n"
        "from datetime import date; from pathlib import Path; from flows.settings import load_settings\n"
        "from flows.lake import Lake; from flows.pull import pull\n"
        f"s = load_settings(Path({str(settings.file)!r}), {{}}); pull(s, Lake(s.paths.lake), date(2026, 11, 20))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, ENV: TOKEN, "HOME": str(tmp_path / "home")},
        cwd=Path(__file__).parents[3], capture_output=True, text=True, check=True,
    )  # fmt: skip
    port = shop.address.rpartition(":")[2]
    assert set(done.stdout.split("\n")) - {""} == {f"to {port}", "name 127.0.0.1"}
    assert not (tmp_path / "home" / ".dlt").exists()


def test_pages_wait_no_longer_than_words_may_stay(shop: Shopify, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, shop, extra=f"{ONLY}\n[privacy]\ntext_retention_days = 2")
    old = shop.clock() - timedelta(days=3)
    shop.clock = lambda: old
    down_from(shop, 9)
    night(settings)
    assert len(pages_left(settings)) == 4
    shop.always = Reply(b"", 401)
    night(settings, 1)
    assert pages_left(settings) == []


@pytest.mark.parametrize(
    "page",
    [
        {"data": None},
        {"data": {"orders": {"nodes": []}}},
        {"data": {"orders": {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": None}}}},
        {"data": {"orders": {"pageInfo": {"hasNextPage": False}}}},
        {"message": "we are upgrading"},
    ],
)
def test_what_is_no_page_ends_no_list(page: dict[str, Any], shop: Shopify, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, shop, extra=ONLY)
    shop.faults[7] = Reply(page)
    assert "sent what is no page of this API" in night(settings).held["order_lines"]
    assert len(pages_left(settings)) == 2
    assert night(settings, 1).held == {}
    assert ids(settings) == ALL
