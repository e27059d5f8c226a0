from datetime import date

import polars as pl

from tests.rows import at, line, versions
from transforms.asof import has_second, visible
from transforms.contracts import INPUTS

ZONE = "America/New_York"


def shown(table: str, rows: list[dict[str, object]], cutoff: date) -> pl.DataFrame:
    return visible(versions(table, rows).lazy(), INPUTS[table], cutoff, ZONE).collect()


def test_a_row_is_shown_from_the_day_on_which_it_became_known() -> None:
    rows = [line(_known_on=date(2026, 3, 5))]
    assert shown("order_lines", rows, date(2026, 3, 4)).is_empty()
    assert shown("order_lines", rows, date(2026, 3, 5)).height == 1


def test_the_newest_version_known_at_the_cutoff_wins_and_older_cutoffs_keep_theirs() -> None:
    rows = [
        line(quantity=2.0),
        line(quantity=3.0, _version=2, _known_on=date(2026, 3, 9)),
        line(quantity=4.0, _version=3, _known_on=date(2026, 3, 12)),
    ]
    quantities = {
        day: shown("order_lines", rows, date(2026, 3, day))["quantity"].to_list()
        for day in (8, 9, 11, 12, 30)
    }
    assert quantities == {8: [2.0], 9: [3.0], 11: [3.0], 12: [4.0], 30: [4.0]}


def test_a_tombstone_hides_the_row_from_its_own_day_on() -> None:
    rows = [line(), line(_version=2, _deleted=True, _known_on=date(2026, 3, 9))]
    assert shown("order_lines", rows, date(2026, 3, 8)).height == 1
    assert shown("order_lines", rows, date(2026, 3, 9)).is_empty()


def test_a_row_that_comes_back_after_its_tombstone_is_shown_again() -> None:
    rows = [
        line(),
        line(_version=2, _deleted=True, _known_on=date(2026, 3, 9)),
        line(_version=3, quantity=5.0, _known_on=date(2026, 3, 12)),
    ]
    assert shown("order_lines", rows, date(2026, 3, 12))["quantity"].to_list() == [5.0]


def test_cancellation_is_unknown_before_its_day() -> None:
    rows = [line(cancelled_at=at("2026-03-06T12:00"))]
    assert shown("order_lines", rows, date(2026, 3, 5))["cancelled_at"].to_list() == [None]
    assert shown("order_lines", rows, date(2026, 3, 6))["cancelled_at"].is_not_null().all()


def test_cancellation_late_in_the_evening_belongs_to_the_business_day() -> None:
    rows = [line(cancelled_at=at("2026-03-07T03:00"))]  # 22:00 of the 6th in New York
    assert shown("order_lines", rows, date(2026, 3, 6))["cancelled_at"].is_not_null().all()


def test_an_event_after_the_cutoff_is_not_shown_even_if_its_row_is_known() -> None:
    rows = [line(ordered_at=at("2026-03-20T15:00"))]
    assert shown("order_lines", rows, date(2026, 3, 19)).is_empty()


def test_the_same_key_from_two_sources_is_two_rows() -> None:
    rows = [line(), line(_source="other")]
    assert shown("order_lines", rows, date(2026, 3, 3)).height == 2


def test_a_completed_checkout_is_open_until_it_was_completed() -> None:
    row: dict[str, object] = {
        "checkout_id": "c",
        "started_at": at("2026-03-02T15:00"),
        "completed_order_id": "o1",
        "completed_at": at("2026-03-05T15:00"),
    }
    before = shown("checkouts", [row], date(2026, 3, 4))
    assert before["completed_order_id"].to_list() == [None]
    after = shown("checkouts", [row], date(2026, 3, 5))
    assert after["completed_order_id"].to_list() == ["o1"]


def test_nothing_later_than_the_cutoff_changes_what_is_shown() -> None:
    rows = [line(order_id=f"o{i}", quantity=float(i)) for i in range(20)]
    before = shown("order_lines", rows, date(2026, 3, 10)).sort("order_id")
    later = [
        line(
            order_id=f"o{i}", quantity=1e6, _version=2, _known_on=date(2026, 3, 11), _order=100 + i
        )
        for i in range(20)
    ] + [line(order_id="new", _known_on=date(2026, 3, 11))]
    after = shown("order_lines", rows + later, date(2026, 3, 10)).sort("order_id")
    assert before.equals(after)


def test_a_passage_that_tells_no_time_is_shown_once_it_is_known() -> None:
    rows: list[dict[str, object]] = [
        {"passage_id": "p", "conversation_id": "c", "text": "well", "_known_on": date(2026, 3, 5)}
    ]
    assert shown("passages", rows, date(2026, 3, 4)).is_empty()
    assert shown("passages", rows, date(2026, 3, 5))["passage_id"].to_list() == ["p"]


def test_where_no_key_has_a_second_version_nothing_is_looked_for() -> None:
    rows = [line(), line(line_id="2", _known_on=date(2026, 3, 9)), line(line_id="3", _deleted=True)]
    once = versions("order_lines", rows)
    assert not has_second(once)
    assert has_second(versions("order_lines", [*rows, line(_version=2)]))
    for day in (date(2026, 3, 8), date(2026, 3, 9)):
        quick = visible(once.lazy(), INPUTS["order_lines"], day, ZONE, replaced=False).collect()
        whole = visible(once.lazy(), INPUTS["order_lines"], day, ZONE).collect()
        assert quick.sort("line_id").equals(whole.sort("line_id"))
        assert quick.height == day.day - 7
