"""Great Expectations judges tables, where a row filter is blind.

Polars reduces each table to small frames (`transforms.profile`); Great Expectations judges those.
Contracts judge the rows elsewhere (`transforms.validation`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from transforms.contracts import EXPORTS, INPUTS
from transforms.expectations.adapter import judge
from transforms.expectations.exports import Published, export_dossier
from transforms.expectations.inputs import Night, input_dossier
from transforms.expectations.limits import Limits
from transforms.expectations.verdicts import Verdicts
from transforms.expectations.words import Words, words_dossier

__all__ = ["Limits", "Verdicts", "Words", "judge_exports", "judge_inputs", "judge_words"]


def judge_inputs(
    tables: Mapping[str, pl.LazyFrame | pl.DataFrame],
    *,
    as_of: date,
    timezone: str,
    latency_days: int = 0,
    previous_schema: Mapping[str, Mapping[str, str]] | None = None,
    current_schema: Mapping[str, Mapping[str, str]] | None = None,
    limits: Limits | None = None,
) -> Verdicts:
    """Verdicts on the input tables as the lake shows them at `as_of`, before any model runs.

    Days are those of `timezone`; the last day judged is `as_of` less `latency_days`.
    `previous_schema` is what earlier deliveries gave, column to kind, and `current_schema` the
    newest ones (`transforms.drift`); without it the tables' own types stand for it. A check with too little history
    is `not_enough_data`. Names that are no canonical input are left alone.
    """
    night = Night(tables, as_of, timezone, latency_days, limits or Limits())
    names = [name for name in INPUTS if name in tables]
    return judge(
        "inputs", [input_dossier(name, night, previous_schema, current_schema) for name in names]
    )


def judge_exports(tables: Mapping[str, pl.DataFrame], *, horizon: int) -> Verdicts:
    """Verdicts on the published tables as read back from their Parquet files.

    `horizon` is the number of weeks that every active series must have. Names that are no
    published table are left alone.
    """
    names = [name for name in EXPORTS if name in tables]
    published = Published(tables, horizon)
    return judge("exports", [export_dossier(name, published) for name in names])


def judge_words(words: Words) -> Verdicts:
    """Verdicts on how customers' words moved of late; warnings only."""
    return judge("words", [words_dossier(words)])
