"""A lake and exports that were lost come back from their backup: the next night is as if nothing had been."""

from __future__ import annotations

import shutil
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from flows.cli import EXIT_PUBLISHED, main
from flows.lake import Lake
from flows.reader import read_manifest, snapshot_dir
from tests.flows.conftest import digests
from tests.flows.tiny import END, order_rows, tiny_shop

pytestmark = pytest.mark.usefixtures("prefect_server")
NEXT = END + timedelta(days=7)


def night(config: Path, as_of: object) -> int:
    return main(["nightly", "--config", str(config), "--as-of", str(as_of)])


def shop_with_a_backup(folder: Path) -> Path:
    """A shop with one published night, backed up, and a second delivery waiting."""
    config = tiny_shop(folder)
    assert night(config, END) == EXIT_PUBLISHED
    for name in ("lake", "exports"):
        shutil.copytree(folder / name, folder / "backup" / name, symlinks=True)
    order_rows(END + timedelta(days=1), NEXT, seed=8).write_csv(folder / "in" / "later.csv")
    return config


def restore(folder: Path, *names: str) -> None:
    for name in ("lake", "exports"):
        shutil.rmtree(folder / name)
    for name in names:
        shutil.copytree(folder / "backup" / name, folder / name, symlinks=True)


def rows(folder: Path) -> list[tuple[object, ...]]:
    return Lake(folder / "lake").versions("order_lines", NEXT).collect().sort("_order").rows()


@pytest.mark.soak
def test_a_restored_lake_and_exports_give_the_night_that_was_lost(tmp_path: Path) -> None:
    config = shop_with_a_backup(tmp_path)
    assert night(config, NEXT) == EXIT_PUBLISHED
    lost, told = digests(tmp_path / "exports" / "latest"), rows(tmp_path)
    restore(tmp_path, "lake", "exports")
    assert read_manifest(snapshot_dir(tmp_path / "exports"))["as_of"] == str(END)
    assert night(config, NEXT) == EXIT_PUBLISHED
    assert digests(tmp_path / "exports" / "latest") == lost
    assert rows(tmp_path) == told
    assert stat.S_IMODE((tmp_path / "lake").stat().st_mode) == 0o700


@pytest.mark.soak
def test_lost_exports_come_back_from_the_lake(tmp_path: Path) -> None:
    config = shop_with_a_backup(tmp_path)
    before = digests((tmp_path / "exports" / f"as_of={END}").resolve())
    restore(tmp_path, "lake")
    assert night(config, NEXT) == EXIT_PUBLISHED
    span = ["--from", str(END), "--to", str(END)]
    assert main(["backfill", "--config", str(config), *span]) == EXIT_PUBLISHED
    assert digests((tmp_path / "exports" / f"as_of={END}").resolve()) == before
    assert read_manifest(snapshot_dir(tmp_path / "exports"))["as_of"] == str(NEXT)
