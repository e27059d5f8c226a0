"""Audits from the lake to the published table, with the simulated truth for a labeller."""

from __future__ import annotations

import argparse
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from flows import stages
from flows.audits import AuditRefusal, draw_sheet, read_sheet, run, tag_audit
from flows.commands import run as command
from flows.lake import Lake
from flows.night import open_night
from flows.settings import Settings
from tests.flows.conftest import AS_OF
from transforms.contracts import EXPORTS
from transforms.contracts.check import violations

SIGNALS = ("stocking_up", "delivery_worry", "product_question", "checkout_problem")


@pytest.fixture
def settings(config: Path) -> Settings:
    """Settings of a small brand whose files have landed."""
    night = open_night(str(config), AS_OF)
    stages.pull(night)
    night.close()
    return night.settings


def labelled(sheet: Path, brand: Path, rows: int | None = None) -> Path:
    """The sheet as somebody who knows the truth would give it back: semicolons, Excel's habits."""
    truth = pl.read_parquet(brand / "truth_passages.parquet").select("passage_id", "signals")
    frame = pl.read_csv(sheet, infer_schema=False).join(truth, on="passage_id", how="left")
    assert frame["signals"].null_count() == 0
    names = frame.columns[6:-2]
    marks = [
        pl.when(pl.col("signals").list.contains(name)).then(pl.lit("1")).otherwise(pl.lit("")).alias(name)
        for name in names
    ]  # fmt: skip
    none = pl.when(pl.col("signals").list.len() == 0).then(pl.lit("x")).otherwise(pl.lit(""))
    told = frame.with_columns(*marks, none.alias("none")).drop("signals").head(rows or frame.height)
    back = sheet.with_name("back.csv")
    told.write_csv(back, separator=";", line_terminator="\r\n")
    return back


def test_labels_correct_the_shares_that_the_tagger_finds(
    settings: Settings, brand_folder: Path, tmp_path: Path
) -> None:
    by_rules = settings.tagging.model_copy(update={"tagger": "rules"})
    settings = settings.model_copy(update={"tagging": by_rules})
    sheet = tmp_path / "sheet.csv"
    draw_sheet(settings, sheet, n=250, weeks=40, seed=3)
    before = sheet.read_bytes()
    draw_sheet(settings, sheet, n=250, weeks=40, seed=3)
    assert sheet.read_bytes() == before, "the same draw again"
    assert sheet.stat().st_mode & 0o077 == 0, "customers' words are for their reader only"
    assert b"@" not in before
    read_sheet(settings, labelled(sheet, brand_folder))
    lake = Lake(settings.paths.lake)
    found = tag_audit(lake, date.max)
    assert violations(EXPORTS["tag_audit"], found) == []
    assert found["n_audited"].unique().to_list() == [250]
    truth = pl.read_parquet(brand_folder / "truth_passages.parquet")
    for row in found.filter(pl.col("signal").is_in(SIGNALS)).iter_rows(named=True):
        true = truth.filter(pl.col("speaker") == "customer").select(
            pl.col("signals").list.contains(row["signal"]).mean()
        )
        assert row["share_corrected_lo"] - 0.01 <= true.item() <= row["share_corrected_hi"] + 0.01
        if row["signal"] == "product_question":
            # Rules take questions about durability for it, too: the audit tells.
            assert row["precision_hi"] < 0.7
            assert row["share_tagged"] > 1.5 * true.item()


def test_labels_count_from_their_day_and_the_newest_ones_stand(
    settings: Settings, brand_folder: Path, tmp_path: Path
) -> None:
    sheet = tmp_path / "sheet.csv"
    draw_sheet(settings, sheet, n=80, weeks=40, seed=0)
    lake = Lake(settings.paths.lake)
    assert tag_audit(lake, date.max).is_empty()
    read_sheet(settings, labelled(sheet, brand_folder, rows=60))
    read_sheet(settings, labelled(sheet, brand_folder))
    found = tag_audit(lake, date.max)
    assert found["n_audited"].unique().to_list() == [80]
    known = found["labelled_on"].unique().to_list()[0]
    assert tag_audit(lake, known - timedelta(days=1)).is_empty()
    kept = [path for path in (lake.root / "audits").rglob("*") if path.is_file()]
    assert all(path.stat().st_mode & 0o077 == 0 for path in kept)
    assert "text" not in pl.read_parquet(next(p for p in kept if p.name == "drawn.parquet")).columns


def test_what_a_user_gets_wrong_is_one_line_and_exit_code_2(
    settings: Settings, tmp_path: Path
) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("audit_id,number\na123,1\n")
    with pytest.raises(AuditRefusal, match="audit_id"):
        read_sheet(settings, sheet)
    with pytest.raises(AuditRefusal, match="No such file"):
        read_sheet(settings, tmp_path / "nowhere.csv")
    with pytest.raises(AuditRefusal, match="can be written"):
        draw_sheet(settings, tmp_path, n=5, weeks=40, seed=0)
    sheet.write_bytes(b"")
    with pytest.raises(AuditRefusal, match="CSV"):
        read_sheet(settings, sheet)
    arguments = argparse.Namespace(
        command="tagger", verb="audit", config=str(settings.file), out=None,
        labelled=tmp_path / "nowhere.csv", n=200, weeks=13, seed=0,
    )  # fmt: skip
    assert command(arguments) == 2
    arguments.n = 0
    with pytest.raises(AuditRefusal, match="--n"):
        run(arguments, settings)


def test_an_empty_lake_says_what_to_do(config: Path, tmp_path: Path) -> None:
    night = open_night(str(config), AS_OF)
    with pytest.raises(AuditRefusal, match="run a night first"):
        draw_sheet(night.settings, tmp_path / "sheet.csv", n=10, weeks=4, seed=0)
