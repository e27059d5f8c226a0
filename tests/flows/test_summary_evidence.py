"""What signals were worth, in words: a loss is called one."""

import polars as pl
import pytest

from flows.summary_evidence import signal_lines
from tests import review_frames as made
from transforms.contracts import EXPORTS


def _lines(gain: float, lo: float, hi: float) -> list[str]:
    row = {
        "signal": "gift", "target": "units", "category": None, "wape_gain_share": gain,
        "wape_gain_share_lo": lo, "wape_gain_share_hi": hi, "n": 401,
    }  # fmt: skip
    schema = EXPORTS["signal_value"].schema
    worth = pl.DataFrame([row], schema={name: schema[name] for name in row})
    return signal_lines({"signal_evidence": made.evidence(), "signal_value": worth})


@pytest.mark.parametrize(
    ("shares", "says"),
    [
        ((-0.027, -0.092, 0.032), "2.7% worse where it acted [9.2% worse to 3.2% better]"),
        ((0.035, -0.006, 0.081), "3.5% better where it acted [0.6% worse to 8.1% better]"),
        ((-0.0001, -0.01, 0.01), "no different where it acted [1.0% worse to 1.0% better]"),
    ],
)
def test_a_signal_that_made_forecasts_worse_is_said_to(
    shares: tuple[float, float, float], says: str
) -> None:
    told = _lines(*shares)[-1]
    assert told == f"  worth at past cutoffs: gift made the WAPE of units {says}, 401 forecasts"
