"""Nothing of a person who was forgotten is left in lake or exports: every byte is searched, after real nights."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import polars as pl
import pytest

from flows.audits import draw_sheet, read_sheet
from flows.cli import EXIT_PUBLISHED, main
from flows.exports import snapshot_problems
from flows.reader import read_manifest, read_table, snapshot_dir
from flows.settings import load_settings
from tests.flows.conftest import digests
from tests.flows.deployed import until
from tests.flows.erasing import Reader, end_state, killed, whole
from tests.flows.one_person import (
    ADA,
    NIGHTS,
    contents,
    hashed_in,
    hashes_of_ada,
    one_person,
    told_in,
)

pytestmark = pytest.mark.usefixtures("prefect_server")
TOUCHED = {"customers", "identity_edges", "phrase_stats", "quarantine"}
"""Published tables in which a person can stand."""


@pytest.fixture(scope="module")
def lived(
    tmp_path_factory: pytest.TempPathFactory,
    prefect_server: None,  # noqa: ARG001 - the nights need it
) -> Path:
    """Two nights, two audit sheets of which one was read back, and what a killed night left."""
    folder = tmp_path_factory.mktemp("everything") / "shop"
    config = one_person(folder)
    for night in NIGHTS:
        command = ["nightly", "--config", str(config), "--as-of", str(night)]
        assert main(command) == EXIT_PUBLISHED
    settings, lake = load_settings(config, {}), folder / "lake"
    draw_sheet(settings, lake / "audits" / "sheet.csv", n=400, weeks=8, seed=0)
    draw_sheet(settings, folder / "sheet elsewhere.csv", n=400, weeks=8, seed=0)
    marked = pl.read_csv(folder / "sheet elsewhere.csv", infer_schema=False)
    marked = marked.with_columns(pl.lit("x").alias("none"))
    marked.write_csv(folder / "sheet elsewhere.csv", separator=";")
    read_sheet(settings, folder / "sheet elsewhere.csv")
    (lake / "work" / "dead").mkdir(parents=True)
    left = folder / "exports" / ".staging" / "dead"
    left.mkdir(parents=True)
    for at in (lake / "work" / "dead", left):
        shutil.copy(snapshot_dir(folder / "exports") / "phrase_stats.parquet", at)
    (lake / "kept").mkdir(exist_ok=True)
    shutil.copy(next((lake / "restricted").rglob("*.parquet")), lake / "kept" / ".x.parquet.1.tmp")
    return folder


@pytest.fixture
def shop(lived: Path, tmp_path: Path) -> Path:
    return copied(lived, tmp_path / "shop")


def copied(lived: Path, copy: Path) -> Path:
    shutil.copytree(lived, copy, symlinks=True)
    for path in (copy / "lake" / "audits").rglob("sheets.json"):
        path.write_text(path.read_text().replace(str(lived.resolve()), str(copy.resolve())))
    return copy


def snapshots(shop: Path) -> dict[str, Path]:
    return {str(night): snapshot_dir(shop / "exports", night) for night in NIGHTS}


def test_the_shop_shows_the_person_everywhere(lived: Path) -> None:
    """Else the search would prove nothing."""
    where = {path.split("/")[0] for path in told_in(lived / "lake")}
    assert where >= {"tables", "restricted", "quarantine", "audits", "work", "kept"}
    for path in snapshots(lived).values():
        told = {name for name in told_in(path) if told_in(path)[name]}
        assert {"phrase_stats.parquet", "quarantine.parquet"} <= told
        # Nights with enough history have segments, too.
        assert hashed_in(path, hashes_of_ada(lived / "hearcast.toml")) - {"segments.parquet"} == {
            "customers.parquet",
            "identity_edges.parquet",
        }
    assert "zyxquartz" in (lived / "sheet elsewhere.csv").read_text()


def test_nothing_of_the_person_is_left(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, hashes = shop / "hearcast.toml", hashes_of_ada(shop / "hearcast.toml")
    before = {night: (digests(path), path) for night, path in snapshots(shop).items()}
    audited = read_table(shop / "exports", "phrase_stats")
    assert main(["forget", "--config", str(config), "--customer", ADA]) == EXIT_PUBLISHED
    report = capsys.readouterr().out
    assert told_in(shop / "lake") == {}
    assert told_in(shop / "exports") == {}
    assert hashed_in(shop / "exports", hashes) == set()
    (record,) = (shop / "lake" / "erasures").glob("*.json")
    assert hashed_in(shop / "lake", hashes) == {f"erasures/{record.name}"}, "the tombstone alone"
    assert "zyxquartz" not in (shop / "sheet elsewhere.csv").read_text()
    assert "lines of audit sheets: 2 (sheets that could not be opened: 0)" in report
    for night, path in snapshots(shop).items():
        old, gone = before[night]
        assert not gone.exists()
        changed = {
            n.removesuffix(".parquet") for n, digest in digests(path).items() if digest != old[n]
        }
        assert changed - {"segments", "catalogue"} == TOUCHED, (
            "forecasts, tags and counts are what they were"
        )
        listed = read_table(shop / "exports", "catalogue", night).filter(
            pl.col("rows").is_not_null()
        )
        for name, rows in listed.select("table", "rows").unique().iter_rows():
            assert read_table(shop / "exports", name, night).height == rows, name
        assert snapshot_problems(path) == []
        assert read_manifest(path)["amends"] == gone.name
    told = read_table(shop / "exports", "phrase_stats")
    examples = [c for c in told.columns if c.startswith(("example", "quote"))]
    assert told.drop(examples).equals(audited.drop(examples)), "counts stay"
    smell = told.filter(pl.col("phrase").str.contains("smell"), "is_candidate")
    assert smell.height
    assert smell["quote_1"].str.contains("strange smell of paint here").all(), "another one's words"


def test_the_persons_lines_of_a_sheet_keep_their_marks(shop: Path) -> None:
    config = shop / "hearcast.toml"
    before = pl.read_csv(shop / "sheet elsewhere.csv", separator=";", infer_schema=False)
    assert main(["forget", "--config", str(config), "--customer", ADA]) == EXIT_PUBLISHED
    after = pl.read_csv(shop / "sheet elsewhere.csv", separator=";", infer_schema=False)
    assert after.drop("text").equals(before.drop("text"))
    assert after["text"].null_count() == 1
    labels = [path for path, _ in contents(shop / "lake" / "audits") if "labels" in path.name]
    assert pl.read_parquet(labels[0]).height == before.height
    settings = load_settings(config, {})
    read_sheet(settings, shop / "sheet elsewhere.csv")
    draw_sheet(settings, shop / "again.csv", n=400, weeks=8, seed=0)
    drawn = pl.read_csv(shop / "again.csv", infer_schema=False)
    assert drawn.height == before.height - 1, "nobody can label what is not there"
    assert drawn["text"].null_count() == 0


def test_a_night_does_again_what_an_earlier_version_called_done(shop: Path) -> None:
    """It did not reach quotes yet."""
    config = shop / "hearcast.toml"
    kept = {night: shutil.copytree(path, shop / night) for night, path in snapshots(shop).items()}
    assert main(["forget", "--config", str(config), "--customer", ADA]) == EXIT_PUBLISHED
    (record,) = (shop / "lake" / "erasures").glob("*.json")
    record.write_text(record.read_text().replace('"reach": 2,', ""))
    for night, path in snapshots(shop).items():
        shutil.copy(kept[night] / "phrase_stats.parquet", path)
    assert told_in(shop / "exports") != {}
    command = ["nightly", "--config", str(config), "--as-of", str(NIGHTS[-1])]
    assert main(command) == EXIT_PUBLISHED
    assert told_in(shop / "exports") == {}
    assert "amends" not in read_manifest(snapshot_dir(shop / "exports")), (
        "made anew, by a whole night"
    )


def trials(lived: Path, folder: Path, kills: int, seed: int) -> int:
    """Kills erasures of one shop at random moments, then lets one end; how many were really killed."""
    control, home, moments = copied(lived, folder / "control"), folder / "home", random.Random(seed)
    seconds = whole(control / "hearcast.toml", home, ADA)
    shop = copied(lived, folder / "shop")
    config, before = shop / "hearcast.toml", snapshot_dir(shop / "exports").name
    hit = 0
    with Reader(shop / "exports") as reader:
        # One that has ended leaves nothing to be killed; on a busy machine that is the first at times.
        while hit < kills and killed(config, home, ADA, moments.uniform(0, 0.7 * seconds)):
            hit += 1
        whole(config, home, ADA)
        after = snapshot_dir(shop / "exports").name
        until(lambda: bool(reader.wrong) or after in reader.seen, "the erasure's end to be read")
    assert reader.wrong == []
    assert before in reader.seen
    assert told_in(shop / "lake") == told_in(shop / "exports") == {}
    ours, theirs = end_state(shop), end_state(control)
    assert {key for key in ours if ours[key] != theirs[key]} == set()
    return hit


def test_a_killed_erasure_leaves_latest_whole_and_the_next_run_ends_the_same(
    lived: Path, tmp_path: Path
) -> None:
    found = (trials(lived, tmp_path / str(seed), kills=3, seed=seed) for seed in range(4))
    assert any(found), "none of four was killed before it ended"


@pytest.mark.soak
def test_many_killed_erasures(lived: Path, tmp_path: Path) -> None:
    hit = [trials(lived, tmp_path / str(n), kills=5, seed=100 + n) for n in range(16)]
    assert sum(hit) >= 16, hit
