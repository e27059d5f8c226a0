"""The programme over nights: lists that stay, contact details that do not leak, people who are forgotten."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import shutil
import stat
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from flows.cli import EXIT_PUBLISHED, EXIT_USAGE, main
from flows.identity import hasher
from flows.lake import Lake
from flows.reader import read_manifest, read_table, snapshot_dir
from flows.settings import load_settings
from flows.simulate import write_brand
from tests.flows.conftest import SOURCES
from tests.flows.written import write_config
from transforms.asof import SOURCE
from transforms.contracts.learning_exports import LEARNING_TABLES
from transforms.contracts.programme_exports import PROGRAMME_TABLES
from transforms.forgetting import ERASED

FIRST, NEXT = date(2026, 11, 15), date(2026, 11, 17)
TABLES = [table.name for table in (*PROGRAMME_TABLES, *LEARNING_TABLES)]
OFFICE = {
    "customers": "customers.csv.gz", "checkouts": "checkouts.parquet",
    "call_attempts": "call_attempts*.parquet", "consents": "consents.parquet",
    "assignments": "assignments.parquet", "insights": "insights.csv.gz",
    "actions": "actions.csv.gz", "touchpoints": "touchpoints.csv",
}  # fmt: skip
EXTRA = "[forecast]\nhorizon_weeks = 2\nbacktest_origins = 1\nlevels = ['total']\n[tagging]\ntagger = 'rules'\n"
pytestmark = pytest.mark.usefixtures("prefect_server")


def command(config: Path, *arguments: str) -> tuple[int, str]:
    """Exit code and what was printed."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = main([arguments[0], "--config", str(config), *arguments[1:]])
    return code, said.getvalue()


@pytest.fixture(scope="module")
def published(
    tmp_path_factory: pytest.TempPathFactory,
    prefect_server: None,  # noqa: ARG001 - the night needs it
) -> Path:
    """A brand's folder with two nights of one week."""
    folder = tmp_path_factory.mktemp("calls") / "brand"
    write_brand(folder / "in", skus=8, weeks=34, seed=11)
    sources = {name: f"in/{file}" for name, file in {**SOURCES, **OFFICE}.items()}
    config = write_config(folder, sources, EXTRA)
    for day in (FIRST, NEXT):
        assert command(config, "nightly", "--as-of", str(day))[0] == EXIT_PUBLISHED
    return folder


