"""Any file that we take (csv, jsonl, parquet, each plain or gzipped) as one frame of rows."""

from __future__ import annotations

import codecs
import io
from collections.abc import Sequence

import polars as pl
from polars.exceptions import PolarsError

from flows.places import Place
from flows.sources import content, delimited, json_lines
from flows.sources.base import FileProblem, RawFile
from flows.sources.pieces import PARQUET, TEXT_ENDINGS, ending, numbered
from flows.sources.plain_text import parse_plain
from transforms.contracts import Reason
from transforms.quarantine import QUARANTINED, redacted
from transforms.validation import ROW

_JSON_ENDINGS = (".jsonl", ".ndjson", ".json")


def read_table_file(path: Place, max_chars: int = 200) -> RawFile:
    """The rows of the file at `path`, numbered, with those that can't be split set aside.

    Text formats give text columns, Parquet its own types. The format is told by the first bytes,
    then by the name, then by the content. Set-aside text is redacted and cut at `max_chars`. FileProblem, one line, where nothing can be read.
    """
    data = content.load(path)
    if data.startswith(PARQUET):
        return _parquet(data, path)
    kind = content.looks_binary(data)
    if kind is not None:
        raise FileProblem(f"{path.name}: is {kind}; save it as csv, jsonl or parquet")
    if not data.removeprefix(codecs.BOM_UTF8).strip():
        return RawFile(_numbered(pl.DataFrame(), []), notes=("the file is empty",))
    if ending(path) == ".parquet":
        raise FileProblem(f"{path.name}: is not a Parquet file; check how it was written")
    if ending(path) in TEXT_ENDINGS and (plain := parse_plain(data)) is not None:
        return RawFile(_numbered(plain.frame, plain.numbers), notes=tuple(plain.notes))
    text, notes = content.decode(data)
    if is_json(path, text):
        frame, numbers, bad = json_lines.parse(text)
        return RawFile(_numbered(frame, numbers), bad_rows(bad, max_chars), tuple(notes))
    table = delimited.parse(text)
    if not table.numbers and not table.bad:
        notes.append("the file has a header and no rows")
    return RawFile(
        _numbered(table.frame, table.numbers),
        bad_rows(table.bad, max_chars),
        (*notes, *table.notes),
    )


def is_json(path: Place, text: str) -> bool:
    """Whether a file is JSON: by its name, else by how its text begins."""
    told = ending(path)
    if told in _JSON_ENDINGS or told in TEXT_ENDINGS:
        return told in _JSON_ENDINGS
    return text.lstrip()[:1] in ("{", "[")


def _parquet(data: bytes, path: Place) -> RawFile:
    try:
        frame = pl.read_parquet(io.BytesIO(data))
    except (PolarsError, OSError, ValueError):
        raise FileProblem(
            f"{path.name}: the Parquet file is cut short or damaged; send it again"
        ) from None
    except BaseException as error:  # a Rust panic is not an Exception
        if type(error).__name__ != "PanicException":
            raise
        raise FileProblem(f"{path.name}: the Parquet file is damaged; send it again") from None
    return RawFile(numbered(frame))


def _numbered(frame: pl.DataFrame, numbers: Sequence[int]) -> pl.DataFrame:
    return frame.with_columns(pl.Series(ROW, numbers, pl.Int64))


def bad_rows(bad: Sequence[tuple[int, str]], max_chars: int) -> pl.DataFrame:
    """Rows that could not be split, each with its redacted text."""
    return pl.DataFrame(
        {
            "row_number": [number for number, _ in bad],
            "reason": [Reason.MALFORMED_ROW.value] * len(bad),
            "column": [None] * len(bad),
            "row": [redacted({"line": text}, max_chars) for _, text in bad],
        },
        schema=QUARANTINED,
    )
