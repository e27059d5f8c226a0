"""Locks in a bucket: one holder, given back or lapsed, and nothing written by who lost it."""

from __future__ import annotations

import threading
import time

import pytest

from flows.alone import AnotherNight
from flows.storage import ObjectPath, storage_of
from flows.storage.lease import Lease, LeaseLostError


class Dead(Lease):
    """A lease whose holder was killed: nobody renews it."""

    def _keep(self) -> None:
        return


def test_a_second_night_is_turned_away_at_once_and_admitted_when_the_first_ends(
    root: ObjectPath,
) -> None:
    storage = storage_of(root)
    with storage.alone(root):
        began = time.monotonic()
        with pytest.raises(AnotherNight, match="another night is running on the lake s3://"), storage.alone(root):  # fmt: skip
            pass
        assert time.monotonic() - began < 10
    with storage.alone(root):
        pass


def test_a_living_holder_keeps_it_for_longer_than_a_lease(root: ObjectPath) -> None:
    with storage_of(root).alone(root):
        time.sleep(2 * root.access.lease_seconds)
        assert not Lease(root / ".lock").take()


def test_what_a_killed_holder_left_lapses(root: ObjectPath) -> None:
    assert Dead(root / ".lock").take()
    assert not Lease(root / ".lock").take()
    time.sleep(root.access.lease_seconds + 2)
    taken = Lease(root / ".lock")
    assert taken.take()
    taken.release()


def test_only_one_of_many_takes_a_lapsed_lock(root: ObjectPath) -> None:
    assert Dead(root / ".lock").take()
    time.sleep(root.access.lease_seconds + 2)
    leases = [Lease(root / ".lock") for _ in range(6)]
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
    root: ObjectPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = storage_of(root)
    monkeypatch.setattr("flows.storage.bucket.Lease", Dead)
    with storage.alone(root):
        storage.create(root / "log" / "1.json", b"{}")
        time.sleep(root.access.lease_seconds + 2)
        next_one = Lease(root / ".lock")
        assert next_one.take()
        for act in (
            lambda: storage.create(root / "log" / "2.json", b"{}"),
            lambda: storage.write(root / "tables" / "a", b""),
            lambda: storage.delete(root / "log" / "1.json"),
        ):
            with pytest.raises(LeaseLostError, match="Run the night again"):
                act()
    assert not Lease(root / ".lock").take(), "the next holder's lock was not given back for it"
    next_one.release()
    assert [one.path.name for one in (root / "log").listed()] == ["1.json"]


def test_waiting_for_a_lock(root: ObjectPath) -> None:
    storage, order = storage_of(root), []

    def second() -> None:
        with storage.locked(root / ".lock"):
            order.append("second")

    with storage.locked(root / ".lock"):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(1)
        order.append("first")
    thread.join(30)
    assert order == ["first", "second"]
