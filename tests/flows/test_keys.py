"""Where the key of join keys comes from."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from flows.keys import NoKey, keyring
from flows.lake import Lake, LakeError, Landing
from flows.settings import load_settings
from tests.flows.written import write_config
from tests.rows import good, line
from transforms.contracts import INPUTS
from transforms.landing import land_rows
from transforms.privacy import Keyring, key_id

DAY = date(2026, 3, 10)


def lake_with(folder: Path, rows: list[dict[str, object]]) -> Lake:
    lake = Lake(folder)
    table = INPUTS["order_lines"]
    fresh = land_rows(
        good("order_lines", rows), table.empty(), table, source="main", landed_as_of=DAY, latency_days=0, timezone="UTC", first=True
    ).fresh  # fmt: skip
    lake.commit(Landing(1, DAY, (lake.write_part(1, "order_lines", "main", fresh),)))
    return lake


def ring(tmp_path: Path, lake: Lake, extra: str = "") -> Keyring:
    return keyring(load_settings(write_config(tmp_path, {"order_lines": "in/*"}, extra), {}), lake)


def test_the_lakes_own_key_follows_from_what_landed_first_whatever_the_order_of_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HEARCAST_HMAC_KEY", raising=False)
    rows = [line(order_id=f"o{i}", customer_id=f"c{i}") for i in range(5)]
    one = ring(tmp_path, lake_with(tmp_path / "a", rows)).current
    assert ring(tmp_path, lake_with(tmp_path / "b", rows[::-1])).current == one
    assert ring(tmp_path, lake_with(tmp_path / "c", rows[1:])).current != one
    assert ring(tmp_path, Lake(tmp_path / "a")).current == one, "kept"
    assert (tmp_path / "a" / "key").stat().st_mode & 0o077 == 0
    with pytest.raises(LakeError, match="run a night first"):
        ring(tmp_path, Lake(tmp_path / "empty"))


def test_the_environment_counts_before_the_lake_which_stays_an_old_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = lake_with(tmp_path / "lake", [line()])
    own = lake.own_key()
    monkeypatch.setenv("HEARCAST_HMAC_KEY", "new")
    monkeypatch.setenv("HEARCAST_HMAC_KEY_OLD", "older, new,oldest")
    found = ring(tmp_path, lake)
    assert found.current == b"new"
    assert found.old == (b"older", b"oldest", own)
    assert found.named(key_id(b"oldest")) == b"oldest"
    assert found.named(key_id(b"other")) is None


@pytest.mark.usefixtures("prefect_server")
def test_a_prefect_block_counts_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from prefect.blocks.system import Secret  # noqa: PLC0415

    Secret(value="in the block").save("join-key", overwrite=True)
    Secret(value="an old one").save("old-key", overwrite=True)
    monkeypatch.setenv("HEARCAST_HMAC_KEY", "in the environment")
    lake = lake_with(tmp_path / "lake", [line()])
    found = ring(
        tmp_path, lake, "[privacy]\nkey_block = 'join-key'\nold_key_blocks = ['old-key']\n"
    )
    assert (found.current, found.old) == (b"in the block", (b"an old one",))
    with pytest.raises(NoKey, match="no Prefect Secret block is named 'absent'"):
        ring(tmp_path, lake, "[privacy]\nkey_block = 'absent'\n")
