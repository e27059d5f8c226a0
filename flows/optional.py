"""Tables that the night can do without: each is made, is not to be had, or broke, and the night goes on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from flows.errors import reason_of
from flows.forecasting import conform
from flows.lake import LakeError

LOG = logging.getLogger("hearcast")
Found = Mapping[str, pl.DataFrame] | pl.DataFrame | str
"""Tables by name; the one table that was asked for; or why there is none."""


@dataclass(slots=True)
class Optionals:
    """Tables to publish; `skipped`: table to why there is nothing to show, `failed`: what broke."""

    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def add(self, other: Optionals) -> None:
        """Takes over what another has."""
        self.tables |= other.tables
        self.skipped |= other.skipped
        self.failed |= other.failed

    def make(self, name: str, how: Callable[[], Found], *, beside: Sequence[str] = ()) -> None:
        """Adds what `how` gives: `name`, and the tables `beside` it, which are missing for its reason.

        Where it fails, or what it gives breaks its contract, it is left out. Only a lake that
        cannot be read is raised: no other table could be trusted either.
        """
        try:
            found = how()
            if isinstance(found, str):
                self.skipped |= dict.fromkeys((name, *beside), found)
                return
            self.tables |= self.fit({name: found} if isinstance(found, pl.DataFrame) else found)
        except LakeError:
            raise
        except Exception as error:  # noqa: BLE001 - one table must not end the night
            LOG.error("%s failed: %s", name, reason_of(error))  # noqa: TRY400 - may quote rows
            self.failed |= dict.fromkeys((name, *beside), f"{name} failed: {type(error).__name__}")

    def fit(self, found: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
        """The tables in the form in which they are published."""
        return {name: conform(name, frame) for name, frame in found.items()}
