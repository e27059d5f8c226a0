"""Identities in columns that name series: counted under a placeholder, published nowhere."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from flows.cli import EXIT_PUBLISHED, main
from flows.masking import masked, masked_line
from flows.reader import read_table
from tests.flows.tiny import END, tiny_shop


def test_identities_are_replaced_and_plain_codes_stay() -> None:
    frame = pl.DataFrame(
        {
            "sku": ["ada@example.com", "4006381333931", "+49 151 12345679", "S-1|x", None],
            "category": ["tea", "tea for bob@example.com", "(212) 555-0123", "total", None],
            "quantity": [1.0, 2.0, 3.0, 4.0, 5.0],
        }
    )
    found = masked(frame)
    assert found["sku"].to_list() == ["<EMAIL>", "4006381333931", "<PHONE>", "S-1|x", None]
    assert found["category"].to_list() == ["tea", "tea for <EMAIL>", "<PHONE>", "total", None]
    assert found["quantity"].equals(frame["quantity"])
    assert masked(found).equals(found)


def test_a_name_before_an_address_goes_with_it() -> None:
    frame = pl.DataFrame(
        {"sku": ["Ada Lovelace ada@example.com", "Green Tea", "Tea bob@example.com"]}
    )
    assert masked(frame)["sku"].to_list() == ["<NAME> <EMAIL>", "Green Tea", "Tea <EMAIL>"]


def test_a_frame_without_identities_is_returned_as_it_is() -> None:
    frame = pl.DataFrame({"sku": ["S1", "日本茶", "a b/c"], "text": ["ada@example.com"] * 3})
    assert masked(frame) is frame


def test_the_line_names_the_placeholders_met_and_nothing_else() -> None:
    names = {"sku": ["S1", "<EMAIL>"], "category": ["tea", None], "channel": [None, "web"]}
    listed = pl.DataFrame({**names, "series_id": ["S1", "<EMAIL>"]})
    line = masked_line(listed)
    assert line is not None
    assert "<EMAIL>" in line
    assert "<PHONE>" not in line
    assert masked_line(listed.head(1)) is None


@pytest.mark.usefixtures("prefect_server")
def test_an_address_in_the_sku_column_ends_no_night_and_is_published_nowhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tiny_shop(tmp_path)
    orders = tmp_path / "in" / "orders.csv"
    wrong = "x1,1,ada.lovelace@example.com,tea,2026-11-10T10:00:00Z,7\n"
    orders.write_text(orders.read_text() + wrong)
    command = ["nightly", "--config", str(config), "--as-of", END.isoformat()]
    assert main(command) == EXIT_PUBLISHED
    assert "counted together as <EMAIL>" in capsys.readouterr().out
    weekly = read_table(tmp_path / "exports", "demand_weekly")
    units = weekly.filter(pl.col("series_id") == "<EMAIL>", pl.col("level") == "sku")
    assert units["value"].sum() == 7.0
    for path in (tmp_path / "exports").rglob("*"):
        assert not path.is_file() or b"lovelace" not in path.read_bytes(), path
