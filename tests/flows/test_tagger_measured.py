"""The shipped taggers on labelled passages; thresholds stand below what was measured, so that a loss shows."""

import os
from pathlib import Path

import pytest

from flows.evaluate import Evaluation, evaluate
from flows.settings import SettingsError, load_settings

DATA = os.environ.get("HEARCAST_EXAMPLES_DATA")
GOLD = Path(DATA or "") / "passages" / "passages.jsonl"
pytestmark = [
    pytest.mark.needs_data,
    pytest.mark.skipif(not DATA, reason="HEARCAST_EXAMPLES_DATA names no folder of example data"),
]


def measured(tmp_path: Path, name: str) -> Evaluation:
    if not GOLD.exists():
        pytest.skip("no passages.jsonl in the folder of example data")
    path = tmp_path / "hearcast.toml"
    path.write_text("")
    return evaluate(load_settings(path, {}), GOLD, name)


def test_fast_is_better_than_rules_alone(tmp_path: Path) -> None:
    fast, rules = measured(tmp_path, "fast"), measured(tmp_path, "rules")
    assert fast.whole.macro_f1.value >= 0.61
    assert fast.whole.macro_f1.value > rules.whole.macro_f1.value + 0.01
    assert fast.whole.headline.f1.value >= 0.59
    assert fast.readers == 2
    assert fast.alpha[-1] == pytest.approx(0.951, abs=0.001)


@pytest.mark.soak
def test_accurate_is_better_still(tmp_path: Path) -> None:
    try:
        accurate = measured(tmp_path, "accurate")
    except SettingsError:
        pytest.skip("the encoder is not installed (make accurate)")
    assert accurate.whole.macro_f1.value >= 0.73
    assert accurate.whole.headline.f1.value >= 0.77
