"""`hearcast explain` on a night that was really published."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows.cli import EXIT_PUBLISHED, EXIT_USAGE, main
from flows.explain import Night, explain, read_night
from flows.reader import read_table
from flows.settings import load_settings
from tests.flows.conftest import SOURCES
from tests.flows.written import write_config
from transforms.final import forecasts_final


@pytest.fixture(scope="module")
def night(
    tmp_path_factory: pytest.TempPathFactory,
    brand_folder: Path,
    prefect_server: None,  # noqa: ARG001 - it must run before the night does
    run_night: Callable[..., Any],
) -> Path:
    """The configuration of a small brand whose night is published."""
    sources = {table: str(brand_folder / name) for table, name in SOURCES.items()}
    backtest = "[forecast]\nhorizon_weeks = 6\nbacktest_origins = 2\n"
    config = write_config(tmp_path_factory.mktemp("explained"), sources, backtest)
    run_night(config)
    return config


def numbers(lines: list[str]) -> dict[str, float]:
    found = (re.match(r"  (\D+?)\s+([+-]?[\d,]+\.\d)", line) for line in lines)
    return {m.group(1): float(m.group(2).replace(",", "")) for m in found if m}


def test_the_command_shows_a_published_forecast_taken_apart(
    night: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    published = read_table(night.parent / "exports", "forecasts")
    row = published.filter(target="units", level="sku", horizon=2).sort("mean").row(-1, named=True)
    capsys.readouterr()
    day = row["week_start"].isoformat()
    command = ["explain", "--config", str(night), "--sku", row["sku"], "--week", day]
    assert main(command) == EXIT_PUBLISHED
    told = numbers(capsys.readouterr().out.split("\n\n")[0].splitlines())
    assert told["forecast"] == pytest.approx(row["mean"], abs=0.051)
    assert told["recent level"] == pytest.approx(row["flat_mean"], abs=0.051)
    assert told["baseline"] == pytest.approx(row["baseline_mean"], abs=0.051)
    assert main(["explain", "--config", str(night), "--sku", row["sku"]]) == EXIT_PUBLISHED
    assert f"week of {row['week_start']:%d %b %Y}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--sku", "NOT-THERE"], "no SKU NOT-THERE is published"),
        (["--week", "2020-01-01"], "choose a day from"),
        (["--as-of", "2020-01-01"], "no night of 2020-01-01 is published"),
    ],
)
def test_a_mistake_is_one_line_with_the_remedy(
    night: Path, arguments: list[str], says: str, capfd: pytest.CaptureFixture[str]
) -> None:
    sku = read_table(night.parent / "exports", "forecasts")["sku"].drop_nulls().sort()[0]
    base = ["explain", "--config", str(night)]
    base += [] if "--sku" in arguments else ["--sku", sku]
    capfd.readouterr()
    assert main([*base, *arguments]) == EXIT_USAGE
    said = capfd.readouterr().err
    assert says in said
    assert "Traceback" not in said


def with_a_signal(night: Night, sku: str) -> Night:
    """The night as if a signal had been adopted that moves every horizon up to three."""
    tables = dict(night.tables)
    units = tables["forecasts"].filter(sku=sku, target="units").filter(pl.col("horizon") <= 3)
    shared = [c for c in tables["forecast_contributions"].columns if c in units.columns]
    parts = units.select(shared).with_columns(signal=pl.lit("gift"), delta=pl.lit(1.5))
    tables["forecast_contributions"] = parts.select(tables["forecast_contributions"].columns)
    evidence = tables["signal_evidence"].head(1).with_columns(
        signal=pl.lit("gift"), target=pl.lit("units"), category=pl.lit(units["category"][0]),
        status=pl.lit("confirmed"), lead_weeks=pl.lit(3, pl.Int32), effect=pl.lit(0.1),
    )  # fmt: skip
    tables["signal_evidence"] = pl.concat([tables["signal_evidence"], evidence])
    said = datetime(2026, 11, 3, 12, tzinfo=UTC)
    tags = {
        "conversation_id": "c1", "passage_id": "p1", "signal": "gift", "sku": sku,
        "category": units["category"][0], "said_at": said, "span_start": 0, "confidence": 0.9,
    }  # fmt: skip
    tables["tags"] = pl.DataFrame([tags])
    passages = pl.LazyFrame(
        {
            "conversation_id": ["c1"],
            "passage_id": ["p1"],
            "text": ["A gift for my aunt, write to aunt@example.com"],
        }
    )
    return Night(night.as_of, tables, passages)


def test_a_signal_comes_with_its_lead_its_evidence_and_redacted_voices(night: Path) -> None:
    read = read_night(load_settings(night, {}), None)
    sku = read.tables["forecasts"].filter(level="sku", target="units")["sku"].sort()[0]
    lines = "\n".join(explain(with_a_signal(read, sku), sku, date(2026, 11, 24)))
    assert re.search(r"gift +\+1\.5", lines)
    assert "gift leads units of" in lines
    assert "by 3 weeks" in lines
    assert "“A gift for my aunt, write to <EMAIL>” (03 Nov 2026)" in lines
    beyond = "\n".join(explain(with_a_signal(read, sku), sku, date(2026, 12, 20)))
    assert "gift leads by 3" in beyond
    assert "beyond its lead" in beyond


def _first_sku(read: Night) -> str:
    found: str = read.tables["forecasts"].filter(level="sku", target="units")["sku"].sort()[0]
    return found


def test_an_override_is_told_with_what_it_leaves_of_the_forecast(night: Path) -> None:
    read = read_night(load_settings(night, {}), None)
    sku, week = _first_sku(read), date(2026, 11, 23)
    asked = {
        "target": "units", "level": "sku", "series_id": sku, "week_start": week, "value": 4321.0,
        "override_id": "o", "author": "ada", "reason": "the fair", "status": "applied",
    }  # fmt: skip
    final = forecasts_final(read.tables["forecasts"], pl.DataFrame([asked]))
    told = explain(
        Night(read.as_of, {**read.tables, "forecasts_final": final}, read.passages), sku, week
    )
    told = told[: told.index("")]  # units come first
    row = read.tables["forecasts"].filter(series_id=sku, target="units", week_start=week)
    assert numbers(told)["forecast"] == pytest.approx(row["mean"][0], abs=0.051)
    assert numbers(told)["with overrides"] == 4321.0
    assert any("override by ada (the fair): orders rest on it" in line for line in told)
    assert "override" not in "\n".join(explain(read, sku, week))


def test_why_an_adopted_lead_moves_nothing_is_told_apart(night: Path) -> None:
    read = read_night(load_settings(night, {}), None)
    sku, week = _first_sku(read), date(2026, 11, 24)
    full = with_a_signal(read, sku)
    mine = pl.col("sku").eq_missing(sku)
    parts = full.tables["forecast_contributions"]
    silent = {**full.tables, "forecast_contributions": parts.filter(pl.col("signal") != "gift")}
    gift = pl.col("signal") == "gift"
    pooled = pl.when(gift).then(None).otherwise("category").alias("category")
    evidence = silent["signal_evidence"]
    own = "\n".join(explain(Night(read.as_of, silent, full.passages), sku, week))
    assert "what was said in the week that acts changes nothing here" in own
    silent["signal_evidence"] = evidence.with_columns(pooled)
    none = "\n".join(explain(Night(read.as_of, silent, full.passages), sku, week))
    category = parts.filter(mine)["category"][0]
    assert f"over all categories together, but {category} shows nothing of it" in none
    assert "beyond its lead" not in own + none
