"""Which of the asked levels a panel's series have."""

from __future__ import annotations

import polars as pl
import pytest

from models.hierarchy import levels_in


def series(sku: str | None, channel: str | None) -> pl.DataFrame:
    types = {"series_id": pl.String, "category": pl.String, "sku": pl.String, "channel": pl.String}
    row = {"series_id": "s", "category": "tea", "sku": sku, "channel": channel}
    return pl.DataFrame([row], schema=types)


@pytest.mark.parametrize(
    ("sku", "channel", "asked", "told"),
    [
        ("S1", "web", ("total", "sku_channel"), ["total", "sku_channel"]),
        ("S1", None, ("total", "sku_channel"), ["total"]),
        ("S1", None, ("sku_channel",), ["sku"]),
        (None, None, ("sku", "sku_channel"), ["category"]),
        (None, None, ("category", "sku"), ["category"]),
    ],
)
def test_a_target_is_told_at_asked_levels_or_else_at_its_finest(
    sku: str | None, channel: str | None, asked: tuple[str, ...], told: list[str]
) -> None:
    assert levels_in(series(sku, channel), asked) == told
