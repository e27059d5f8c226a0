"""Compiled code is that of the sources that run, after an upgrade too; what users set stands."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flows.environment import KEPT_PAGES, compiled_cache, prepare


def test_other_sources_have_another_folder_and_old_ones_go(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    first = compiled_cache(tmp_path)
    assert first is not None
    assert compiled_cache(tmp_path) == first
    (tmp_path / "b.py").write_text("y = 1\n")
    second = compiled_cache(tmp_path)
    assert second is not None
    assert second != first
    assert second.is_dir()
    assert first.is_dir()
    for name in ("c", "d", "e"):
        (tmp_path / f"{name}.py").write_text("z = 1\n")
        assert compiled_cache(tmp_path) is not None
    assert len(list((tmp_path / "__pycache__").iterdir())) == 3


def test_without_a_place_to_write_numba_keeps_its_own_ways(tmp_path: Path) -> None:
    (tmp_path / "__pycache__").write_text("a file, not a folder")
    assert compiled_cache(tmp_path) is None


@pytest.mark.parametrize("told", [None, "dirty_decay_ms:0"])
def test_what_stands_in_the_environment_goes_before(
    monkeypatch: pytest.MonkeyPatch, told: str | None
) -> None:
    name, ours = KEPT_PAGES
    monkeypatch.delenv(name, raising=False)
    if told is not None:
        monkeypatch.setenv(name, told)
    prepare(2)
    assert os.environ[name] == (told or ours)
