"""What a forecast is asked to be: one declarative value used by the night, backtests and replays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WEEKLY_QUANTILES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
LEVELS = ("total", "category", "sku", "sku_channel")


@dataclass(frozen=True, slots=True)
class SignalSpec:
    """One signal, the targets that it may lead, and the longest lead that is looked for."""

    name: str
    targets: tuple[str, ...] = ("units",)
    max_lag_weeks: int = 8

    def __post_init__(self) -> None:
        if self.max_lag_weeks < 1:
            raise ValueError(f"signal {self.name}: max_lag_weeks must be at least 1")


@dataclass(frozen=True, slots=True)
class ForecastSpec:
    """Everything that decides a forecast apart from the data.

    ``levels`` names what is published; without "sku" and "sku_channel" the bottom series of the
    panels are categories. ``fdr`` bounds the false discoveries of one weekly gate over everything
    that it tests. Without ``cumulative_quantiles``, demand summed over weeks is not forecast.
    ``challengers``: state-space models are fitted too, at about a millisecond for
    every sum, and for every series where they are few. ``audit_series``: how many series of each
    target are forecast by textbook models too; 0 for none.
    """

    horizon: int = 13
    season_weeks: int = 52
    levels: tuple[str, ...] = ("total", "category", "sku")
    quantiles: tuple[float, ...] = WEEKLY_QUANTILES
    cumulative_quantiles: tuple[float, ...] = (*WEEKLY_QUANTILES, 0.98, 0.99)
    signals: tuple[SignalSpec, ...] = ()
    fdr: float = 0.10
    seed: int = 20240501
    challengers: bool = True
    audit_series: int = 20

    def __post_init__(self) -> None:
        unknown = [level for level in self.levels if level not in LEVELS]
        if unknown or not self.levels:
            raise ValueError(f"levels {self.levels}: choose from {LEVELS}")
        if self.horizon < 1 or self.season_weeks < 2:
            raise ValueError("horizon must be at least 1 and season_weeks at least 2")
        for q in (self.quantiles, self.cumulative_quantiles):
            if list(q) != sorted(set(q)) or any(not 0 < level < 1 for level in q):
                raise ValueError("quantiles must increase strictly between 0 and 1")
        if not self.quantiles:
            raise ValueError("at least one quantile has to be asked for")


def quantile_names(quantiles: Sequence[float]) -> list[str]:
    """Return column names: .05 -> p05, .5 -> p50."""
    return [f"p{round(q * 100):02d}" for q in quantiles]


def bands(horizon: int) -> tuple[tuple[str, int, int], ...]:
    """Return (name, first horizon, last horizon) of the bands that share weights and accuracy."""
    if horizon <= 4:
        return ((f"h1-{horizon}", 1, horizon),)
    return (("h1-4", 1, 4), (f"h5-{horizon}", 5, horizon))
