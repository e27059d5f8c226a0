"""What the declarations of the customer system share: periods, verdicts and shares with limits."""

from __future__ import annotations

from transforms.contracts.columns import date, real, share, text
from transforms.contracts.schema import Column

NOT_ENOUGH, NO_TARGET = "not_enough_data", "no_target"
VERDICTS = ("below", "inside", "above", "undetermined", NOT_ENOUGH, NO_TARGET)
MIN_PEOPLE = 20
"""A share of fewer people has no verdict: its interval spans a third of all that is possible."""
MIN_SHOWN = 3
"""What fewer different customers said, in their words, is not shown: it might tell who they are."""
PERIOD_COLUMNS = (
    text("period", "4 weeks or 13 weeks; periods of one length do not overlap"),
    date("period_start", "its first day"),
    date("period_end", "its last day"),
)
VERDICT_PROSE = (
    "the interval beside the target: below, inside or above (all of it is), undetermined (it reaches "
    "across an end of the target), not_enough_data, no_target"
)


def verdict(prose: str = VERDICT_PROSE, name: str = "verdict") -> Column:
    """The column that says in one fixed word what the interval beside its target says."""
    return text(name, prose, one_of=VERDICTS)


def limits(name: str, prose: str, stem: str = "") -> tuple[Column, ...]:
    """A share and its two 95 % limits: lo and hi, or `stem`_lo and `stem`_hi."""
    before = f"{stem}_" if stem else ""
    return (
        share(name, prose),
        share(f"{before}lo", "lower end, 95 %"),
        share(f"{before}hi", "upper end, 95 %"),
    )


def difference(name: str, prose: str) -> tuple[Column, ...]:
    """A difference of two shares and its 95 % limits."""
    return (
        real(name, prose, "share", nullable=True, lo=-1.0, hi=1.0),
        real(f"{name}_lo", "lower end, 95 %", "share", nullable=True, lo=-1.0, hi=1.0),
        real(f"{name}_hi", "upper end, 95 %", "share", nullable=True, lo=-1.0, hi=1.0),
    )
