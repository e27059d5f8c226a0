"""The same forecast in Parquet, on the page and in the workbook, to the last bit; and no SKU lost."""

import base64
import gzip
import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from flows.reader import read_table
from flows.review import ReviewRefusal, Written, write_review
from flows.settings import Settings
from tests import review_frames as made
from tests.flows.review.conftest import publish_frames
from transforms.review.sheets import MEASURES

PAGE_COLUMNS = {"m": "mean", "l": "p10", "h": "p90", "b": "baseline_mean"}


@pytest.fixture(scope="module")
def written(published: Settings) -> Written:
    return write_review(published, None)


def _packed(page: str) -> list[dict[str, Any]]:
    found = re.findall(r'type="application/octet-stream" id="\w+">([^<]+)<', page)
    return [json.loads(gzip.decompress(base64.b64decode(part))) for part in found]


def _of_page(path: Path) -> dict[tuple[Any, ...], float]:
    head, *chunks = _packed(path.read_text(encoding="utf-8"))
    start = date.fromisoformat(head["week0"])
    numbers = {}
    for chunk in chunks:
        for name, item in chunk.items():
            for target in ("units", "returns"):
                ahead = item.get(target, {}).get("f")
                for short, column in PAGE_COLUMNS.items() if ahead else ():
                    for n, value in enumerate(ahead[short]):
                        week = start + timedelta(weeks=ahead["w"] + n)
                        exact = value / 1024 if isinstance(value, int) else value
                        numbers[target, name, week, column] = exact
    return numbers


def _of_workbook(path: Path) -> dict[tuple[Any, ...], float]:
    book = openpyxl.load_workbook(path, read_only=True)
    columns: dict[object, str] = {name: column for column, name in MEASURES.items()}
    numbers = {}
    for sheet in ("Units", "Returns"):
        rows = book[sheet].iter_rows(values_only=True)
        weeks = [cell.date() for cell in next(rows)[4:]]  # type: ignore[union-attr]
        for level, series, _, measure, *values in rows:
            if level == "sku" and measure in columns:
                for week, value in zip(weeks, values, strict=True):
                    if value is not None:
                        numbers[sheet.lower(), series, week, columns[measure]] = float(value)  # type: ignore[arg-type, index]
    return numbers


def test_parquet_page_and_workbook_say_the_same(written: Written, published: Settings) -> None:
    ahead = read_table(published.paths.exports, "forecasts")
    mine = ahead.filter(pl.col("level") == "sku", pl.col("target") != "tickets")
    parquet = {
        (target, series, week, column): value
        for column in MEASURES
        for target, series, week, value in mine.select(
            "target", "series_id", "week_start", column
        ).iter_rows()
    }
    shown = {key: value for key, value in parquet.items() if key[3] in PAGE_COLUMNS.values()}
    assert len(shown) == 39 * 2 * 13 * 4
    assert _of_page(written.folder / "planner.html") == shown
    assert _of_workbook(written.folder / "review.xlsx") == parquet


def test_the_weekly_page_shows_the_total_of_the_table(
    written: Written, published: Settings
) -> None:
    ahead = read_table(published.paths.exports, "forecasts")
    page = (written.folder / "review.html").read_text(encoding="utf-8")
    total = ahead.filter(level="total", target="units").sort("horizon")
    for value in total["mean"].to_list():
        assert f">{value:,.0f}</td>" in page


def test_no_sku_is_lost_between_the_lists(written: Written, published: Settings) -> None:
    listed = read_table(published.paths.exports, "series_listed")
    known = set(listed.filter(level="sku")["series_id"])
    ahead = read_table(published.paths.exports, "forecasts")
    shown = set(ahead.filter(level="sku", target="units")["series_id"])
    page = (written.folder / "review.html").read_text(encoding="utf-8")
    left_out = set(re.findall(r'<th scope="row">(SKU-\d+)</th><td>[^<]*</td><td>units</td>', page))
    assert shown | left_out == known
    assert not shown & left_out
    head, *chunks = _packed((written.folder / "planner.html").read_text(encoding="utf-8"))
    assert (
        {name for chunk in chunks for name in chunk}
        == {name for name, *_ in head["index"]}
        == known
    )
    book = openpyxl.load_workbook(written.folder / "review.xlsx", read_only=True)
    in_grid = {r[1] for r in book["Units"].iter_rows(min_row=2, values_only=True) if r[0] == "sku"}
    listed_out = {r[0] for r in book["Left out"].iter_rows(min_row=2, values_only=True)}
    assert in_grid == shown
    assert in_grid | listed_out == known


def test_drawing_again_gives_the_same_bytes_and_needs_no_lake(
    written: Written, published: Settings
) -> None:
    assert not published.paths.lake.exists()
    before = {p.name: p.read_bytes() for p in written.folder.iterdir()}
    again = write_review(published, made.AS_OF.isoformat())
    assert again == written
    assert {p.name: p.read_bytes() for p in again.folder.iterdir()} == before
    assert set(before) == {"review.html", "planner.html", "review.xlsx"}
    assert (published.paths.exports / "review" / "latest").resolve() == written.folder.resolve()


def test_a_day_without_a_night_is_refused_in_one_line(published: Settings) -> None:
    with pytest.raises(ReviewRefusal, match="no night of 2020-01-01 is published in"):
        write_review(published, "2020-01-01")


def test_reviews_of_nights_that_are_gone_go_too(
    tables: dict[str, pl.DataFrame], tmp_path: Path
) -> None:
    settings = publish_frames(tmp_path, tables)
    old = settings.paths.exports / "review" / "as_of=2020-01-01"
    old.mkdir(parents=True)
    write_review(settings, None)
    assert not old.exists()
