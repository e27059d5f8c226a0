"""Rules and a learned score, laid together as tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from transforms.tagging.matching import Hit, Hits, original, rule_hits
from transforms.tagging.phrases import PhraseBook

Answers = NDArray[np.bool_]
FOUND_SCHEMA: dict[str, pl.DataType] = {
    "row": pl.Int64(),
    "signal": pl.String(),
    "span_start": pl.Int32(),
    "span_end": pl.Int32(),
    "confidence": pl.Float64(),
}


def hits_where(
    batch: pl.DataFrame, book: PhraseBook, signals: Sequence[str], open_: Answers
) -> Hits:
    """Mentions that rules find where the score leaves it open: `open_` is rows x signals."""
    wanted = {signal: open_[:, j].tolist() for j, signal in enumerate(signals)}
    worth = np.flatnonzero(open_.any(axis=1))
    if len(worth) == len(open_):
        return rule_hits(batch, book, wanted)
    some = {signal: [answers[i] for i in worth.tolist()] for signal, answers in wanted.items()}
    found = rule_hits(batch[worth], book, some)
    return {(int(worth[row]), signal): places for (row, signal), places in found.items()}


def ruled(hits: Hits, rows: int, signals: Sequence[str]) -> Answers:
    """Rows x signals: whether rules found it."""
    column = {signal: j for j, signal in enumerate(signals)}
    found = np.zeros((rows, len(signals)), dtype=np.bool_)
    for row, signal in hits:
        found[row, column[signal]] = True
    return found


def found_by_rules(hits: Hits, confidence: Mapping[str, float]) -> pl.DataFrame:
    """`FOUND_SCHEMA` of mentions that rules alone decide, with their book's confidence."""
    rows = [
        (row, signal, start, end, confidence[signal])
        for (row, signal), places in hits.items()
        for start, end in places
    ]
    return _found(rows)


def found_together(
    batch: pl.DataFrame,
    signals: Sequence[str],
    *,
    tagged: Answers,
    chance: NDArray[np.float32],
    hits: Hits,
    windows: Mapping[tuple[int, int], Hit],
) -> pl.DataFrame:
    """`FOUND_SCHEMA` of what is tagged: at the rules' places, else at the learned window.

    `windows`: row and column to a place in the folded text, for each tag that no rule placed.
    Confidence is the chance, to a hundredth.
    """
    out: list[tuple[int, str, int, int, float]] = []
    folded, texts = batch["folded"].to_list(), batch["text"].to_list()
    chances = chance[tagged].astype(np.float64).tolist()
    for (row, column), sure in zip(np.argwhere(tagged).tolist(), chances, strict=True):
        signal = signals[column]
        places = hits.get((row, signal))
        if places is None:
            window = trimmed(folded[row], windows[row, column])
            places = original(texts[row], {signal: [window]})[signal]
        out += [(row, signal, start, end, round(sure, 2)) for start, end in places]
    return _found(out)


def _found(rows: Sequence[tuple[int, str, int, int, float]]) -> pl.DataFrame:
    """`FOUND_SCHEMA` of rows; columns are made one by one, which is quicker than from tuples."""
    columns = zip(*rows, strict=True) if rows else ((),) * len(FOUND_SCHEMA)
    made = zip(FOUND_SCHEMA.items(), columns, strict=True)
    return pl.DataFrame([pl.Series(name, list(one), dtype) for (name, dtype), one in made])


def trimmed(folded: str, place: Hit) -> Hit:
    """A place in a folded text without separators at its edges; at least one character."""
    start, end = place
    while start < end - 1 and not folded[start].isalnum():
        start += 1
    while end > start + 1 and not (folded[end - 1].isalnum() or folded[end - 1] == "?"):
        end -= 1
    return start, end
