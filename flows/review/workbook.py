"""The workbook: one sheet after the other, a row at a time, so that size costs no memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from itertools import chain, islice
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from transforms.review.parts import Night
from transforms.review.sheets import (
    OVERRIDE_COLUMNS,
    OVERRIDE_ROWS,
    Choices,
    Kind,
    Sheet,
    Value,
    choices,
    sheets,
)

MAX_ROWS = 1_048_576
MAX_CHARS = 32_767
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
NUMBER_FORMATS: Mapping[Kind, str] = {
    "number": "#,##0.0",
    "whole": "#,##0",
    "share": "0.0%",
    "date": "yyyy-mm-dd",
}
LISTS = "Lists"
HELP = {
    "level": "total, category, sku or sku_channel: what the override is of",
    "week_start": "First day of the week, one that is forecast",
    "value": "What you expect in that week, whole week, 0 or more",
    "author": "Who expects it",
    "reason": "Why: it is published, so name no customer",
    "target": "units, returns or tickets; empty: units",
    "category": "For level category",
    "sku": "For levels sku and sku_channel",
    "channel": "For level sku_channel",
    "created_at": "When you made it; empty: it counts from its delivery",
    "expires_on": "Last day on which it counts; empty: until its week is over",
}


class _Book:
    """An open workbook with its formats; texts stay texts, whatever they begin with."""

    def __init__(self, path: Path, as_of: date) -> None:
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
        }
        self.book = xlsxwriter.Workbook(str(path), options)
        # The date of the night, not of the run: equal nights make equal files.
        self.book.set_properties({"created": datetime.combine(as_of, time())})
        add = self.book.add_format
        self.head: Format = add(
            {"bold": True, "bg_color": "#F5F7F9", "text_wrap": True, "valign": "top"}
        )
        self.head_date: Format = add(
            {"bold": True, "bg_color": "#F5F7F9", "num_format": "yyyy-mm-dd"}
        )
        self.formats: dict[Kind, Format] = {
            k: add({"num_format": f}) for k, f in NUMBER_FORMATS.items()
        }
        self.quoted: Format = add({"quote_prefix": True})

    def text(self, sheet: Worksheet, row: int, column: int, value: str) -> None:
        """Writes a text; one that a spreadsheet could take for a formula is marked as text."""
        marked = self.quoted if value.startswith(FORMULA_SIGNS) else None
        sheet.write_string(row, column, value[:MAX_CHARS], marked)

    def cell(self, sheet: Worksheet, row: int, column: int, value: Value, kind: Kind) -> None:
        """Writes a value as what it is; nothing where there is none."""
        if value is None:
            return
        if isinstance(value, str):
            self.text(sheet, row, column, value)
        elif isinstance(value, date):
            sheet.write_datetime(row, column, value, self.formats["date"])
        else:
            sheet.write_number(row, column, value, self.formats.get(kind))


def write_workbook(night: Night, path: Path, max_rows: int = MAX_ROWS) -> None:
    """Writes the workbook to `path`. A sheet that is too long for a spreadsheet goes on in another."""
    opened = _Book(path, night.as_of)
    for sheet in sheets(night):
        _write(opened, sheet, max_rows)
    _overrides(opened, choices(night))
    opened.book.close()


def _write(opened: _Book, sheet: Sheet, max_rows: int) -> None:
    rows = iter(sheet.rows)
    part = 1
    while True:
        page = opened.book.add_worksheet(sheet.name if part == 1 else f"{sheet.name} {part}")
        _head(opened, page, sheet.header, sheet.widths)
        page.freeze_panes(*sheet.frozen)
        written = 0
        for written, row in enumerate(islice(rows, max_rows - 1), start=1):
            for column, (value, kind) in enumerate(zip(row, sheet.kinds, strict=True)):
                opened.cell(page, written, column, value, kind)
        page.autofilter(0, 0, written, len(sheet.header) - 1)
        if written < max_rows - 1:
            return
        following = next(rows, None)
        if following is None:
            return
        rows, part = chain([following], rows), part + 1


def _head(
    opened: _Book, page: Worksheet, header: Sequence[str | date], widths: Mapping[int, int]
) -> None:
    for column, width in widths.items():
        page.set_column(column, column, width)
    for column, name in enumerate(header):
        if isinstance(name, date):
            page.write_datetime(0, column, name, opened.head_date)
        else:
            page.write_string(0, column, name, opened.head)


def _overrides(opened: _Book, allowed: Choices) -> None:
    """The empty sheet to fill in: the columns of the input table, each with what it accepts."""
    page = opened.book.add_worksheet("Overrides")
    names = list(OVERRIDE_COLUMNS)
    for column, kind in enumerate(OVERRIDE_COLUMNS.values()):
        page.set_column(column, column, 16, opened.formats.get(kind))
    _head(opened, page, names, {names.index("reason"): 45})
    page.freeze_panes(1, 0)
    lists: dict[str, Sequence[str | date]] = {
        "level": allowed.levels,
        "target": allowed.targets,
        "week_start": allowed.weeks,
        "category": allowed.categories,
        "sku": allowed.skus,
    }
    rules = {name: _choice(n, lists[name]) for n, name in enumerate(lists) if lists[name]}
    rules["value"] = {"validate": "decimal", "criteria": ">=", "value": 0}
    rules |= {
        name: {"validate": "length", "criteria": ">", "value": 0} for name in ("author", "reason")
    }
    rules |= {
        name: {"validate": "date", "criteria": ">=", "value": date(2000, 1, 1)}
        for name in ("created_at", "expires_on")
    }
    for column, name in enumerate(names):
        told = {"input_title": name, "input_message": HELP[name], "error_message": HELP[name]}
        rule = rules.get(name, {"validate": "any"})
        page.data_validation(1, column, OVERRIDE_ROWS, column, {**rule, **told})
    _lists(opened, lists)


def _choice(column: int, values: Sequence[object]) -> dict[str, Any]:
    letter = "ABCDEFGH"[column]
    return {"validate": "list", "source": f"={LISTS}!${letter}$1:${letter}${len(values)}"}


def _lists(opened: _Book, lists: Mapping[str, Sequence[str | date]]) -> None:
    """The hidden sheet that the choices are taken from: a validation itself holds 255 characters."""
    page = opened.book.add_worksheet(LISTS)
    page.hide()
    columns = list(lists.values())
    for row in range(max(map(len, columns), default=0)):
        for column, values in enumerate(columns):
            if row < len(values):
                opened.cell(page, row, column, values[row], "text")
