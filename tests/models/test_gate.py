import numpy as np
import pytest

from models.gate import adoption


@pytest.mark.parametrize(
    ("passes", "adopted", "since"),
    [
        ("", False, -1),
        ("1100", False, -1),
        ("1110", True, 2),
        ("1011", True, 3),
        ("10101", False, -1),
        ("1110101010", True, 2),
        ("111000", False, 5),
        ("1111001", True, 2),
        ("111000101", False, 5),
        ("1110001011", True, 9),
    ],
)
def test_three_of_the_last_four_gates_decide(passes: str, since: int, *, adopted: bool) -> None:
    gates = np.array([[c == "1" for c in passes]], dtype=bool).reshape(1, len(passes))
    state = adoption(gates)
    assert bool(state.adopted[0]) is adopted
    assert int(state.since[0]) == since
