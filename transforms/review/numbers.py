"""Numbers as people in operations read them: the unit, the interval and the count beside each."""

from __future__ import annotations

from datetime import date, timedelta

UNKNOWN = "unknown"
MINUS = "\N{MINUS SIGN}"
PERCENT = "\N{NO-BREAK SPACE}%"


def quantity(value: float | None) -> str:
    """A quantity: whole from 100 on, one decimal below, so that a slow mover is not "0"."""
    if value is None:
        return UNKNOWN
    return f"{value:,.0f}" if abs(value) >= 99.95 or value == round(value) else f"{value:,.1f}"


def signed(value: float | None) -> str:
    """A change: as `quantity`, with its sign; "0" where there is none to show."""
    if value is None:
        return UNKNOWN
    shown = quantity(abs(value))
    return "0" if float(shown.replace(",", "")) == 0 else ("+" if value > 0 else MINUS) + shown


def between(lo: float | None, hi: float | None) -> str:
    """An interval of quantities."""
    return UNKNOWN if lo is None or hi is None else f"{quantity(lo)} to {quantity(hi)}"


def percent(share: float | None, *, digits: int = 1) -> str:
    """A share as a percentage."""
    return UNKNOWN if share is None else f"{100 * share:.{digits}f}{PERCENT}"


def points(value: float) -> str:
    """Percentage points with their sign; without one where there is nothing to show."""
    shown = round(value, 1)
    return f"{'+' if shown > 0 else MINUS if shown < 0 else ''}{abs(shown):.1f}"


def signed_percent(share: float | None) -> str:
    """A relative change as a percentage with its sign."""
    if share is None:
        return UNKNOWN
    return f"{points(100 * share)}{PERCENT}"


def percents(lo: float | None, hi: float | None, *, signs: bool = False) -> str:
    """An interval of shares."""
    if lo is None or hi is None:
        return UNKNOWN
    word = signed_percent if signs else percent
    return f"{word(lo).removesuffix(PERCENT)} to {word(hi)}"


def chance(p: float | None) -> str:
    """A p or q value."""
    if p is None:
        return UNKNOWN
    return "below 0.001" if p < 0.001 else f"{p:.3f}"


def day(when: date | None) -> str:
    """A day, with its year."""
    return UNKNOWN if when is None else f"{when.day} {when:%b %Y}"


def week(start: date) -> str:
    """A week by its first day."""
    return f"{start.day} {start:%b %Y}"


def weeks_from_to(first: date, last: date) -> str:
    """The days from the first day of one week to the last of another."""
    return f"{day(first)} to {day(last + timedelta(days=6))}"


def plural(n: int, one: str, many: str = "") -> str:
    """A count with its noun."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def words(name: str) -> str:
    """A signal's or a status' name as words."""
    return name.replace("_", " ")


def listed(names: list[str], most: int = 5) -> str:
    """Names in a sentence, the rest of a long list counted."""
    shown = names[:most]
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most:,} more"
    return f"{', '.join(shown[:-1])} and {shown[-1]}" if len(shown) > 1 else "".join(shown)
