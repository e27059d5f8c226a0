"""Forecasts made elsewhere that join the experts as one further family: challengers, outcomes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.types import Singles


@dataclass(frozen=True, slots=True)
class Extra:
    """Further experts' forecasts, to be weighed beside the engine's own.

    ``names`` (K,): at least one, distinct. ``forecasts`` (S, O+1, H, K), float32, >= 0: at the
    grid's inner origins and, last, at the cutoff (``models.base.grid_of``); nan = none there,
    which takes the flat level (ses15). What stands at an origin may rest on weeks before it only.
    """

    names: tuple[str, ...]
    forecasts: Singles

    def __post_init__(self) -> None:
        if not self.names or len(set(self.names)) != len(self.names):
            raise ValueError(f"extra experts must have distinct names, got {self.names}")
        if self.forecasts.ndim != 4 or self.forecasts.shape[3] != len(self.names):
            raise ValueError(
                f"extra forecasts are {self.forecasts.shape}, not (S, O+1, H, {len(self.names)})"
            )
        if bool(np.any(self.forecasts < 0)) or bool(np.any(np.isinf(self.forecasts))):
            raise ValueError("extra forecasts must be finite and not negative, or nan")


def together(*extras: Extra | None) -> Extra | None:
    """Return one family of all the experts given; None where none are."""
    told = [extra for extra in extras if extra is not None]
    if len(told) < 2:
        return told[0] if told else None
    names = tuple(name for extra in told for name in extra.names)
    return Extra(names, np.concatenate([extra.forecasts for extra in told], axis=3))


def joined(experts: Singles, extra: Extra | None, flat: int) -> Singles:
    """Return (S, O, H, E+K): the experts, then the extra ones; theirs are ``flat``'s where nan.

    Without extra ones, the experts themselves. Raises ValueError where the shapes do not fit.
    """
    if extra is None:
        return experts
    if extra.forecasts.shape[:3] != experts.shape[:3]:
        raise ValueError(f"extra forecasts are {extra.forecasts.shape}, experts {experts.shape}")
    own = extra.forecasts.astype(np.float32)
    own = np.where(np.isnan(own), experts[..., flat : flat + 1], own)
    begun = ~np.isnan(experts[..., :1])
    return np.concatenate([experts, np.where(begun, own, np.float32(np.nan))], axis=3)
