"""Labelled passages and a tagger's tags, laid side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

READER = "reader_"
NATURAL = "random"
"""The pool whose passages were drawn without regard to their words."""


@dataclass(frozen=True, slots=True)
class Gold:
    """Labelled passages: `labels` passages x signals; readers' answers where the file has them.

    `said`: passages x signals x readers, `told`: passages x readers, whether a reader answered.
    `natural`: passages drawn at random; None where the file does not say how any was drawn.
    """

    passages: pl.DataFrame
    signals: tuple[str, ...]
    labels: NDArray[np.bool_]
    said: NDArray[np.bool_]
    told: NDArray[np.bool_]
    natural: NDArray[np.bool_] | None


def gold_of(rows: Sequence[Mapping[str, object]], signals: Sequence[str]) -> Gold:
    """Parsed lines of a gold file: text, signals, and optionally id, pool, language and reader_<n>.

    Raises ValueError that begins with the line's number and names the key and the remedy.
    """
    if not rows:
        raise ValueError("holds no passage; give one JSON object a line")
    readers = sorted({key for row in rows for key in row if key.startswith(READER)})
    place = {signal: j for j, signal in enumerate(signals)}
    shape = (len(rows), len(place))
    labels = np.zeros(shape, dtype=np.bool_)
    said = np.zeros((*shape, len(readers)), dtype=np.bool_)
    told = np.zeros((len(rows), len(readers)), dtype=np.bool_)
    for i, row in enumerate(rows):
        labels[i, _named(row, "signals", i, place)] = True
        for k, reader in enumerate(readers):
            if row.get(reader) is not None:
                told[i, k] = True
                said[i, _named(row, reader, i, place), k] = True
    pools = [row.get("pool") for row in rows]
    natural = np.array([pool == NATURAL for pool in pools]) if any(pools) else None
    return Gold(_passages(rows), tuple(signals), labels, said, told, natural)


def _wrong(at: int, what: str) -> ValueError:
    return ValueError(f"line {at + 1}: {what}")


def _named(row: Mapping[str, object], key: str, at: int, place: Mapping[str, int]) -> list[int]:
    names = row.get(key)
    if not isinstance(names, list):
        raise _wrong(at, f'"{key}" is no list; write the signals, [] for none')
    unknown = [name for name in names if name not in place]
    if unknown:
        raise _wrong(at, f'"{key}" holds {str(unknown[0])[:40]!r}; use {", ".join(place)}')
    return [place[name] for name in names]


def _passages(rows: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    for at, row in enumerate(rows):
        if not isinstance(row.get("text"), str):
            raise _wrong(at, '"text" is missing or no text; give the passage')
    numbers = [f"{i:09d}" for i in range(len(rows))]
    language = [row.get("language") for row in rows]
    return pl.DataFrame(
        {
            "conversation_id": numbers,
            "passage_id": numbers,
            "text": [row["text"] for row in rows],
            "language": pl.Series(
                [x if isinstance(x, str) else None for x in language], dtype=pl.String
            ),
        }
    )


def told_by(tags: pl.DataFrame, gold: Gold) -> NDArray[np.bool_]:
    """Passages x signals: whether a tag says so. `tags` have the passage ids of `gold.passages`."""
    found = np.zeros_like(gold.labels)
    place = {signal: j for j, signal in enumerate(gold.signals)}
    for passage, signal in tags.select("passage_id", "signal").unique().iter_rows():
        if signal in place:
            found[int(passage), place[signal]] = True
    return found
