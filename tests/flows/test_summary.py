"""What the planner is told: the right rows, each thing once, and never nothing without a word."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from flows.cli import EXIT_DEGRADED, EXIT_PUBLISHED, main
from tests.flows.tiny import END, tiny_shop

pytestmark = pytest.mark.usefixtures("prefect_server")


def told(config: Path, capsys: pytest.CaptureFixture[str], as_of: date = END, code: int = 0) -> str:
    capsys.readouterr()
    assert main(["nightly", "--config", str(config), "--as-of", as_of.isoformat()]) == code
    return capsys.readouterr().out


def test_a_category_called_total_is_not_taken_for_the_total(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tiny_shop(tmp_path)
    orders = tmp_path / "in" / "orders.csv"
    lines = pl.read_csv(orders, infer_schema=False)
    name = pl.when(pl.col("sku") == "S1").then(pl.lit("total")).otherwise("category")
    lines.with_columns(name.alias("category")).write_csv(orders)
    rows = [line for line in told(config, capsys).splitlines() if line.startswith("  total")]
    forecasts = [line for line in rows if "[" in line]
    assert [line.count("[") for line in forecasts] == [4, 4]
    assert forecasts[0] != forecasts[1]


def test_the_finest_level_alone_is_shown_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tiny_shop(tmp_path)
    config.write_text(config.read_text().replace("[forecast]", '[forecast]\nlevels = ["sku"]'))
    assert "  S1  " in told(config, capsys)


def test_a_shop_without_a_complete_week_is_told_why_there_is_no_forecast(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "none: no series can be forecast yet" in told(tiny_shop(tmp_path, days=2), capsys)


def test_words_that_nobody_can_read_are_spoken_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tiny_shop(tmp_path)
    text = config.read_text().replace('"in/*"', '"in/orders*"\npassages = "in/chat.csv"')
    config.write_text(text)
    (tmp_path / "in" / "chat.csv").write_text(
        "passage_id,conversation_id,text,channel,said_at,language\n"
        + "".join(f"p{i},c{i},Ist das haltbar?,chat,2026-11-0{i}T10:00:00Z,de\n" for i in (1, 2))
    )
    assert "none of 2 passages can be tagged" in told(config, capsys)


def test_a_held_table_is_explained_once_and_names_the_targets_that_stand_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tiny_shop(tmp_path)
    text = config.read_text().replace('"in/*"', '"in/orders*"\nrefunds = "in/refunds.csv"')
    config.write_text(text)
    refunds = tmp_path / "in" / "refunds.csv"
    lines = "".join(f"r{i},S{i % 5},2026-{1 + i % 9:02d}-15T10:00:00Z,1\n" for i in range(90))
    refunds.write_text("refund_id,sku,refunded_at,quantity\n" + lines)
    told(config, capsys, date(2026, 11, 14), EXIT_PUBLISHED)
    refunds.write_text("refund,sku,refunded_at,quantity\n" + lines)
    found = told(config, capsys, END, EXIT_DEGRADED)
    assert found.count("'refund_id' is missing") == 1
    assert "  forecasts: rung stale for returns\n" in found
