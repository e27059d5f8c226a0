"""Why an adopted lead moves nothing in a week: each reason, and no other."""

from datetime import date

import polars as pl
import pytest

from transforms.silence import silence

ACTS = date(2026, 11, 2)


def _tables(category: str | None, *, elsewhere: bool, partial: bool) -> dict[str, pl.DataFrame]:
    lead = {"signal": "gift", "target": "units", "category": category, "status": "confirmed", "lead_weeks": 3}  # fmt: skip
    moved = {"target": "units", "signal": "gift", "category": "tea" if elsewhere else "rum", "delta": 2.0}  # fmt: skip
    return {
        "signal_evidence": pl.DataFrame([lead], schema_overrides={"category": pl.String}),
        "forecast_contributions": pl.DataFrame([moved]),
        "signals_weekly": pl.DataFrame(
            [{"signal": "gift", "week_start": ACTS, "is_partial": partial}]
        ),
    }


@pytest.mark.parametrize(
    ("horizon", "category", "elsewhere", "partial", "says"),
    [
        (
            4,
            None,
            False,
            False,
            ", and this one is 4 ahead; beyond its lead a signal says nothing.",
        ),
        (3, None, False, True, ", and what was said in the week that acts is not known whole yet."),
        (3, None, False, False, " over all categories together, but tea shows nothing of it."),
        (3, None, True, False, ", but what was said in the week that acts changes nothing here."),
        (3, "tea", False, False, ", but what was said in the week that acts changes nothing here."),
    ],
)
def test_the_reason_is_the_one_that_holds(
    *, horizon: int, category: str | None, elsewhere: bool, partial: bool, says: str
) -> None:
    row = {
        "target": "units",
        "category": "tea",
        "horizon": horizon,
        "week_start": date(2026, 11, 23),
    }
    told = silence(_tables(category, elsewhere=elsewhere, partial=partial), row)
    assert told == f"  No signal acts on this week: gift leads by 3 weeks{says}"
