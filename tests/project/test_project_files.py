import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PINNED = re.compile(r"([A-Za-z0-9._-]+)(?:\[[a-z0-9_, -]+\])?==[A-Za-z0-9.!+]+(?: ; .+?)?(?: \\)?")


def _project() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _lock() -> list[str]:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if not line.lstrip().startswith("#")]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _wanted(project: dict) -> set[str]:
    lists = [
        project["project"]["dependencies"],
        project["dependency-groups"]["dev"],
        project["build-system"]["requires"],
    ]
    return {_plain(re.match(r"[A-Za-z0-9._-]+", item)[0]) for group in lists for item in group}


def test_lock_holds_pins_and_hashes_and_nothing_else() -> None:
    for line in _lock():
        hash_line = re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?", line)
        assert hash_line or PINNED.fullmatch(line), line


def test_every_pin_in_the_lock_has_a_hash() -> None:
    lines = _lock()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if PINNED.fullmatch(line):
            assert following.startswith("    --hash=sha256:"), line


def test_no_address_or_machine_path_in_the_lock() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"://|@ |--(extra-)?index-url|--find-links|/(home|opt|tmp|usr)/", text)


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-bench.lock"])
def test_what_is_locked_with_extras_is_locked_plainly_too(name: str) -> None:
    """Some versions of pip take a plain wish beside one with extras for one without a version."""
    text = (ROOT / name).read_text(encoding="utf-8")
    pinned = set(re.findall(r"^([A-Za-z0-9._-]+(?:\[.+?\])?==\S+)", text, re.MULTILINE))
    with_extras = {one for one in pinned if "[" in one}
    assert with_extras
    assert {re.sub(r"\[.+?\]", "", one) for one in with_extras} <= pinned


def test_every_declared_dependency_is_locked() -> None:
    locked = {_plain(match[1]) for line in _lock() if (match := PINNED.fullmatch(line))}
    assert _wanted(_project()) <= locked


def test_a_wheel_is_refused() -> None:
    run = subprocess.run(
        [sys.executable, "setup.py", "bdist_wheel"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 1
    assert "deployed from its repository" in run.stderr
    assert not (ROOT / "build").exists()


def test_pre_commit_runs_local_programs_of_the_locked_environment_only() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    hooks = [hook for repo in config["repos"] for hook in repo["hooks"]]
    assert {repo["repo"] for repo in config["repos"]} == {"local"}
    assert all(hook["language"] == "system" for hook in hooks)
    assert all(hook["entry"].startswith(".venv/bin/") for hook in hooks)