@pytest.fixture
def folder(published: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "brand"
    shutil.copytree(published, copy, symlinks=True)
    return copy


def listed(folder: Path, day: date, name: str = "call_list") -> pl.DataFrame:
    return read_table(folder / "exports", name, day)


def keys_of(folder: Path, ids: pl.Series) -> pl.Series:
    settings = load_settings(folder / "hearcast.toml", {})
    by = hasher(settings, Lake(settings.paths.lake).own_key())
    return by.ids(pl.DataFrame({"customer_id": ids}).with_columns(pl.lit("main").alias(SOURCE)))


def test_every_table_is_published_and_none_names_anybody(published: Path) -> None:
    tables = read_manifest(snapshot_dir(published / "exports"))["tables"]
    assert [name for name in TABLES if "sha256" not in tables[name]] == []
    assert listed(published, NEXT)["customer_key"].str.contains("^[0-9a-f]{32}$").all()
    for name in TABLES:
        text = read_table(published / "exports", name).write_ndjson()
        assert "@" not in text
        assert "555-01" not in text


def test_a_list_stays_over_the_nights_of_its_period(published: Path) -> None:
    """The night of the fifteenth, a Sunday, draws the week that begins on the sixteenth."""
    one, two = (listed(published, day) for day in (FIRST, NEXT))
    stays = ["programme", "customer_key", "priority", "arm", "selection_prob", "drawn_on",
             "period_start", "question", "consent"]  # fmt: skip
    assert one.select(stays).sort(stays[:2]).equals(two.select(stays).sort(stays[:2]))
    assert two["drawn_on"].unique().to_list() == [FIRST]
    begins = dict(two.select("programme", "period_start").unique().iter_rows())
    assert begins == {"abandoner": date(2026, 11, 16), "recent": date(2026, 11, 1),
                      "repeat": date(2026, 10, 1)}  # fmt: skip
    frames = [listed(published, day, "call_frame").drop("as_of") for day in (FIRST, NEXT)]
    assert frames[0].equals(frames[1])


def test_frames_account_for_everybody_and_lists_are_theirs(published: Path) -> None:
    frame = listed(published, NEXT, "call_frame")
    parts = ["refused", "no_consent", "contacted_lately", "listed_lately", "no_phone", "eligible"]
    assert (
        frame.select(pl.sum_horizontal(parts)).to_series().to_list() == frame["in_cohort"].to_list()
    )
    assert frame["refused"].min() > 0  # type: ignore[operator]
    table = listed(published, NEXT)
    drawn = dict(table["programme"].value_counts().iter_rows())
    assert drawn == dict(frame.select("programme", "drawn_n").iter_rows())
    assert table["customer_key"].is_unique().all(), "nobody is on two lists"


def test_consents_attempts_and_the_given_lot_are_respected(published: Path) -> None:
    table = listed(published, NEXT)
    consents = pl.read_parquet(published / "in" / "consents.parquet")
    latest = consents.group_by("customer_id", maintain_order=True).last()
    no = latest.filter(~pl.col("may_contact"))["customer_id"]
    silent = table["customer_key"].is_in(keys_of(published, no).implode())
    assert not silent.any()
    asked = keys_of(published, latest["customer_id"])
    assert table["customer_key"].is_in(asked.implode()).all()
    rested = (FIRST - table["last_contacted_on"].fill_null(date(2020, 1, 1))).dt.total_days()
    again = table.filter(rested < 90)
    assert set(again["status"]) <= {"attempted", "reached", "holdout"}
    lots = pl.read_parquet(published / "in" / "assignments.parquet")
    arms = lots.with_columns(keys_of(published, lots["customer_id"]).alias("customer_key"))
    both = table.filter(programme="abandoner").join(arms, on="customer_key", suffix="_given")
    assert ((both["arm"] == "holdout") == (both["arm_given"] == "holdout")).all()


def test_the_list_without_reveal_shows_no_contact_and_with_it_all_that_are_open(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = folder / "hearcast.toml"
    code, said = command(config, "call-list", "--programme", "recent")
    assert code == EXIT_PUBLISHED
    assert "@" not in said
    assert "--reveal" in said
    logging.getLogger("hearcast").propagate = True
    out = folder / "calls.csv"
    with caplog.at_level(logging.INFO, "hearcast"):
        code, said = command(config, "call-list", "--reveal", "--out", str(out))
    assert code == EXIT_PUBLISHED
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    rows = pl.read_csv(out, infer_schema=False)
    table = listed(folder, NEXT).filter(pl.col("status").is_in(["to_call", "attempted"]))
    assert rows.height == table.height
    people = pl.read_csv(folder / "in" / "customers.csv.gz", infer_schema=False)
    one = rows.drop_nulls("email").row(0, named=True)
    assert people.filter(customer_id=one["customer_id"])["email"].to_list() == [one["email"]]
    noted = (folder / "lake" / "calls" / "reveals.jsonl").read_text()
    assert json.loads(noted)["customers"] == rows.height
    for told in (noted, said, caplog.text):
        assert "@" not in told
        assert not any(who in told for who in rows["customer_id"])


@pytest.mark.parametrize("inside", ["exports/x.csv", "lake/x.csv"])
def test_contact_details_do_not_go_where_others_read(folder: Path, inside: str) -> None:
    out = folder / inside
    assert (
        command(folder / "hearcast.toml", "call-list", "--reveal", "--out", str(out))[0]
        == EXIT_USAGE
    )
    assert not out.exists()


def test_a_night_that_is_not_there_is_one_line(folder: Path) -> None:
    assert command(folder / "hearcast.toml", "call-list", "--as-of", "2020-01-01")[0] == EXIT_USAGE


def revealed(config: Path, out: Path) -> pl.DataFrame:
    assert command(config, "call-list", "--reveal", "--out", str(out))[0] == EXIT_PUBLISHED
    return pl.read_csv(out, infer_schema=False)


def test_somebody_forgotten_is_on_no_list_and_what_was_learnt_of_them_counts_without_words(
    folder: Path,
) -> None:
    config, out = folder / "hearcast.toml", folder / "calls.csv"
    who = revealed(config, out)["customer_id"][0]
    key = keys_of(folder, pl.Series([who]))[0]
    talks = pl.read_ndjson(folder / "in" / "conversations.jsonl.gz", infer_schema_length=None)
    noted = pl.read_csv(folder / "in" / "insights.csv.gz", infer_schema=False).drop_nulls("quote")
    both = noted.join(talks.drop_nulls("customer_id"), on="conversation_id").sort("insight_id")
    other, talk, quote = both.select("customer_id", "conversation_id", "quote").row(-1)
    before = listed(folder, NEXT, "insight_rate")
    assert key in listed(folder, FIRST)["customer_key"].to_list()
    for one in {who, other}:
        assert command(config, "forget", "--customer", one)[0] == EXIT_PUBLISHED
    for day in (FIRST, NEXT):
        assert key not in listed(folder, day)["customer_key"].to_list()
    assert who not in revealed(config, out)["customer_id"].to_list()
    lake = Lake(folder / "lake")
    for name in ("consents", "assignments", "call_attempts"):
        assert who not in lake.versions(name, date.max).collect()["customer_id"].to_list(), name
    hers = lake.versions("insights", date.max).filter(pl.col("conversation_id") == talk).collect()
    assert hers["quote"].drop_nulls().unique().to_list() == [ERASED]
    assert hers["claim"].null_count() == hers.height
    assert quote not in hers.write_ndjson()
    assert command(config, "nightly", "--as-of", str(NEXT))[0] == EXIT_PUBLISHED
    assert key not in listed(folder, NEXT)["customer_key"].to_list()
    assert listed(folder, NEXT, "insight_rate").equals(before), "counts stay"


def test_without_consents_there_is_no_list_and_the_manifest_says_why(
    tmp_path: Path, published: Path
) -> None:
    named = {name: file for name, file in {**SOURCES, **OFFICE}.items() if name != "consents"}
    sources = {name: str(published / "in" / file) for name, file in named.items()}
    config = write_config(tmp_path, sources, EXTRA)
    assert command(config, "nightly", "--as-of", str(FIRST))[0] == EXIT_PUBLISHED
    tables = read_manifest(snapshot_dir(tmp_path / "exports"))["tables"]
    assert "no consents given" in tables["call_list"]["why"]
    assert "sha256" in tables["connect_rate"]
