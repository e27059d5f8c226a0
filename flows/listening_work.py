"""What is asked of a tagger about a part of many texts: the same question, put in any process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from flows.settings import Settings
from flows.taggers import Tagger, open_tagger

PART = {"accurate": 200}
PART_OTHERWISE = 20_000
_opened: dict[str, Tagger] = {}


@dataclass(frozen=True, slots=True)
class Question:
    """A verb of `Tagger` and what it takes besides texts."""

    settings: Settings
    name: str
    verb: Literal["hints", "read", "find"]
    more: tuple[str, ...] = ()

    def __call__(self, texts: pl.Series) -> Any:  # noqa: ANN401 - what the verb gives
        """The answer of this process's tagger, which is opened once."""
        if self.name not in _opened:
            _opened[self.name] = open_tagger(self.settings, self.name)
        return self.asked_of(_opened[self.name], texts)

    def asked_of(self, tagger: Tagger, texts: pl.Series) -> Any:  # noqa: ANN401 - as above
        """The answer of `tagger`."""
        return getattr(tagger, self.verb)(texts, *self.more)


def part_size(name: str) -> int:
    """Texts that one process reads at a time."""
    return PART.get(name, PART_OTHERWISE)
