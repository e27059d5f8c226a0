"""What an earlier version wrote: its lake goes on, its exports stay readable.

`earlier_version/` was written by the project as it was before what was said lay apart from what
is counted: log entries without format or digests, whole passages in the restricted part.
"""

from __future__ import annotations

import json
import shutil
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from flows.cli import EXIT_FAILED, EXIT_PUBLISHED, EXIT_USAGE, main
from flows.fresh import freshness
from flows.lake import Lake
from flows.lake_health import damaged
from flows.landings import FORMAT
from flows.reader import NewerExport, read_manifest, read_table, snapshot_dir
from flows.settings import load_settings
from flows.staging import read_json
from tests.flows.conftest import digests
from transforms.contracts import CONTRACT_VERSION, EXPORTS

EARLIER = Path(__file__).parent / "earlier_version"
DAY, NEXT = date(2026, 3, 1), date(2026, 3, 2)
TABLES = ("order_lines", "tickets", "conversations", "passages")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    shutil.copytree(EARLIER, tmp_path / "shop")
    return tmp_path / "shop" / "hearcast.toml"


def rows(config: Path, table: str) -> pl.DataFrame:
    order = ["_source", "_version"]
    frame = Lake(config.parent / "lake").versions(table, DAY).collect()
    plain = frame.drop("_file", "_row", "_order", "_words", strict=False)
    return plain.sort(*(c for c in plain.columns if c not in order), *order)


@pytest.mark.usefixtures("prefect_server")
def test_a_lake_of_an_earlier_version_goes_on_with_every_row(config: Path) -> None:
    before = {table: rows(config, table) for table in TABLES}
    assert all(frame.height for frame in before.values())
    exports = config.parent / "exports"
    old = digests(snapshot_dir(exports, DAY), "*")
    assert main(["nightly", "--config", str(config), "--as-of", str(NEXT)]) == EXIT_PUBLISHED
    lake = Lake(config.parent / "lake")
    assert damaged(lake.root, lake.landings()) == {}
    for entry in lake.landings():
        assert f'"format": {FORMAT}' in (lake.root / "log" / f"{entry.number:08d}.json").read_text()
        assert all(None not in part.digests.values() for part in entry.parts)
    assert not list((lake.root / "restricted" / "passages").glob("*.parquet")), "words lie apart"
    for table in TABLES:
        assert rows(config, table).equals(before[table]), table
    assert digests(snapshot_dir(exports, DAY), "*") == old, "what was published stays as it was"
    assert read_manifest(snapshot_dir(exports))["as_of"] == str(NEXT)


def test_exports_of_an_earlier_version_stay_readable(config: Path) -> None:
    exports = config.parent / "exports"
    told = read_manifest(snapshot_dir(exports))
    there = [name for name, entry in told["tables"].items() if "sha256" in entry]
    assert len(there) > 15
    for name in there:
        frame = read_table(exports, name, DAY)
        assert frame.height == told["tables"][name]["rows"]
        assert set(EXPORTS[name].key) & set(frame.columns)
    assert read_table(exports, "forecasts")["mean"].null_count() == 0


def test_the_review_and_explain_draw_a_night_of_an_earlier_version(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["review", "--config", str(config)]) == EXIT_PUBLISHED
    pages = config.parent / "exports" / "review" / f"as_of={DAY}"
    assert {"review.html", "planner.html", "review.xlsx"} <= {p.name for p in pages.iterdir()}
    assert main(["explain", "--config", str(config), "--sku", "S1"]) == EXIT_PUBLISHED
    assert "S1" in capsys.readouterr().out


NEWER = (
    "was published by a newer version of Hearcast (contract version 2; this one knows 1); "
    "upgrade Hearcast"
)


@pytest.fixture
def newer(config: Path) -> Path:
    """The shop after a version with another contract has published its night."""
    manifest = snapshot_dir(config.parent / "exports", DAY) / "manifest.json"
    told = json.loads(manifest.read_text())
    assert told["contract_version"] == CONTRACT_VERSION == 1
    manifest.write_text(json.dumps({**told, "contract_version": 2}))
    return config


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["review"], EXIT_USAGE),
        (["explain", "--sku", "S1"], EXIT_USAGE),
        (["call-list"], EXIT_USAGE),
        (["forget", "--customer", "C1"], EXIT_USAGE),
        (["nightly", "--as-of", str(NEXT)], EXIT_FAILED),
        (["backfill", "--from", str(DAY), "--to", str(DAY), "--as-published"], EXIT_FAILED),
    ],
    ids=lambda one: one[0] if isinstance(one, list) else "",
)
@pytest.mark.usefixtures("prefect_server")
def test_exports_of_a_newer_version_are_refused_in_one_line(
    newer: Path, command: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = newer.parent / "lake"
    before = digests(lake, "*.[jp]*"), digests(newer.parent / "exports" / "snapshots", "*")
    assert main([*command, "--config", str(newer)]) == code
    told = capsys.readouterr().err
    assert NEWER in told
    assert "Traceback" not in told
    after = digests(lake, "*.[jp]*"), digests(newer.parent / "exports" / "snapshots", "*")
    assert after == before, "neither lake nor exports are changed"


def test_readers_and_monitors_refuse_exports_of_a_newer_version(newer: Path) -> None:
    with pytest.raises(NewerExport, match="upgrade Hearcast"):
        read_table(newer.parent / "exports", "forecasts")
    published = read_json(newer.parent / "exports" / "freshness.json") or {}
    now = datetime.fromisoformat(str(published["published_at"]))
    found = freshness(load_settings(newer, {}), now)
    assert not found.good
    assert NEWER in found.line


@pytest.mark.usefixtures("prefect_server")
def test_a_lake_of_a_newer_version_stops_the_night_in_one_line(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = config.parent / "lake" / "log" / "00000001.json"
    entry.write_text(entry.read_text().replace("{", '{"format": 99,', 1))
    before = digests(config.parent / "lake", "*.[jp]*")
    assert main(["nightly", "--config", str(config), "--as-of", str(NEXT)]) == EXIT_FAILED
    told = capsys.readouterr().err
    assert "was written by a newer version of Hearcast (format 99; this one knows 2)" in told
    assert "Traceback" not in told
    assert digests(config.parent / "lake", "*.[jp]*") == before
