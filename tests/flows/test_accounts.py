"""What was held back and is read again, and what is no longer there: each file is accounted for once."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import polars as pl

from flows.accounts import standing
from flows.lake import Lake
from flows.pull import pull, report_table
from flows.settings import load_settings
from tests.flows.tiny import order_rows
from tests.flows.written import write_config

DAY = date(2026, 3, 1)


def shop(folder: Path) -> Lake:
    """A shop with two files, one of many days and one of a day."""
    (folder / "in").mkdir(parents=True)
    order_rows(DAY - timedelta(days=30), DAY).write_parquet(folder / "in" / "a.parquet")
    order_rows(DAY, DAY, seed=7).write_parquet(folder / "in" / "b.parquet")
    write_config(folder, {"order_lines": "in/*.parquet"})
    return Lake(folder / "lake")


def night(folder: Path, lake: Lake, day: date) -> bool:
    """Pulls; whether something was held back."""
    return bool(pull(load_settings(folder / "hearcast.toml", {}), lake, day).held)


def test_a_pull_that_was_held_and_is_mended_is_told_of_as_if_it_had_been_whole(
    tmp_path: Path,
) -> None:
    mended, whole = shop(tmp_path / "mended"), shop(tmp_path / "whole")
    late = tmp_path / "mended" / "in" / "b.parquet"
    content = late.read_bytes()
    late.write_bytes(content[: len(content) // 2])
    assert night(tmp_path / "mended", mended, DAY)
    assert report_table(mended, DAY)["held"].to_list() == [True, True]
    late.write_bytes(content)
    assert not night(tmp_path / "mended", mended, DAY)
    assert not night(tmp_path / "whole", whole, DAY)
    assert report_table(mended, DAY).equals(report_table(whole, DAY))
    for lake, entries in ((mended, 2), (whole, 1)):
        told = [(row["file"], row["rows_in"]) for _, row in standing(lake.landings())]
        assert told == [("in/a.parquet", told[0][1]), ("in/b.parquet", told[1][1])]
        assert len(lake.landings()) == entries


def test_what_is_held_still_is_told_of_once(tmp_path: Path) -> None:
    lake = shop(tmp_path / "shop")
    (tmp_path / "shop" / "in" / "b.parquet").write_bytes(b"PAR1")
    for days in range(3):
        assert night(tmp_path / "shop", lake, DAY + timedelta(days=days))
    assert [row["file"] for _, row in standing(lake.landings())] == ["in/a.parquet", "in/b.parquet"]


def test_a_snapshot_that_could_not_be_read_and_comes_back_the_same_is_well_again(
    tmp_path: Path,
) -> None:
    shop(tmp_path)
    config = tmp_path / "hearcast.toml"
    snapshot = 'products = { path = "products.csv", mode = "snapshot" }\n'
    config.write_text(config.read_text() + snapshot)
    lake, file = Lake(tmp_path / "lake"), tmp_path / "products.csv"
    whole = "sku,lead_time_days\n" + "".join(f"S{n},10\n" for n in range(40))

    def told(days: int) -> pl.DataFrame:
        night(tmp_path, lake, DAY + timedelta(days=days))
        return report_table(lake, DAY + timedelta(days=days)).filter(table="products")

    file.write_text(whole)
    account = told(0)
    assert account["rows_good"].to_list() == [40]
    for days, content in ((1, "item\nS1\n"), (3, None)):
        if content is None:
            file.unlink()
        else:
            file.write_text(content)
        (row,) = told(days).iter_rows(named=True)
        assert row["problem"].startswith("products.csv: ")
        assert row["held"] == (content is not None)
        file.write_text(whole)
        assert told(days + 1).equals(account)
        assert lake.quarantine(DAY + timedelta(days=days + 1)).is_empty()
