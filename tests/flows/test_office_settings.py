"""[office]: targets, the lot and benchmarks are checked before anything runs, with the key and the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.settings import Settings, SettingsError, load_settings
from tests.flows.written import write_config


def settings(folder: Path, extra: str) -> Settings:
    return load_settings(write_config(folder, {"order_lines": "in/*"}, extra), {})


def test_a_target_is_one_share_or_two_ends(tmp_path: Path) -> None:
    found = settings(
        tmp_path,
        "[office.reasons.targets]\nextra_costs = 0.1\ndelivery_worry = [0.05, 0.2]\n"
        "[office.language]\ntarget = 0.5\n[office.benchmarks.connect_rate]\nlo = 0.2\nsource = 'ours'\n",
    ).office
    one, two = found.reasons.targets["extra_costs"], found.reasons.targets["delivery_worry"]
    assert ((one.lo, one.hi), (two.lo, two.hi)) == ((0.1, 0.1), (0.05, 0.2))
    assert found.language.target is not None
    assert found.benchmarks["connect_rate"].lo == 0.2
    assert found.carts.held_out == ("holdout", "control")


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        ("[office.reasons.targets]\nextra_cost = 0.1", "did you mean extra_costs?"),
        ("[office.reasons.targets]\nextra_costs = [0.3, 0.1]", "above its upper end"),
        ("[office.language]\ntarget = 1.5", "target"),
        ("[office.carts]\nheld_out = []", "held_out"),
        ("[office.benchmarks.connect]\nlo = 0.1", "did you mean connect_rate?"),
        ("[office.benchmarks.connect_rate]\nlo = 0.9", "lo is above hi"),
        ("[office.reason]\ntargets = {}", "reasons"),
        ("[office.metrics]\nwatched = ['late_shares']", "did you mean late_share?"),
        (
            "[office.metrics.targets]\ndelivery_wory_share = [0, 1]",
            "did you mean delivery_worry_share?",
        ),
        ("[office.metrics.targets]\nlate_share = [0.3, 0.1]", "above the upper end"),
        ("[office.metrics]\nrules = 'nelsen'", "rules"),
        ("[office.metrics]\nfreeze_months = 5", "freeze_months"),
        ("[office.metrics]\nbaseline_weeks = 8", "baseline_weeks"),
        ("[office.distribution]\ntarget = [0.9, 0.1]", "above the upper end"),
        ("[office.catalogue.tables]\nforecast = 2", "did you mean forecasts?"),
    ],
)
def test_a_mistake_is_named_with_its_remedy(tmp_path: Path, extra: str, told: str) -> None:
    with pytest.raises(SettingsError, match=None) as caught:
        settings(tmp_path, extra)
    line = str(caught.value)
    assert told in line
    assert "\n" not in line
