from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl
import pytest

from transforms.tagging import PhraseBook, parse_phrases, tag_passages

PHRASES = Path(__file__).parents[3] / "data" / "phrases"

Raw = Mapping[str, object]
Signals = Callable[..., set[str]]


def load(language: str) -> dict[str, object]:
    return tomllib.loads((PHRASES / f"{language}.toml").read_text(encoding="utf-8"))


def frame(
    *texts: str, speaker: str | None = "customer", language: str | None = None
) -> pl.DataFrame:
    rows = [(f"c{i}", f"p{i}", text, speaker, language) for i, text in enumerate(texts)]
    names = ["conversation_id", "passage_id", "text", "speaker", "language"]
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")


@pytest.fixture(scope="session")
def books() -> list[PhraseBook]:
    return [parse_phrases(language, load(language)) for language in ("en", "pt")]


@pytest.fixture(scope="session")
def signals(books: list[PhraseBook]) -> Signals:
    """Signals of one text; English unless its words decide otherwise."""

    def of(text: str, *, speaker: str | None = "customer", language: str = "en") -> set[str]:
        tags = tag_passages(frame(text, speaker=speaker), books, fallback_language=language)
        return set(tags["signal"])

    return of
