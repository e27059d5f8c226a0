"""Quarantined rows in the form in which they are kept: redacted JSON with a reason."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import polars as pl

from transforms.contracts import Table
from transforms.privacy import MARKS, redact_json_row, redact_text

_REDACTION_SHRINKS = 100
"""No identifier is this many times longer than the mark that replaces it."""

WITHHELD = "<withheld>"
_PERSONAL = re.compile(
    r"(?:^|[_\W]|(?<=[a-z])(?=[A-Z]))(?:(?:first|last|full|sur|user|nick)?name|nome|sobrenome|addr\w*|endere\w*|street|rua|"
    r"zip\w*|post\w*|cep|city|cidade|bairro|phone\w*|mobile|tel\w*|fone|celular|e?mail\w*|cpf|cnpj|tax|birth\w*|contact\w*|"
    r"contato|recipient\w*|customer\w*|client\w*|buyer\w*|shipping|billing|ship_to|notes?|comments?|message\w*|remarks?|obs)"
    r"(?:$|[_\W\d]|(?=[A-Z]))",
    re.IGNORECASE,
)
"""Names of columns in which a person's name or words stand that no expression can recognise."""

QUARANTINED = {
    "row_number": pl.Int64,
    "reason": pl.String,
    "column": pl.String,
    "row": pl.String,
}
"""Columns of a frame of quarantined rows; `column` is null where the whole row is at fault."""


def quarantined_rows(
    raw: pl.DataFrame, verdict: pl.DataFrame, table: Table, max_chars: int = 200
) -> pl.DataFrame:
    """The rows of `raw` that `verdict` (_row, _reason, _column) names, redacted, by row number.

    Of private columns only the length is shown; in a table of customers' words or contact details
    also of every column that its contract does not declare: what stands there can't be known.
    """
    if verdict.is_empty():
        return pl.DataFrame(schema=QUARANTINED)
    verdict = verdict.sort("_row")
    bad = verdict.select("_row").join(raw, on="_row", how="left", maintain_order="left")
    shown = _shown(table)
    texts = [redacted(row, max_chars, shown) for row in bad.iter_rows(named=True)]
    return pl.DataFrame(
        {
            "row_number": verdict["_row"],
            "reason": verdict["_reason"],
            "column": verdict["_column"],
            "row": pl.Series(texts, dtype=pl.String),
        },
        schema=QUARANTINED,
    )


def withheld_lines(bad_rows: pl.DataFrame) -> pl.DataFrame:
    """`bad_rows` of a table of words: their lines could not be split, so nothing is shown of them."""
    return bad_rows.with_columns(pl.lit(json.dumps({"line": WITHHELD})).alias("row"))


def _shown(table: Table) -> Callable[[str], bool]:
    """Whether a column's values may be shown."""
    private = {column.name for column in table.columns if column.private}
    open_names = set(table.names) - private
    if table.text:
        return lambda name: name in open_names
    return lambda name: (
        name in open_names or (name not in private and _PERSONAL.search(name) is None)
    )


def redacted(
    row: dict[str, Any], max_chars: int, shown: Callable[[str], bool] = lambda _: True
) -> str:
    """`row` (with unknown columns unpacked) as JSON, every string redacted, then cut.

    Of columns for whose name `shown` is False, and of values that hold an identifier, only the
    length is told.
    """
    values = {name: value for name, value in row.items() if name not in ("_row", "_extra")}
    if row.get("_extra") is not None:
        values.update(json.loads(row["_extra"]))
    told = {name: value if shown(name) else _length(value) for name, value in values.items()}
    return redact_json_row(
        {name: _anonymous(_head(value, max_chars)) for name, value in told.items()}, max_chars
    )


def _anonymous(value: object) -> object:
    """`value`, or only its length and what it held where an identifier was found in it.

    Whoever's it is may stand beside it, and a name without a cue is not recognised.
    """
    if not isinstance(value, str) or (safe := redact_text(value)) == value:
        return value
    met = ", ".join(mark for mark in MARKS if mark in safe)
    return f"<{len(value)} characters with {met}>"


def _length(value: object) -> object:
    return None if value is None else f"<{len(str(value))} characters>"


def _head(value: object, max_chars: int) -> object:
    """The part of a text that can still be seen after redaction has shortened what precedes."""
    return value[: max_chars * _REDACTION_SHRINKS] if isinstance(value, str) else value
