"""Counts with their nouns, as people write them."""

from __future__ import annotations


def counted(value: float, many: str) -> str:
    """`value` rounded to whole numbers, with its noun: "1 unit", "0 units", "1,234 units".

    `many` is the noun's plural in s. Never "-0".
    """
    shown = f"{round(value):,}"
    return f"{shown} {many.removesuffix('s') if shown == '1' else many}"
