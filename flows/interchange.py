"""The night's forecasts once more in the layout that other tools exchange."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from transforms.hub import forecasts_hub, hub_levels

HUB = "forecasts_hub"


@dataclass(frozen=True, slots=True)
class Interchange:
    """Tables with their rungs; `skipped`: table to why it is not there; `lines` for people."""

    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    rungs: Mapping[str, str] = field(default_factory=dict)
    skipped: Mapping[str, str] = field(default_factory=dict)
    lines: tuple[str, ...] = ()


def interchange(forecasts: pl.DataFrame | None, rungs: Mapping[str, str]) -> Interchange:
    """forecasts_hub on the rung of `forecasts`; None: there are none to exchange."""
    if forecasts is None:
        return Interchange(skipped={HUB: "there are no forecasts to exchange"})
    levels = hub_levels(forecasts)
    without = sorted(set(forecasts["level"].unique()) - set(levels))
    lines = (f"{HUB} leaves out the level {', '.join(without)}: too many rows",) if without else ()
    tables = {HUB: forecasts_hub(forecasts, levels)}
    return Interchange(tables, {HUB: rungs.get("forecasts", "full")}, lines=lines)
