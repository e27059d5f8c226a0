"""What customers say and what becomes of carts, from files to the published tables of a night."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from flows.cli import main
from flows.exports import snapshot_problems
from flows.office.tables import BESIDE
from flows.reader import read_table, snapshot_dir
from tests.flows.conftest import digests
from tests.flows.office_shop import CALLED, HELD, REACHED, office_night, office_shop
from tests.flows.tiny import tiny_shop
from transforms.contracts import EXPORTS
from transforms.contracts.check import violations

MADE = ("cart_recovery", "reason_shares", "language_match", "requests", "review_digest",
        "triangulation", "evidence_grade", "benchmarks")  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("office") / "shop"
    extra = "[privacy]\npublish_quotes = true\n[office.reasons.targets]\nextra_costs = 0.05\n"
    office_night(office_shop(folder, extra))
    return folder


def table(shop: Path, name: str) -> pl.DataFrame:
    return read_table(shop / "exports", name)


def newest(shop: Path, name: str, period: str = "13 weeks") -> pl.DataFrame:
    rows = table(shop, name).filter(pl.col("period") == period)
    return rows.filter(pl.col("period_end") == pl.col("period_end").max())


def test_every_table_is_published_whole(shop: Path) -> None:
    assert snapshot_problems(snapshot_dir(shop / "exports")) == []
    for name in MADE:
        assert table(shop, name).height > 0
        assert violations(EXPORTS[name], table(shop, name)) == []


def test_carts_of_both_arms_are_counted_from_the_lot(shop: Path) -> None:
    arms = {row["arm"]: row for row in newest(shop, "cart_recovery").iter_rows(named=True)}
    called, held = arms["called"], arms["holdout"]
    assert (called["eligible"], called["attempted"], called["reached"]) == (CALLED, CALLED, REACHED)
    assert (called["ordered_14d"], called["recovered_14d"]) == (24, 20)
    assert (called["ordered_before_attempt"], called["revenue"]) == (4, 24 * 10.5)
    assert (held["eligible"], held["ordered_14d"], held["reached"]) == (HELD, 2, 0)
    assert called["recovered_share"] == pytest.approx(0.5)
    assert called["difference"] == pytest.approx(24 / 80 - 2 / 20)
    assert called["effect"] == pytest.approx(2 * called["difference"])
    assert called["verdict"] in ("above", "undetermined")
    assert held["verdict"] == "no_target"


def test_reasons_are_those_of_people_called(shop: Path) -> None:
    mine = newest(shop, "reason_shares").filter(pl.col("cohort") == "abandoner")
    told = {row["reason"]: row for row in mine.iter_rows(named=True)}
    fee, price = told["extra_costs"], told["price_objection"]
    assert (fee["n_people"], fee["k"], fee["first_k"]) == (REACHED, 20, 20)
    assert price["k"] == 20
    assert price["first_k"] == 10, "who spoke of the fee first gave that reason first"
    assert fee["weighting"] == "weighted"
    # Of the four kinds of words those at odd places were drawn half as often and weigh double.
    assert fee["share_weighted"] == pytest.approx((10 * 2 + 10) / (20 * 2 + 20))
    assert fee["verdict"] == "above"
    assert price["verdict"] == "no_target"
    assert mine["first_share"].sum() == pytest.approx(1.0)
    back = newest(shop, "reason_shares").filter(pl.col("cohort") == "returned")
    assert back["n_people"].unique().to_list() == [1]


def test_the_digest_has_the_weeks_reviews_and_their_owner(shop: Path) -> None:
    found = table(shop, "review_digest")
    ones = found.filter(pl.col("stars") == 1).sort("place")
    assert ones["review_id"].to_list() == ["r0", "r1"], "eight say the same but for a number"
    assert ones["n_duplicates"].to_list() == [0, 7]
    assert ones.select("n_reviews", "n_one_star", "n_before", "verdict").row(0) == (
        12,
        9,
        48,
        "above",
    )
    assert found["owner"].unique().to_list() == ["Ines"]
    assert found.filter("is_counter_example")["stars"].to_list() == [5]
    assert ones["excerpt_redacted"][0].endswith("mail me at <EMAIL>")


def test_the_page_answers_what_it_answers(shop: Path) -> None:
    row = table(shop, "language_match").row(0, named=True)
    assert row["page_id"] == "home"
    assert row["n_phrases"] > 0
    assert 0 < row["coverage_lemma"] < 1
    assert row["lo"] < row["coverage_lemma"] < row["hi"]
    assert "expensive" in row["missing_phrases"]
    assert "shipping fee" not in row["missing_phrases"]


def test_requests_count_people_of_all_channels(shop: Path) -> None:
    found = {(r["origin"], r["idea"]): r for r in table(shop, "requests").iter_rows(named=True)}
    refill = found["said", "made a refill"]
    assert (refill["n_customers"], refill["n_channels"]) == (7, 2)
    assert found["insight", "A refill pack is wanted"]["n_customers"] == 4


def test_statements_and_benchmarks_look_at_the_others(shop: Path) -> None:
    grades = dict(table(shop, "evidence_grade").select("statement_id", "grade").iter_rows())
    assert grades["cart_recovery"] == "randomised"
    assert grades["reason_shares/abandoner/extra_costs"] == "single_channel"
    told = {row["benchmark"]: row for row in table(shop, "benchmarks").iter_rows(named=True)}
    assert told["carts_recovered_by_phone"]["value"] == pytest.approx(0.5)
    assert told["abandon_for_price"]["value"] == pytest.approx(0.25)
    assert told["roas_lift"]["why"]


def test_nothing_raw_and_no_words_without_leave(shop: Path, tmp_path: Path) -> None:
    for name in MADE:
        assert "@" not in table(shop, name).write_json(), name
    shy = tmp_path / "shy"
    shutil.copytree(shop / "in", shy / "in")
    config = (
        (shop / "hearcast.toml")
        .read_text()
        .replace("publish_quotes = true", "publish_quotes = false")
    )
    (shy / "hearcast.toml").write_text(config)
    office_night(shy / "hearcast.toml")
    assert (
        table(shy, "review_digest")["excerpt_redacted"].null_count()
        == table(shy, "review_digest").height
    )
    same = digests(snapshot_dir(shop / "exports")), digests(snapshot_dir(shy / "exports"))
    for name in set(MADE) - {"review_digest"}:
        assert same[0][f"{name}.parquet"] == same[1][f"{name}.parquet"], (
            "the same inputs, the same bytes"
        )


def test_who_is_forgotten_goes_from_the_digest_and_stays_in_counts(
    shop: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "shop"
    shutil.copytree(shop, copy, symlinks=True)
    config = str(copy / "hearcast.toml")
    before = table(copy, "review_digest")
    assert main(["forget", "--config", config, "--customer", "R00"]) == 0
    after = table(copy, "review_digest")
    assert set(before["review_id"]) - set(after["review_id"]) == {"r0"}
    assert "refill" not in json.dumps(after["excerpt_redacted"].to_list())
    for name in set(MADE) - {"review_digest"}:
        assert table(copy, name).equals(table(shop, name)), name
    office_night(copy / "hearcast.toml")
    again = table(copy, "review_digest")
    assert "r0" not in again["review_id"].to_list()
    assert again["n_one_star"].max() == 9, "what was counted stays"
    assert newest(copy, "reason_shares").equals(newest(shop, "reason_shares"))


def test_a_shop_that_hears_nobody_says_why_each_is_left_out(tmp_path: Path) -> None:
    skipped = office_night(tiny_shop(tmp_path))["skipped"]
    for name in set(MADE) - {"benchmarks"}:
        assert skipped[name], name
    for name, others in BESIDE.items():
        for other in others:
            assert skipped.get(other) == skipped.get(name), other
    assert "no consents given" in skipped["call_frame"]
