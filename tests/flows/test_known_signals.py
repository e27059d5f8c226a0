"""A signal that nobody can find is a slip of the pen: refused, with the name that was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.night import check_words, open_night
from flows.settings import SettingsError, load_settings


def refused(folder: Path, text: str) -> str:
    """Why a night on this configuration is refused, in one line."""
    file = folder / "hearcast.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        open_night(str(file), "2026-11-17")
    assert not (folder / "data").exists()
    line = str(caught.value)
    assert line.startswith(f"{file}: [[signals]] ")
    assert "\n" not in line
    return line


def test_a_name_that_no_phrase_file_has_is_refused(tmp_path: Path) -> None:
    line = refused(
        tmp_path, "[[signals]]\nname = 'price_objection'\n[[signals]]\nname = 'stockingup'\n"
    )
    assert "'stockingup'" in line
    assert line.endswith("did you mean stocking_up?")
    line = refused(tmp_path, "[[signals]]\nname = 'zzz'\n")
    assert "they have checkout_problem, delivery_worry, " in line


def test_what_another_system_tags_may_have_any_name(tmp_path: Path) -> None:
    file = tmp_path / "hearcast.toml"
    file.write_text("[[signals]]\nname = 'churn_risk'\n[tagging]\nupstream = ['churn_risk']\n")
    check_words(load_settings(file, {}))
    file.write_text("[[signals]]\nname = 'stocking_up'\n[tagging]\nlanguages = ['pt']\n")
    check_words(load_settings(file, {}))
