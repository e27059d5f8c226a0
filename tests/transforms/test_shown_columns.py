"""Columns' names in lines and reports: what may be a person's is not among them."""

from __future__ import annotations

import pytest

from transforms.shown_columns import NOT_SHOWN, found_columns, shown_name

PEOPLE = [
    "Charlotte McDonald",
    "charlotte@example.com",
    "+61 455 451 783",
    "12 Bourke Street Surry Hills",
]


def test_a_row_in_the_place_of_a_header_is_counted_and_not_shown() -> None:
    assert found_columns(PEOPLE) == "4 columns, none known"
    assert found_columns(["McDonald"]) == "1 column, none known"
    assert found_columns([*PEOPLE, "email", "open"]) == "email, and 5 not known"
    assert found_columns([]) == "no column"


def test_names_of_a_header_are_shown() -> None:
    assert found_columns(["order_id", "item", "Lineitem sku"]) == "order_id, item, Lineitem sku"
    assert found_columns(["Auftrag", "Artikel"], asked={"Auftrag"}) == "Auftrag, Artikel"
    assert found_columns(["order_id^sku^ordered_at"]) == "order_id^sku^ordered_at", (
        "wrong delimiter"
    )


@pytest.mark.parametrize(
    "name", [*PEOPLE, "Olivia", "mia_kelly jack", "20881234", "call 0455451783"]
)
def test_an_unknown_name_that_may_be_a_persons_is_not_shown(name: str) -> None:
    assert shown_name(name) == NOT_SHOWN


@pytest.mark.parametrize(
    "name", ["Mystery", "surprise", "custom.size", "Metafield: my.size [text]", "utm_2", "Größe"]
)
def test_an_unknown_name_of_a_column_is_shown(name: str) -> None:
    assert shown_name(name) == name
