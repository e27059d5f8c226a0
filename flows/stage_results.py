"""What each stage of a night leaves for the next: plain values, frames lie in the night's folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from flows.errors import Refusal
from flows.examine import Examined
from flows.places import Place

NOTHING_WRONG = Examined()


class Died(Exception):  # noqa: N818 - named for what happened
    """What an earlier attempt at this night died of; it is not tried again."""


class NothingToForecast(Refusal):
    """No order line is known; the message is one line with the remedy."""


@dataclass(frozen=True, slots=True)
class Landed:
    """What the pull did. `troubles` degrade the night, though nothing is held for them."""

    replay: bool
    lines: tuple[str, ...]
    held: Mapping[str, str]
    rows_stored: int
    troubles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """What must not be relied on tonight: input table to reason, and lines for people."""

    held: Mapping[str, str]
    lines: tuple[str, ...]
    troubles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """Whether there were words, and why they must not be used (None: they may)."""

    passages: int
    tags: int
    deaf: str | None
    tagger_version: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """The rung reached and what went wrong on the way."""

    tables: tuple[str, ...]
    rungs: Mapping[str, str]
    left_out: Mapping[str, str]
    why: tuple[str, ...]
    lines: tuple[str, ...]
    skipped: Mapping[str, str] = field(default_factory=dict)
    """Table to why it has nothing to show tonight; no failure."""


@dataclass(frozen=True, slots=True)
class Published:
    """Where the night's tables are and how it ended."""

    as_of: date
    snapshot: Place
    exports: Place
    status: str
    headline: str
    lines: tuple[str, ...]
    reasons: tuple[str, ...] = ()
    """Why the night is degraded; empty on a full one."""


class Degraded(Exception):  # noqa: N818 - named for what happened
    """What Prefect raises, and shows in its log, of a run that published a degraded night."""

    def __init__(self, published: Published) -> None:
        """`published`: what the night published all the same."""
        super().__init__(published.headline)
        self.published = published

    def __reduce__(self) -> tuple[type[Degraded], tuple[Published]]:
        """Made anew from what was published, where a result is kept."""
        return Degraded, (self.published,)
