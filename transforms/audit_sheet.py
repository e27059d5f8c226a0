"""The sheet on which people label passages: safe to open in a spreadsheet, strict to read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from transforms.privacy import redact_words

AUDIT, NUMBER, NONE = "audit_id", "number", "none"
SHOWN = (AUDIT, NUMBER, "conversation_id", "passage_id", "language", "text")
YES = frozenset({"1", "x", "y", "yes", "true", "s", "sim"})
NO = frozenset({"0", "n", "no", "false", "não", "nao", "-"})
MAX_CELL = 5_000
"""Characters of a passage that a cell shows."""
MAX_PROBLEMS = 5


class SheetError(ValueError):
    """A sheet that cannot be understood; the message names columns and rows, never their words."""


def safe_cells(values: pl.Series) -> pl.Series:
    """Redacted texts that no spreadsheet takes for a formula, on one line, without control characters."""
    texts = redact_words(values.cast(pl.String).fill_null("")).str.replace_all(r"[\p{C}\s]+", " ")
    plain = texts.str.strip_chars().str.slice(0, MAX_CELL)
    # An apostrophe in front makes a cell text in every common spreadsheet.
    return plain.str.replace(r"^([=+\-@＝＋－＠|%])", "'$1")


def sheet(drawn: pl.DataFrame, audit_id: str, signals: Sequence[str]) -> pl.DataFrame:
    """One row per drawn passage: ids, redacted text, and an empty cell for each answer.

    `drawn` bears number, conversation_id, passage_id, language, text. What the tagger said is not
    shown: who labels must not be led.
    """
    cells = [safe_cells(drawn[name]).alias(name) for name in SHOWN[2:]]
    empty = [pl.lit("").alias(name) for name in (*signals, NONE)]
    return (
        drawn.select(pl.lit(audit_id).alias(AUDIT), pl.col(NUMBER))
        .with_columns(cells)
        .with_columns(empty)
        .sort(NUMBER)
    )


def without_words(cells: pl.DataFrame, audit_id: str, numbers: Sequence[int]) -> pl.DataFrame:
    """A sheet's cells without the words of these rows of the audit; the marks that people made stay."""
    if not {AUDIT, NUMBER, "text"} <= set(cells.columns):
        return cells
    mine = pl.col(NUMBER).cast(pl.Int64, strict=False).is_in(list(numbers)).fill_null(False)
    gone = mine & (pl.col(AUDIT) == audit_id).fill_null(False)
    return cells.with_columns(pl.when(~gone).then("text").alias("text"))


def labels_of(rows: pl.DataFrame, audit_id: str, size: int, signals: Sequence[str]) -> pl.DataFrame:
    """Number and a 0 or 1 per signal, of the rows that somebody labelled.

    `rows` are the sheet's cells as text. A row is labelled where a signal or `none` is marked;
    in it, an empty cell is a no. Raises SheetError where columns lack, a cell is neither yes nor no,
    a row says `none` and a signal, or rows are not those of the audit.
    """
    lacking = [name for name in (AUDIT, NUMBER, *signals, NONE) if name not in rows.columns]
    if lacking:
        raise SheetError(f"column {lacking[0]} is missing; keep the header as it was written")
    if rows.filter(pl.col(AUDIT) != audit_id).height:
        raise SheetError(f"column {AUDIT}: rows of different audits; give one sheet at a time")
    numbers = rows[NUMBER].cast(pl.Int64, strict=False)
    if numbers.null_count() or numbers.n_unique() != len(numbers):
        raise SheetError(f"column {NUMBER}: a number is missing or there twice; restore it")
    if not numbers.is_between(1, size).all():
        raise SheetError(f"column {NUMBER}: {audit_id} has the numbers 1 to {size}")
    answers = {name: _answers(rows[name]) for name in (*signals, NONE)}
    _refuse_unclear(answers, numbers)
    marks = pl.DataFrame(answers)
    any_signal = pl.any_horizontal([pl.col(name) == 1 for name in signals])
    both = marks.select((any_signal & (pl.col(NONE) == 1)).fill_null(False).alias("_"))["_"]
    if both.any():
        raise SheetError(
            f"column {NONE}: marked beside a signal in row {numbers.filter(both)[0]}; leave one"
        )
    told = marks.select((any_signal | (pl.col(NONE) == 1)).fill_null(False).alias("_"))["_"]
    return (
        marks.select(pl.col(name).fill_null(0) for name in signals)
        .with_columns(numbers.alias(NUMBER))
        .filter(told)
        .select(NUMBER, *signals)
        .sort(NUMBER)
    )


def _answers(cells: pl.Series) -> pl.Series:
    """1, 0, null for an empty cell, and -1 for what is neither."""
    said = cells.cast(pl.String).fill_null("").str.strip_chars("' \t").str.to_lowercase()
    known: Mapping[str, int | None] = {
        **dict.fromkeys(YES, 1),
        **dict.fromkeys(NO, 0),
        "1.0": 1,
        "0.0": 0,
        "": None,
    }
    return said.replace_strict(known, default=-1, return_dtype=pl.Int8)


def _refuse_unclear(answers: Mapping[str, pl.Series], numbers: pl.Series) -> None:
    wrong = [
        f"{name} in row {number}"
        for name, values in answers.items()
        for number in numbers.filter((values == -1).fill_null(False)).to_list()
    ]
    if wrong:
        more = f" and {len(wrong) - MAX_PROBLEMS} more" if len(wrong) > MAX_PROBLEMS else ""
        raise SheetError(
            f"column {', '.join(wrong[:MAX_PROBLEMS])}{more}: neither yes (1, x) nor no (0, empty)"
        )
