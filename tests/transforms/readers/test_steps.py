"""Steps that layouts share, and the day in a file's name."""

from __future__ import annotations

import polars as pl
import pytest

from transforms.readers.file_day import file_day
from transforms.readers.steps import (
    added_up,
    copies,
    first_of_group,
    lowered,
    numbered,
    plain_text,
    superseded,
)


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("in/inventory_2026-11-17.csv", "2026-11-17"), ("stock 20261117 v2.csv.gz", "2026-11-17"), ("2026_11_17.csv", "2026-11-17"),
        ("2026-11-01/stock 2026-11-17.csv", "2026-11-17"), ("inventory_export_1.csv", None), ("2026-02-30.csv", None),
        ("order 120261117.csv", None), ("20261317.csv", None),
    ],
)  # fmt: skip
def test_the_last_day_in_a_name_counts_and_no_number_is_taken_for_one(
    name: str, day: str | None
) -> None:
    assert file_day(name) == day


def test_sums_stand_in_the_first_row_and_what_is_no_number_stays_visible() -> None:
    frame = pl.DataFrame(
        {"sku": ["A", "A", "B", "B", None, "C"], "n": ["1", "2.5", "3", "many", "4", None]}
    )
    out = added_up(frame, ("sku",), ("n",))
    assert out["made.n"].to_list() == ["3.5", "3.5", "many", "many", "4", None]
    assert out["made.again"].to_list()[:4] == ["false", "true", "false", "true"]


def test_cells_are_filled_within_their_order_only() -> None:
    frame = pl.DataFrame({"name": ["1", "1", "2", None], "email": ["a", None, None, None]})
    assert first_of_group(frame, "Name", ["Email"])["email"].to_list() == ["a", "a", None, None]


def test_equal_labels_are_numbered_within_their_order() -> None:
    frame = pl.DataFrame({"name": ["1", "1", "1", "2"], "sku": ["A", "B", "A", "A"]})
    assert numbered(frame, ("name",), "sku", "line")["line"].to_list() == [
        "A#1",
        "B#1",
        "A#2",
        "A#1",
    ]


def test_a_copy_begins_at_the_row_that_bears_what_belongs_to_the_order() -> None:
    frame = pl.DataFrame(
        {
            "name": ["1", "1", "2", "1", "1", None],
            "status": ["paid", None, "paid", "paid", None, None],
        }
    )
    assert copies(frame, "Name", "Status", "copy")["copy"].to_list() == [
        "1",
        "1",
        "1",
        "2",
        "2",
        "1",
    ]


def test_rows_of_one_order_are_one_copy_however_they_are_sorted() -> None:
    frame = pl.DataFrame({"name": ["1", "2", "1", "1"], "status": [None, "paid", "paid", None]})
    assert copies(frame, "Name", "Status", "copy")["copy"].to_list() == ["1"] * 4


def test_where_every_row_bears_it_a_copy_begins_where_an_order_goes_on_after_another() -> None:
    frame = pl.DataFrame({"name": ["1", "1", "2", "1", "1"], "status": ["paid"] * 5})
    assert copies(frame, "Name", "Status", "copy")["copy"].to_list() == ["1", "1", "1", "2", "2"]


def test_only_a_later_state_of_the_same_record_supersedes() -> None:
    told = [
        "2026-11-01T01:30:00-04:00",
        "2026-11-01T01:10:00-05:00",
        None,
        "2026-11-03T00:00:00Z",
        None,
    ]
    frame = pl.DataFrame({"id": ["1", "1", "1", "2", None], "updatedat": told})
    out = superseded(frame, "id", "updated_at")["made.superseded"]
    assert out.to_list() == ["true", "false", "false", "false", "false"]


def test_an_address_is_written_one_way() -> None:
    frame = pl.DataFrame({"email": [" Ada@X.com ", "", None], "phone": ["1", "2", None]})
    assert lowered(frame, ("email", "phone"), "who")["who"].to_list() == ["ada@x.com", "2", None]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Too <b>small</b></p><p>Sorry</p>", "Too small\nSorry"), ("5 &lt; 6 &amp; 7", "5 < 6 & 7"), ("plain", "plain"),
        ("<style>p {color: red}</style>Hi", "Hi"), ("Thanks<blockquote>On Monday I wrote</blockquote>", "Thanks"), ("a<br/>b", "a\nb"),
    ],
)  # fmt: skip
def test_html_is_read_as_its_words(html: str, text: str) -> None:
    assert pl.DataFrame({"body": [html]}).select(plain_text("body")).item() == text
