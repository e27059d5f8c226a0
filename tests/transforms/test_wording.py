"""Counts as people write them."""

import pytest

from transforms.wording import counted


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (1.0, "1 unit"), (0.9, "1 unit"), (1.6, "2 units"), (0.2, "0 units"), (-0.3, "0 units"),
        (1234.4, "1,234 units"),
    ],
)  # fmt: skip
def test_one_is_singular_and_nothing_is_less_than_nothing(value: float, says: str) -> None:
    assert counted(value, "units") == says
