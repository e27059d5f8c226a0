"""Delimited text (csv and its relatives) to a frame of strings, with the rows that don't fit."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import polars as pl
import pyarrow as pa
from pyarrow import csv as arrow_csv

from transforms.shown_columns import NOT_SHOWN, shown_header

DELIMITERS = (",", ";", "\t", "|")
_BLOCK_BYTES = 1 << 26
_HEADER_CHARS = 1 << 16
_PATIENCE = 50
"""Records with a broken quote that may search for their end through the whole file."""
_SHORT_SPAN = 100
"""Lines that such a record may span once patience has run out."""


@dataclass(slots=True)
class Delimited:
    """Columns of text by name, row numbers, and rows that could not be split: number and text."""

    columns: list[str]
    frame: pl.DataFrame
    numbers: Sequence[int]
    bad: list[tuple[int, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def parse(text: str) -> Delimited:
    """The table in `text`: first line the header, delimiter found in it.

    Rows with too few or too many fields are bad rows; blank lines are no rows. Row numbers count
    records from 1 after the header. A quote that never ends costs only its own line.
    """
    text = text.lstrip("\n")
    delimiter = sniff(text)
    header, end = _header(text, delimiter)
    body = text[end:]
    columns, notes = unique_names(header)
    if not body.strip():
        return Delimited(columns, _frame([], columns), [], notes=notes)
    body = body.rstrip("\n") + "\n"
    found = _fast(body, columns, delimiter) if _is_plain(body, delimiter) else None
    if found is None:
        found = _careful(body, columns, delimiter)
    found.notes = notes
    return found


def sniff(text: str) -> str:
    """The delimiter that splits the header into the most fields; a comma where none does."""
    return max(DELIMITERS, key=lambda one: (len(_header(text, one)[0]), one == ","))


def _header(text: str, delimiter: str) -> tuple[list[str], int]:
    """Fields of the first record, and where in the text it ends."""
    line = text.split("\n", 1)[0]
    if '"' in line:
        stream = io.StringIO(text[:_HEADER_CHARS], newline="\n")
        fields = next(csv.reader(_lines(stream), delimiter=delimiter), [])
        ended = stream.tell() < min(len(text), _HEADER_CHARS)
        if ended or "\n" not in text.rstrip("\n"):
            return [field.strip() for field in fields], stream.tell()
    # No quote, or one that never ends: the header is the first line as it stands.
    return [field.strip().strip('"') for field in line.split(delimiter)], len(line) + 1


def _lines(stream: io.StringIO) -> Iterator[str]:
    """Lines one at a time, so that the stream's position is known after each."""
    while line := stream.readline():
        yield line


def unique_names(header: Sequence[str]) -> tuple[list[str], list[str]]:
    """Header names made unique and non-empty, and remarks on those that were not.

    A name loses its NUL characters: libraries in C would end it there.
    """
    seen = {"_row", "_extra"}
    names: list[str] = []
    notes: list[str] = []
    shown = shown_header([told.strip() for told in header])
    for position, told in enumerate(header, 1):
        given = told.replace("\x00", "").strip()
        name, n = given or f"column_{position}", 2
        while name in seen:
            name, n = f"{given or f'column_{position}'}_{n}", n + 1
        if name != told:
            notes.append(_renamed(position, told, name, shown[position - 1]))
        seen.add(name)
        names.append(name)
    return names, notes


def _renamed(position: int, told: str, name: str, shown: str) -> str:
    """The remark on a column that got another name; neither is shown where it may be a value."""
    if not told.strip("\x00 \t"):
        return f"column {position} ('') is called '{name}'"
    if shown == NOT_SHOWN:
        return f"column {position} has a name that another has too, or with blanks around it"
    return f"column {position} ('{told}') is called '{name}'"


def _frame(rows: Sequence[Sequence[str]], columns: Sequence[str]) -> pl.DataFrame:
    values = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    return pl.DataFrame(
        [pl.Series(name, cells, pl.String) for name, cells in zip(columns, values, strict=True)]
    )


def _is_plain(body: str, delimiter: str) -> bool:
    """Whether there is no blank line and every quote is closed where its field ends.

    Arrow counts blank lines without telling where they were, and swallows lines between quotes
    that are out of place.
    """
    if '"' not in body:
        return "\n\n" not in body and not body.startswith("\n")
    csv.field_size_limit(sys.maxsize)
    try:
        rows = csv.reader(io.StringIO(body, newline="\n"), delimiter=delimiter, strict=True)
        return all(rows)  # a blank line is an empty row
    except csv.Error:
        return False


def _fast(body: str, columns: Sequence[str], delimiter: str) -> Delimited | None:
    """The rows by Arrow's parser; None where quotes are damaged and care is needed.

    `body` must be plain (see `_is_plain`); a line of nothing but spaces is no row.
    """
    bad: list[tuple[int, str]] = []

    def keep(row: arrow_csv.InvalidRow) -> str:
        (bad if row.text.strip() else blank).append((row.number, row.text))
        return "skip"

    blank: list[tuple[int, str]] = []

    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(body.encode("utf-8", "replace")),
            read_options=arrow_csv.ReadOptions(
                use_threads=False, column_names=list(columns), block_size=_BLOCK_BYTES
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=keep
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.large_string()),
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid:
        return None
    if any("\n" in text for _, text in bad):
        return None
    frame = pl.DataFrame(table)
    taken = {number for number, _ in (*bad, *blank)}
    numbers: Sequence[int] = range(1, frame.height + len(taken) + 1)
    if taken:
        numbers = [n for n in numbers if n not in taken]
    return Delimited(list(columns), frame, numbers, bad)


def _careful(body: str, columns: Sequence[str], delimiter: str) -> Delimited:
    """The rows one by one; a record that does not fit is given up at its first line's end."""
    csv.field_size_limit(sys.maxsize)
    lines = body.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    rows: list[list[str]] = []
    numbers: list[int] = []
    bad: list[tuple[int, str]] = []
    at, number, patience = 0, 0, _PATIENCE
    while at < len(lines):
        number += 1
        if not lines[at].strip(" "):
            at += 1
            continue
        span = len(lines) if patience > 0 else at + _SHORT_SPAN
        fields, used = _record(lines, at, min(span, len(lines)), delimiter)
        if fields is not None and len(fields) == len(columns):
            rows.append(fields)
            numbers.append(number)
            at += used
            continue
        patience -= used > 1
        bad.append((number, lines[at]))
        at += 1
    return Delimited(list(columns), _frame(rows, columns), numbers, bad)


def _record(
    lines: Sequence[str], start: int, stop: int, delimiter: str
) -> tuple[list[str] | None, int]:
    """Fields of the record that begins at line `start`, and the lines read for it.

    None where its quotes are damaged, or one is still open at `stop`.
    """
    if '"' not in lines[start]:
        return lines[start].split(delimiter), 1
    following = (lines[index] + "\n" for index in range(start, stop))
    reader = csv.reader(following, delimiter=delimiter, strict=True)
    try:
        return next(reader), reader.line_num
    except csv.Error:
        return None, reader.line_num
