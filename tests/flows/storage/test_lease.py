"""Locks in a bucket: one holder, given back or lapsed, and nothing written by who lost it."""

from __future__ import annotations

import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from flows.alone import AnotherNight
from flows.errors import StoreError
from flows.storage import Access, ObjectPath, storage_of
from flows.storage.lease import Lease, LeaseLostError


class Dead(Lease):
    """A lease whose holder was killed: nobody renews it."""

    def _keep(self) -> None:
        return


def test_a_second_night_is_turned_away_at_once_and_admitted_when_the_first_ends(
    brief: ObjectPath,
) -> None:
    storage = storage_of(brief)
    with storage.alone(brief):
        began = time.monotonic()
        with pytest.raises(AnotherNight, match=f"another night is running on the lake {brief}"), storage.alone(brief):  # fmt: skip
            pass
        assert time.monotonic() - began < 10
    with storage.alone(brief):
        pass


def test_a_living_holder_keeps_it_for_longer_than_a_lease(brief: ObjectPath) -> None:
    with storage_of(brief).alone(brief):
        time.sleep(1.5 * brief.access.lease_seconds)
        assert not Lease(brief / ".lock").take()


def test_what_a_killed_holder_left_lapses(brief: ObjectPath) -> None:
    assert Dead(brief / ".lock").take()
    assert not Lease(brief / ".lock").take()
    time.sleep(brief.access.lease_seconds + 1.5)
    taken = Lease(brief / ".lock")
    assert taken.take()
    taken.release()


def test_only_one_of_many_takes_a_lapsed_lock(brief: ObjectPath) -> None:
    assert Dead(brief / ".lock").take()
    time.sleep(brief.access.lease_seconds + 1.5)
    leases = [Lease(brief / ".lock") for _ in range(6)]
    won: list[Lease] = []
    threads = [
        threading.Thread(target=lambda one=one: won.append(one) if one.take() else None)
        for one in leases
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(won) == 1
    won[0].release()


def test_who_lost_the_lock_writes_nothing_more_and_leaves_the_next_holder_alone(
    brief: ObjectPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = storage_of(brief)
    monkeypatch.setattr("flows.storage.bucket.Lease", Dead)
    with storage.alone(brief):
        storage.create(brief / "log" / "1.json", b"{}")
        time.sleep(brief.access.lease_seconds + 1.5)
        next_one = Lease(brief / ".lock")
        assert next_one.take()
        for act in (
            lambda: storage.create(brief / "log" / "2.json", b"{}"),
            lambda: storage.write(brief / "tables" / "a", b""),
            lambda: storage.delete(brief / "log" / "1.json"),
        ):
            with pytest.raises(LeaseLostError, match="Run the night again"):
                act()
    assert not Lease(brief / ".lock").take(), "the next holder's lock was not given back for it"
    next_one.release()
    assert [one.path.name for one in (brief / "log").listed()] == ["1.json"]


class Deaf(BaseHTTPRequestHandler):
    """Hands requests on to the server without their conditions, as an old server would read them."""

    server_to: str

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"] or 0))
        kept = {k: v for k, v in self.headers.items() if k.lower() not in ("if-none-match", "host")}
        asked = urllib.request.Request(self.server_to + self.path, body, kept, method="PUT")
        with urllib.request.urlopen(asked, timeout=30) as answer:
            self.send_response(200)
            self.send_header("ETag", answer.headers["ETag"])
            self.send_header("content-length", "0")
            self.end_headers()

    def log_message(self, *_: object) -> None:
        return


def test_a_storage_that_does_not_know_conditions_is_refused(s3: str, s3_server: str) -> None:
    handler = type("To", (Deaf,), {"server_to": s3_server})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as deaf:
        threading.Thread(target=deaf.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{deaf.server_address[1]}"
        root = ObjectPath.of(f"{s3}/shop", Access(url, allow_http=True))
        with pytest.raises(StoreError, match="does not know conditional writes"), storage_of(root).alone(root):  # fmt: skip
            pass
        deaf.shutdown()
    assert not (ObjectPath.of(f"{s3}/shop") / ".lock").is_file()


def test_waiting_for_a_lock(brief: ObjectPath) -> None:
    storage, order = storage_of(brief), []

    def second() -> None:
        with storage.locked(brief / ".lock"):
            order.append("second")

    with storage.locked(brief / ".lock"):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(1)
        order.append("first")
    thread.join(30)
    assert order == ["first", "second"]
