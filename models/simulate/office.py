"""The Office of the Customer of a simulated brand: its programme's tables, in the order they are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from models.simulate import consent, findings, lots, sendings
from models.simulate.orders import Orders
from models.simulate.spec import BrandSpec
from models.simulate.voice import Talk


def office(
    spec: BrandSpec, orders: Orders, talk: Talk, tables: Mapping[str, pl.DataFrame]
) -> tuple[dict[str, pl.DataFrame], pl.DataFrame, dict[str, Any]]:
    """Tables by name, the further rows of call_attempts, and what is true of them.

    Each part draws from a source of chance of its own: the brand's other tables stay as they are.
    """
    attempts = tables["call_attempts"]
    lot, told = lots.draw_lot(spec, orders, tables["checkouts"], attempts)
    noted = findings.insights(spec, talk, attempts, tables["passages"])
    made = {
        "consents": consent.consents(spec),
        "assignments": lots.assignments(spec, lot),
        "insights": noted,
        "actions": findings.actions(spec, noted),
        "touchpoints": findings.touchpoints(),
        "distributions": sendings.distributions(spec, noted),
    }
    truth = {
        "consents": consent.truth(),
        "experiments": {lots.EXPERIMENT: told},
        **findings.truth(),
    }
    return made, lots.cart_calls(spec, lot), truth
