"""`[office]`: defaults of the programme, what may be set alone, and mistakes in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.settings import Settings, SettingsError, load_settings


def settings(folder: Path, text: str) -> Settings:
    path = folder / "hearcast.toml"
    path.write_text(f"[[sources]]\nname = 'main'\nkind = 'files'\norder_lines = 'x.csv'\n{text}")
    return load_settings(path, {})


def test_the_programme_is_that_of_the_article_by_default(tmp_path: Path) -> None:
    rules = settings(tmp_path, "").office.calls.rules()
    told = {name: (one.target, one.period) for name, one in rules.cohorts.items()}
    assert told == {"abandoner": (20, "week"), "repeat": (10, "quarter"), "recent": (20, "month")}
    assert rules.consent_required
    assert rules.rest_days == 90


def test_one_key_of_a_cohort_may_be_set_alone(tmp_path: Path) -> None:
    rules = settings(tmp_path, "[office.calls.recent]\ntarget = 7\n").office.calls.rules()
    assert rules.cohorts["recent"].target == 7
    assert rules.cohorts["recent"].period == "month"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[office.calls.recent]\nperiod = 'day'\n", "period"),
        ("[office.calls]\nconsent = 'maybe'\n", "consent"),
        ("[office.calls]\nholdout_share = 1.0\n", "holdout_share"),
        ("[office.connect]\ntarget = [0.4, 0.3]\n", "target"),
        ("[office.touchpoints.targets]\nsurvey = [0.5, 0.2]\n", "survey"),
        ("[office.calls]\nsallt = 'x'\n", "sallt"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_key(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told) as error:
        settings(tmp_path, text)
    assert "\n" not in str(error.value)
