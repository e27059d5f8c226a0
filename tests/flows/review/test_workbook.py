import hashlib
import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from flows.review.workbook import write_workbook
from tests import review_frames as made
from transforms.review.sheets import OVERRIDE_COLUMNS, OVERRIDE_ROWS


@pytest.fixture(scope="module")
def path(tables: dict[str, pl.DataFrame], tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("book") / "review.xlsx"
    write_workbook(made.night(tables), target)
    return target


@pytest.fixture(scope="module")
def book(path: Path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(path)


def _sheet(book: openpyxl.Workbook, name: str) -> Worksheet:
    sheet = book[name]
    assert isinstance(sheet, Worksheet)
    return sheet


def test_it_opens_with_its_sheets_and_hides_the_lists(book: openpyxl.Workbook) -> None:
    assert book.sheetnames == [
        "Read me", "Units", "Returns", "Tickets", "Plan", "Exceptions", "Left out", "Overrides", "Lists",
    ]  # fmt: skip
    assert book["Lists"].sheet_state == "hidden"


def test_numbers_are_numbers_and_dates_are_dates(book: openpyxl.Workbook) -> None:
    units = _sheet(book, "Units")
    assert all(isinstance(cell.value, datetime) for cell in units[1][4:])
    assert isinstance(units["R4"].value, int | float)
    plan = _sheet(book, "Plan")
    column = [cell.value for cell in plan[1]].index("stock runs out, even chance") + 1
    assert isinstance(plan.cell(2, column).value, datetime)


def test_headings_stay_in_sight(book: openpyxl.Workbook) -> None:
    assert _sheet(book, "Units").freeze_panes == "E2"
    assert _sheet(book, "Plan").freeze_panes == "B2"
    assert _sheet(book, "Overrides").freeze_panes == "A2"


def test_no_text_is_a_formula(book: openpyxl.Workbook, path: Path) -> None:
    exceptions = _sheet(book, "Exceptions")
    (headline,) = [c for c in exceptions[2] if str(c.value).startswith("=SUM(A1)")]
    assert headline.data_type != "f"
    assert headline.quotePrefix, "it would become one when somebody edits it"
    with zipfile.ZipFile(path) as parts:
        texts = [
            parts.read(n).decode() for n in parts.namelist() if n.startswith("xl/worksheets/sheet")
        ]
    assert not any("<f>" in text for text in texts)


def test_overrides_take_only_what_the_input_table_takes(book: openpyxl.Workbook) -> None:
    sheet = _sheet(book, "Overrides")
    assert [cell.value for cell in sheet[1]] == list(OVERRIDE_COLUMNS)
    rules = {
        str(rule.sqref).split(":")[0][0]: rule for rule in sheet.data_validations.dataValidation
    }
    kinds = {name: rules["ABCDEFGHIJK"[n]].type for n, name in enumerate(OVERRIDE_COLUMNS)}
    assert kinds["level"] == kinds["week_start"] == kinds["sku"] == "list"
    assert (kinds["value"], kinds["reason"], kinds["expires_on"]) == (
        "decimal",
        "textLength",
        "date",
    )
    assert str(rules["A"].sqref) == f"A2:A{OVERRIDE_ROWS + 1}"
    lists = _sheet(book, "Lists")
    assert [c.value for c in lists["A"] if c.value] == ["total", "category", "sku"]
    weeks = [c.value for c in lists["C"] if c.value]
    assert len(weeks) == made.HORIZON
    assert all(isinstance(week, datetime) for week in weeks)


def test_a_sheet_too_long_goes_on_in_another(
    tables: dict[str, pl.DataFrame], tmp_path: Path
) -> None:
    write_workbook(made.night(tables), tmp_path / "long.xlsx", max_rows=101)
    book = openpyxl.load_workbook(tmp_path / "long.xlsx", read_only=True)
    parts = [name for name in book.sheetnames if name.startswith("Units")]
    rows = [sum(1 for _ in book[name].iter_rows()) - 1 for name in parts]
    series = tables["forecasts"].filter(target="units").select("level", "series_id").n_unique()
    assert sum(rows) == 7 * series
    assert rows[:-1] == [100] * (len(parts) - 1)


def test_equal_nights_make_equal_files(
    tables: dict[str, pl.DataFrame], path: Path, tmp_path: Path
) -> None:
    shuffled = {n: f.sample(fraction=1.0, shuffle=True, seed=4) for n, f in tables.items()}
    write_workbook(made.night(shuffled), tmp_path / "again.xlsx")
    digests = {hashlib.sha256(p.read_bytes()).hexdigest() for p in (path, tmp_path / "again.xlsx")}
    assert len(digests) == 1
