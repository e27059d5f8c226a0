"""Repeat orders that follow what was said, from a brand's files to the table of a night."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.simulate import simulate
from tests.flows.office.returning import repeat_table
from tests.models.office.returning import RATIOS, SPEC, judged


@pytest.mark.parametrize("truly", [True, False], ids=["heard rightly", "heard by our rules"])
def test_a_night_finds_the_planted_hazards(tmp_path: Path, *, truly: bool) -> None:
    """Of what is heard rightly the night counts whom the truth counts; our rules mistake some."""
    made = simulate(replace(SPEC, seed=3, dirty=True, repeat_ratios=RATIOS))
    table = repeat_table(tmp_path / "shop", made, truly=truly)
    rows = {row["signal"]: row for row in table.filter(segment="(all)").iter_rows(named=True)}
    curves = made.truth["repeat_timing"]["curves"]
    for signal, ratio in RATIOS:
        assert rows[signal]["hr"] == pytest.approx(ratio, rel=0.3), signal
        assert (rows[signal]["hr"] > 1) == (ratio > 1), signal
        near = 3 if truly else 0.5 * curves[signal]["n"]
        assert rows[signal]["n"] == pytest.approx(curves[signal]["n"], abs=near), signal
        if truly:
            assert rows[signal]["verdict"] == ("above" if ratio > 1 else "below"), signal
    if truly:
        held = judged(made, table.to_dicts())
        assert np.mean([h for these in held.values() for h in these]) > 0.85
