from datetime import date

import pytest

from transforms.review import numbers


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.0, "0"), (3.0, "3"), (3.26, "3.3"), (99.96, "100"), (1234.5, "1,234"), (None, "unknown")],
)
def test_quantities(value: float | None, said: str) -> None:
    assert numbers.quantity(value) == said


def test_changes_bear_their_sign() -> None:
    assert [numbers.signed(v) for v in (2.0, -2.5, 0.0, None)] == ["+2", "−2.5", "0", "unknown"]


def test_shares_and_their_intervals() -> None:
    assert numbers.percent(0.1234) == "12.3\u00a0%"
    assert numbers.percents(0.1, 0.2) == "10.0 to 20.0\u00a0%"
    assert numbers.percents(-0.1, 0.2, signs=True) == "−10.0 to +20.0\u00a0%"
    assert numbers.percents(None, 0.2) == "unknown"


def test_a_change_too_small_to_show_has_no_sign() -> None:
    assert numbers.signed_percent(-0.0001) == "0.0\u00a0%"


def test_chances() -> None:
    assert [numbers.chance(p) for p in (0.0001, 0.0314, None)] == [
        "below 0.001",
        "0.031",
        "unknown",
    ]


def test_lists_and_counts() -> None:
    assert numbers.listed(["a", "b", "c"]) == "a, b and c"
    assert numbers.listed(["a", "b", "c"], most=2) == "a, b and 1 more"
    assert numbers.listed(["a"]) == "a"
    assert numbers.plural(1, "week") == "1 week"
    assert numbers.plural(1200, "series", "series") == "1,200 series"


def test_days() -> None:
    assert numbers.day(date(2026, 11, 7)) == "7 Nov 2026"
