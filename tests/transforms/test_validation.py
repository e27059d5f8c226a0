"""The split: every row in one place, with the first reason against it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms import parsing
from transforms.contracts import INPUTS
from transforms.identifiers import all_distinct, repeated
from transforms.validation import Split, split

LINES = INPUTS["order_lines"]
SOUND = {"order_id": "o1", "sku": "a", "ordered_at": "2024-03-01T10:00:00Z", "quantity": "2"}


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    found = pl.DataFrame(list(rows), infer_schema_length=None)
    return found.with_row_index("_row", 1).with_columns(pl.col("_row").cast(pl.Int64))


def judged(*rows: dict[str, Any], table: str = "order_lines", timezone: str = "UTC") -> Split:
    return split(frame(*rows), INPUTS[table], timezone=timezone)


def reasons(found: Split) -> list[tuple[int, str, str | None]]:
    return found.quarantined.select("row_number", "reason", "column").rows()


def test_good_rows_have_the_contracts_columns_and_types() -> None:
    found = judged({**SOUND, "_extra": '{"shop":"x"}'})
    assert found.good.columns == [*LINES.names, "_row", "_extra"]
    assert dict(found.good.schema) | {} == {**LINES.schema, "_row": pl.Int64, "_extra": pl.String}
    assert found.good.row(0, named=True)["quantity"] == 2.0
    assert (found.quarantined.height, found.duplicates, found.problem) == (0, 0, None)


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("quantity", "-1", "out_of_range"),
        ("quantity", "1e9", "out_of_range"),
        ("quantity", "inf", "out_of_range"),
        ("quantity", "nan", "wrong_type"),
        ("quantity", "1,234", "wrong_type"),
        ("quantity", "two", "wrong_type"),
        ("quantity", "", "null_required"),
        ("quantity", "  ", "null_required"),
        ("quantity", None, "null_required"),
        ("order_id", "x" * 257, "too_long"),
        ("ordered_at", "1900-01-01", "out_of_range"),
        ("ordered_at", "2190-06-01T00:00:00Z", "out_of_range"),
        ("ordered_at", "1709287200", "wrong_type"),
        ("ordered_at", "01/03/2024", "wrong_type"),
        ("ordered_at", "2024-02-30", "wrong_type"),
        ("ordered_at", "2024-03-01T25:00:00", "wrong_type"),
        ("ordered_at", "2024-03-01T10:00:00+19:00", "wrong_type"),
        ("is_test", "maybe", "wrong_type"),
        ("cancelled_at", "soon", "wrong_type"),
    ],
)
def test_a_bad_value_is_quarantined_with_its_reason_and_column(
    column: str, value: str | None, reason: str
) -> None:
    found = judged({**SOUND, "is_test": "no", "cancelled_at": "", column: value}, {**SOUND})
    assert reasons(found) == [(1, reason, column)]
    assert found.good["_row"].to_list() == [2]


def test_the_first_failing_column_names_the_reason() -> None:
    found = judged({"order_id": "", "sku": "", "ordered_at": "x", "quantity": "-1"})
    assert reasons(found) == [(1, "null_required", "order_id")]


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2024-03-01", "2024-03-01 05:00:00"),
        ("2024-03-01T10:15", "2024-03-01 15:15:00"),
        ("2024-03-01 10:15:30", "2024-03-01 15:15:30"),
        ("2024-03-01T10:15:30.25", "2024-03-01 15:15:30.250000"),
        ("2024-03-01T10:15:30Z", "2024-03-01 10:15:30"),
        ("2024-03-01T10:15:30+02:00", "2024-03-01 08:15:30"),
        ("2024-03-01T10:15:30-0330", "2024-03-01 13:45:30"),
        ("2024-03-01 10:15:30+05", "2024-03-01 05:15:30"),
        ("2024-03-10T02:30:00", "2024-03-10 07:30:00"),  # skipped by the clocks: 03:30 EDT
        ("2024-11-03T01:30:00", "2024-11-03 05:30:00"),  # happens twice: the earlier
    ],
)
def test_times_with_and_without_offset(text: str, utc: str) -> None:
    found = judged({**SOUND, "ordered_at": text}, timezone="America/New_York")
    assert str(found.good["ordered_at"].dt.replace_time_zone(None)[0]).startswith(utc)


def test_a_day_that_a_zone_skipped_keeps_its_order() -> None:
    texts = ["2011-12-29T12:00:00", "2011-12-30T12:00:00", "2011-12-31T13:00:00"]
    found = judged(*({**SOUND, "ordered_at": text} for text in texts), timezone="Pacific/Apia")
    assert found.good["ordered_at"].is_sorted()


def test_native_types_are_taken_as_they_are() -> None:
    moment = datetime(2024, 7, 1, 12, 0)  # noqa: DTZ001 - what a file without offset holds
    found = judged(
        {"order_id": 7, "sku": 85048.0, "ordered_at": moment, "quantity": 3, "is_test": True},
        timezone="Europe/London",
    )
    row = found.good.row(0, named=True)
    assert (row["order_id"], row["sku"], row["is_test"]) == ("7", "85048", True)
    assert row["ordered_at"] == datetime(2024, 7, 1, 11, 0, tzinfo=UTC)


def test_nan_is_an_absent_key_but_no_quantity() -> None:
    nan = float("nan")
    row = {"order_id": "1", "sku": "a", "ordered_at": date(2024, 1, 1)}
    found = judged(
        {**row, "quantity": 1.0, "customer_id": nan}, {**row, "quantity": nan, "customer_id": 5.0}
    )
    assert found.good["customer_id"].to_list() == [None]
    assert reasons(found) == [(2, "wrong_type", "quantity")]


def test_an_epoch_number_is_refused_as_a_time() -> None:
    assert reasons(judged({**SOUND, "ordered_at": 1709287200})) == [(1, "wrong_type", "ordered_at")]


def test_a_day_column_takes_the_local_day_of_an_instant() -> None:
    found = judged(
        {"date": "2024-03-01T23:30:00-05:00", "sku": "a", "on_hand": "1"},
        {"date": "2024-03-02", "sku": "b", "on_hand": "-3"},
        table="inventory_daily",
        timezone="America/New_York",
    )
    assert found.good["date"].to_list() == [date(2024, 3, 1), date(2024, 3, 2)]


def test_a_value_outside_the_list_is_not_allowed() -> None:
    row = {"passage_id": "p", "conversation_id": "c", "text": "hello"}
    found = judged({**row, "speaker": "robot"}, {**row, "speaker": "agent"}, table="passages")
    assert reasons(found) == [(1, "not_allowed", "speaker")]


def test_a_passage_of_ten_megabytes_is_too_long() -> None:
    row = {"passage_id": "p", "conversation_id": "c", "text": "a" * 10_000_000}
    found = judged(row, table="passages")
    assert reasons(found) == [(1, "too_long", "text")]
    assert len(found.quarantined["row"][0]) < 2_000


def test_a_missing_required_column_refuses_the_file_in_one_line() -> None:
    found = split(frame({"order_id": "1", "item": "a"}), LINES, timezone="UTC")
    assert found.problem == (
        "column 'sku' is missing (found: order_id, item); rename it or map it with map.sku = \"…\""
    )
    assert found.good.is_empty()
    assert reasons(found) == [(1, "missing_column", None)]


def test_lines_without_id_get_one_from_their_content() -> None:
    one = judged(SOUND, SOUND, {**SOUND, "quantity": "3"}).good["line_id"].to_list()
    assert [name[-2:] for name in one] == ["#1", "#2", "#1"]
    assert one[0][:16] == one[1][:16] != one[2][:16]
    assert one[0] == "5d2b8221ce986923#1"  # ids already stored depend on it


def test_a_line_keeps_its_id_across_formats_later_cancellation_and_new_columns() -> None:
    text = judged(SOUND).good["line_id"][0]
    native = {**SOUND, "ordered_at": datetime(2024, 3, 1, 10, 0, tzinfo=UTC), "quantity": 2}
    assert judged(native).good["line_id"][0] == text
    later = {**SOUND, "cancelled_at": "2024-03-02", "ingested_at": "2024-03-03", "_extra": "{}"}
    assert judged(later).good["line_id"][0] == text


def test_only_absent_line_ids_are_made_up() -> None:
    found = judged({**SOUND, "line_id": "L1"}, {**SOUND, "line_id": ""}).good["line_id"]
    assert found[0] == "L1"
    assert found[1].endswith("#1")


REFUND = {"refund_id": "r", "sku": "a", "refunded_at": "2024-03-01", "quantity": "1"}


def test_equal_rows_of_a_key_are_duplicates() -> None:
    found = judged(REFUND, REFUND, {**REFUND, "quantity": " 1.0 "}, table="refunds")
    assert found.duplicates == 2
    assert found.good["_row"].to_list() == [3]


def test_of_conflicting_rows_the_last_counts() -> None:
    found = judged(
        {**REFUND, "quantity": "5"}, REFUND, {**REFUND, "quantity": "7"}, REFUND, table="refunds"
    )
    assert found.good["_row"].to_list() == [4]
    assert found.duplicates == 1
    assert reasons(found) == [(1, "key_conflict", "refund_id"), (3, "key_conflict", "refund_id")]


def test_rows_handed_over_at_different_times_are_versions() -> None:
    first = {**REFUND, "ingested_at": "2024-03-02"}
    second = {**REFUND, "quantity": "2", "ingested_at": "2024-03-03"}
    found = judged(first, second, table="refunds")
    assert found.good.height == 2


def test_keys_with_nulls_are_compared_too() -> None:
    promotion = {"starts_on": "2024-01-01", "ends_on": "2024-01-07", "announced_at": None}
    found = judged(promotion, promotion, table="promotions")
    assert (found.good.height, found.duplicates) == (1, 1)


def test_the_quarantined_row_shows_unknown_columns_and_no_private_text() -> None:
    bad = {**SOUND, "quantity": "x", "_extra": '{"contact":"jane.doe@example.com"}'}
    shown = judged(bad).quarantined["row"][0]
    assert set(json.loads(shown)) >= {"order_id", "contact"}
    assert "jane.doe" not in shown


@pytest.mark.parametrize(
    ("table", "bad", "private"),
    [
        ("order_lines", {**SOUND, "quantity": "x", "customer_id": "C-1001"}, ["C-1001"]),
        (
            "passages",
            {"passage_id": "p", "conversation_id": "c", "text": "my husband left", "position": "x"},
            ["husband"],
        ),
        ("passages", {"passage_id": "p", "talk": "my husband left"}, ["husband"]),
        (
            "customers",
            {"customer_id": "C-1001", "created_at": "x", "_extra": '{"name":"Jane Doe"}'},
            ["C-1001", "Jane"],
        ),
    ],
)
def test_words_and_identities_are_not_shown_in_quarantine(
    table: str, bad: dict[str, str], private: list[str]
) -> None:
    rows = judged(bad, table=table).quarantined
    assert rows.height == 1
    assert not any(part in rows["row"][0] for part in private)
    assert " characters>" in rows["row"][0], "that something stood there is told"


CELLS = st.one_of(
    st.none(),
    st.sampled_from(["", "1", "-1", "2.5", "a", "1e400", "2024-01-01", "x" * 300, "2150-01-01"]),
    st.text(max_size=8),
)
ROWS = st.fixed_dictionaries(
    dict.fromkeys(("order_id", "sku", "quantity", "line_id", "is_test"), CELLS)
    | {"ordered_at": st.one_of(CELLS, st.datetimes().map(str))}
)


@settings(max_examples=80, deadline=timedelta(seconds=5))
@given(st.lists(ROWS, min_size=1, max_size=25))
def test_every_row_stands_in_exactly_one_place(rows: list[dict[str, Any]]) -> None:
    raw = pl.DataFrame(rows, schema=dict.fromkeys(rows[0], pl.String)).with_columns(
        pl.int_range(1, len(rows) + 1).alias("_row")
    )
    found = split(raw, LINES, timezone="America/Sao_Paulo")
    assert found.good.height + found.quarantined.height + found.duplicates == len(rows)
    kept = [*found.good["_row"], *found.quarantined["row_number"]]
    assert len(set(kept)) == len(kept)
    assert found.good.select("order_id", "line_id", "ingested_at").is_unique().all()


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"level": "sku", "sku": "A"}, []),
        ({"level": "total"}, []),
        ({"level": "sku", "category": "tea"}, [(1, "null_required", "sku")]),
        ({"level": "category", "sku": "A"}, [(1, "null_required", "category")]),
        ({"level": "sku_channel", "sku": "A"}, [(1, "null_required", "channel")]),
        ({"level": "store"}, [(1, "not_allowed", "level")]),
    ],
)
def test_a_value_may_ask_for_another_column(row: dict[str, Any], expected: list[object]) -> None:
    base = {"week_start": "2026-11-16", "value": "5", "author": "a", "reason": "r",
            "category": None, "sku": None, "channel": None}  # fmt: skip
    assert reasons(judged({**base, **row}, table="overrides")) == expected


@pytest.mark.parametrize("separator", ["T", " "])
@pytest.mark.parametrize(
    "zone",
    [
        "+00:00",
        "-0530",
        "+13:59",
        "+14:00",
        "+14:30",
        "+05:60",
        "+23:00",
        "Z",
        "z",
        "+05",
        " Z",
        "",
    ],
)
@pytest.mark.parametrize(
    "clock",
    ["23:59:59", "00:00:00.123456", "24:00:00", "10:00:60", "1:00:00", "10", "10:30",
     "10:30:00.1234567", "10:30:00,5", "10:30:00.", "02:30:00"],
)  # fmt: skip
def test_a_column_of_one_shape_is_read_as_its_rows_are(
    separator: str, zone: str, clock: str
) -> None:
    """One text of another shape in the column sends all of it the slow way."""
    text = f"2026-02-28{separator}{clock}{zone}"
    alone = parsing.times(pl.Series("t", [text, None]), "America/New_York")
    mixed = parsing.times(pl.Series("t", [text, None, "2026-01-01"]), "America/New_York")
    assert alone.to_list() == mixed.to_list()[:2]
    assert alone.dtype == mixed.dtype
    assert alone.name == mixed.name


@settings(deadline=None)
@given(
    st.lists(
        st.none()
        | st.text(st.sampled_from("aé \t\u00a0\u2003\n~\x7f"), max_size=4)
        | st.text(st.sampled_from("ab "), min_size=11, max_size=14),
        max_size=8,
    ),
    st.integers(0, 8),
)
def test_texts_are_trimmed_whatever_they_begin_and_end_with(
    texts: list[str | None], cut: int
) -> None:
    """Also those that begin in the middle of a table's memory, and longer ones than Arrow's views hold."""
    whole = pl.Series("t", texts, pl.String)
    for part, told in ((whole, texts), (whole[cut:], texts[cut:]), (whole[:cut], texts[:cut])):
        trimmed = parsing.as_text(part)
        assert trimmed.to_list() == [(text or "").strip() or None for text in told]
        assert trimmed.name == "t"


@pytest.mark.parametrize("text", ["abc", "abcdefghijkl", "abcdefghijklm", "x" * 300])
@pytest.mark.parametrize("space", [" ", "\n", "\u00a0"])
def test_one_text_with_space_around_it_among_clean_ones_is_trimmed(text: str, space: str) -> None:
    for odd in (text + space, space + text):
        rows = [text] * 50 + [odd] + ["short"] * 50
        parts = [pl.Series("t", rows[:60]), pl.Series("t", [None, "", *rows[60:]], pl.String)]
        found = parsing.as_text(pl.concat(parts, rechunk=False))
        assert found.to_list() == [text] * 51 + ["short"] * 9 + [None, None] + ["short"] * 41


@settings(deadline=None)
@given(st.lists(st.tuples(st.none() | st.sampled_from("ab"), st.none() | st.integers(0, 2))))
def test_rows_that_share_a_key_are_found_whatever_their_hashes(
    keys: list[tuple[str | None, int | None]],
) -> None:
    frame = pl.DataFrame(keys, schema={"a": pl.String, "b": pl.Int64}, orient="row")
    counted = Counter(keys)
    shared = [counted[key] > 1 for key in keys]
    assert repeated(frame, ["a", "b"]).to_list() == shared
    assert all_distinct(frame, ["a", "b"]) is not any(shared)


def test_rows_of_equal_hashes_and_different_keys_are_told_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Hashes of 64 bits collide one day; here all of them do."""
    monkeypatch.setattr(
        pl.DataFrame, "hash_rows", lambda self, **_: pl.Series([1] * self.height, dtype=pl.UInt64)
    )
    frame = pl.DataFrame({"a": ["x", "y", "x", None]})
    assert repeated(frame, ["a"]).to_list() == [True, False, True, False]
    assert all_distinct(frame[1:], ["a"])
