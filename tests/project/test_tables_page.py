from pathlib import Path

import polars as pl
import pytest

from transforms.contracts import EXPORTS, INPUTS
from transforms.contracts.docs import published_title, tables_markdown, type_name

PAGE = Path(__file__).parents[2] / "docs" / "tables.md"


def test_page_is_current() -> None:
    same = PAGE.read_text(encoding="utf-8") == tables_markdown()
    assert same, "docs/tables.md is stale: run `make docs`"


def test_every_column_of_every_table_has_its_row() -> None:
    sections = {
        section.split("\n", 1)[0]: section for section in tables_markdown().split("\n## ")[1:]
    }
    titles = {**INPUTS, **{published_title(name): table for name, table in EXPORTS.items()}}
    assert list(sections) == list(titles)
    for name, table in titles.items():
        rows = [row for row in sections[name].splitlines() if row.startswith("| `")]
        assert [row.split("`")[1] for row in rows] == list(table.names)
        assert len({row.replace("\\|", "").count("|") for row in rows}) == 1, name


def test_required_known_from_and_bounds_are_shown() -> None:
    page = tables_markdown()
    assert "| `order_id`* | text |  | no |" in page
    assert "| 0 to 1,000,000 |" in page
    assert "| 2000-01-01 to 2100-01-01 | `cancelled_at` |" in page
    assert "Configuration key: `tags`." in page


def test_a_type_without_a_name_is_refused() -> None:
    assert type_name(pl.Datetime("us", "UTC")) == "timestamp, UTC, µs"
    with pytest.raises(KeyError):
        type_name(pl.Datetime("ms"))
