"""What a night publishes while tables that rest on held ones are replaced by last night's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from flows.night import Night
from flows.stale import (
    FORECAST_TABLES,
    RECORD_TABLES,
    last_nights,
    previous_snapshot,
    with_stale_targets,
)
from transforms.contracts.exports import TARGETS
from transforms.holding import poisoned

UNRECORDED = {"seasonal_naive": "no record is made on the rung seasonal_naive"}


@dataclass(slots=True)
class Shelf:
    """The night's tables while those that rest on held ones are replaced."""

    tables: dict[str, pl.DataFrame]
    rungs: dict[str, str]
    left_out: dict[str, str] = field(default_factory=dict)
    lines: tuple[str, ...] = ()

    @property
    def again(self) -> str:
        """Which tables are last night's, as the end of a line; empty where none is."""
        names = sorted(name for name, rung in self.rungs.items() if rung == "stale")
        return f"; last night's again: {', '.join(names)}" if names else ""

    def replace(self, name: str, frame: pl.DataFrame | None, why: str) -> None:
        """Puts last night's rows in the place of `name`, or leaves the table out."""
        if frame is not None:
            self.tables[name] = frame
            self.rungs[name] = "stale"
            return
        self.tables.pop(name, None)
        self.rungs.pop(name)
        self.left_out[name] = f"{why}; and no earlier night to fall back on"


def step_down(
    night: Night, held: Mapping[str, str], rung: str, tables: dict[str, pl.DataFrame]
) -> Shelf:
    """Replaces what rests on held tables, or on a model that failed, by last night's rows."""
    exports, bad = night.settings.paths.exports, poisoned(held)
    shelf = Shelf(tables, dict.fromkeys((*FORECAST_TABLES, *RECORD_TABLES), rung))
    failed = rung == "stale"
    targets = TARGETS if failed else tuple(t for t in TARGETS if t in bad)
    why = next(iter(bad.values()), "the forecast failed")
    if targets and not failed and previous_snapshot(exports, night.as_of) is None:
        shelf.lines = (f"forecasts rest on it, as there is no earlier night to show: {why}",)
        targets = ()
    whole = failed or targets == TARGETS
    for name in FORECAST_TABLES if targets else ():
        frame = with_stale_targets(name, tables.get(name), targets, exports, night.as_of)
        shelf.replace(name, frame, why)
    for name in RECORD_TABLES:
        if whole or name not in tables:
            reason = why if whole else UNRECORDED.get(rung, "the backtest failed")
            shelf.replace(name, last_nights(exports, night.as_of, name), reason)
    return shelf
