"""What of a bad row may be seen."""

from __future__ import annotations

import json

import polars as pl
import pytest

from flows.masking import masked
from flows.sources.files import public_name
from transforms.contracts import INPUTS
from transforms.quarantine import quarantined_rows


def shown(**values: str) -> dict[str, str]:
    raw = pl.DataFrame({"_row": [1], **{name: [value] for name, value in values.items()}})
    verdict = pl.DataFrame({"_row": [1], "_reason": ["wrong_type"], "_column": ["sku"]})
    row: dict[str, str] = json.loads(
        quarantined_rows(raw, verdict, INPUTS["order_lines"])["row"][0]
    )
    return row


@pytest.mark.parametrize(
    "name",
    [
        "shipping_name",
        "customerEmail",
        "Endereço",
        "billing_zip",
        "note",
        "BuyerName",
        "phone2",
        "CPF",
    ],
)
def test_of_columns_that_are_a_persons_only_the_length_is_told(name: str) -> None:
    assert shown(**{name: "Zebulon Quixworth"})[name] == "<17 characters>"


@pytest.mark.parametrize("name", ["sku", "channel", "weight_g", "variant", "discount_code"])
def test_other_columns_are_shown(name: str) -> None:
    assert shown(**{name: "A-1"})[name] == "A-1"


def test_beside_an_identifier_nothing_is_shown() -> None:
    value = "Zebulon Quixworth zeb@planted-example.com"
    assert shown(quantity=value)["quantity"] == "<41 characters with <EMAIL>>"


def test_a_files_name_tells_nobody_and_two_files_differ() -> None:
    assert public_name("in/orders 2026-11-17.csv") == "in/orders 2026-11-17.csv"
    one, two = public_name("of ada@example.com.csv"), public_name("of bob@example.com.csv")
    assert one.startswith("of <EMAIL>")
    assert one != two


def test_names_of_other_systems_taggers_are_masked() -> None:
    frame = pl.DataFrame(
        {"tagger": ["ours", "ada@example.com"], "tagger_version": ["v1", "9f86d081884c7d65"]}
    )
    assert masked(frame)["tagger"].to_list() == ["ours", "<EMAIL>"]
    assert masked(frame)["tagger_version"].to_list() == ["v1", "9f86d081884c7d65"]
