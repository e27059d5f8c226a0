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
    """A verb of `Tagger` and what it takes besides texts; only the tagger of `version` answers."""

    settings: Settings
    name: str
    version: str
    verb: Literal["hints", "read", "find"]
    more: tuple[str, ...] = ()

    def __call__(self, texts: pl.Series) -> Any:  # noqa: ANN401 - what the verb gives
        """The answer of this process's tagger, which is opened once a version.

        RuntimeError where this process makes another version of the same settings.
        """
        if self.version not in _opened:
            tagger = open_tagger(self.settings, self.name)
            if tagger.version != self.version:
                raise RuntimeError(f"{tagger.version} was asked for what {self.version} says")
            _opened[self.version] = tagger
        return self.asked_of(_opened[self.version], texts)

    def asked_of(self, tagger: Tagger, texts: pl.Series) -> Any:  # noqa: ANN401 - as above
        """The answer of `tagger`."""
        return getattr(tagger, self.verb)(texts, *self.more)


def part_size(name: str) -> int:
    """Texts that one process reads at a time."""
    return PART.get(name, PART_OTHERWISE)
