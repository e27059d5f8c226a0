"""Feasts of a country by date and by week.

Dates come from the ``holidays`` library, which computes them (no clock, no network); to them are
added two that trade lives by and that it lacks for many countries: Black Friday and Mother's Day.
Each feast gives two exposures: the share of the seven days up to and with it, and of the seven
days after it, that fall into a week. So a feast that moves between weeks from year to year keeps
its effect, where a season by week of the year or last year's week would misplace it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import holidays
import numpy as np

from models.types import Dates, Floats

BEFORE, AFTER = "before ", "after "
RUN_UP_DAYS = 7
NOT_OF_TRADE = ("Groundhog Day",)
ESTIMATED = " (estimated)"
"""What the library adds to feasts of the moon in years whose day it computes; they stay one."""
SECOND_SUNDAY_OF_MAY = (
    "AT AU BE BR CA CH CN CO CZ DE DK EE FI GR HK HR IN IT JP LV MY NL NZ PE PH SG SK TR TW UA ZA"
)


def calendar_of(country: str) -> tuple[str, str | None]:
    """Return a country's code and its part's, of "US" or "GB-ENG" (ISO 3166).

    ValueError where there is no calendar of it; the message says what there is.
    """
    name, _, part = country.partition("-")
    name = "GB" if name == "UK" else name
    supported = holidays.list_supported_countries(include_aliases=False)
    if name not in supported:
        raise ValueError(
            f"{country!r} has no calendar; give a code of ISO 3166 such as US or GB-ENG"
        )
    if part and part not in supported[name]:
        parts = ", ".join(supported[name][:8]) or "none"
        raise ValueError(f"{country!r}: of {name} there are calendars of these parts: {parts}")
    return name, part or None


def feasts_of(country: str, first: date, last: date) -> list[tuple[date, str]]:
    """Return the feasts of a country, or of a part of it ("GB-ENG"), between two days, sorted.

    ValueError where there is no calendar of it.
    """
    name, part = calendar_of(country)
    years = range(first.year, last.year + 1)
    supported = getattr(holidays.country_holidays(name), "supported_categories", ("public",))
    calendar = holidays.country_holidays(
        name,
        subdiv=part,
        years=years,
        observed=False,
        categories=tuple(c for c in ("public", "unofficial") if c in supported),
        language="en_US",
    )
    found = {
        (day, one.removesuffix(ESTIMATED)) for day in calendar for one in calendar.get_list(day)
    }
    told = {one for _, one in found}
    for year in years:
        found |= _of_trade(name, year, told)
    kept = ((d, n) for d, n in found if first <= d <= last and n not in NOT_OF_TRADE)
    return sorted(kept)


def _nth(year: int, month: int, weekday: int, nth: int) -> date:
    """Return the nth given weekday (0 = Monday) of a month."""
    start = date(year, month, 1)
    return start + timedelta(days=(weekday - start.weekday()) % 7 + 7 * (nth - 1))


def _easter(year: int) -> date:
    """Return Easter Sunday (the anonymous Gregorian computus)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    h = (19 * a + b - d - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    i, k = divmod(c, 4)
    shift = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * shift) // 451
    month, day = divmod(h + shift - 7 * m + 114, 31)
    return date(year, month, day + 1)


def _of_trade(country: str, year: int, there: Iterable[str]) -> set[tuple[date, str]]:
    """Return Black Friday and Mother's Day of a year, where the library does not tell them."""
    out = {(_nth(year, 11, 3, 4) + timedelta(days=1), "Black Friday")}
    if "Mother's Day" not in there:
        if country in ("GB", "IE"):
            out.add((_easter(year) - timedelta(days=21), "Mother's Day"))
        elif country in ("ES", "PT", "HU", "RO"):
            out.add((_nth(year, 5, 6, 1), "Mother's Day"))
        elif country in SECOND_SUNDAY_OF_MAY.split():
            out.add((_nth(year, 5, 6, 2), "Mother's Day"))
    return out


def feast_weeks(feasts: list[tuple[date, str]], weeks: Dates) -> tuple[tuple[str, ...], Floats]:
    """Return names and exposures (J, N) of feasts in weeks (N,), consecutive week starts.

    ``before NAME``: share of the seven days that end with the feast; ``after NAME``: of the seven
    days after it.
    """
    names = sorted({BEFORE + name for _, name in feasts} | {AFTER + name for _, name in feasts})
    out = np.zeros((len(names), len(weeks)))
    place = {name: i for i, name in enumerate(names)}
    for day, name in feasts:
        for step in range(RUN_UP_DAYS):
            for kind, at in ((BEFORE, -step), (AFTER, step + 1)):
                on = np.datetime64(day, "D") + at
                week = int((on - weeks[0]).astype(np.int64) // 7) if len(weeks) else -1
                if 0 <= week < len(weeks):
                    out[place[kind + name], week] += 1 / RUN_UP_DAYS
    return tuple(names), out
