"""Damaged configurations and command lines: a clean exit code and one line, whatever was typed."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.cli import EXIT_FAILED, EXIT_USAGE, main
from flows.settings import SettingsError, load_settings
from tests.fuzzing import CHANGES, Change, damaged, long, short

ROOT = Path(__file__).parents[2]
EXAMPLES = [
    ROOT / "hearcast.toml",
    *sorted((ROOT / "examples").glob("*.toml")),
]
VALUES = ("", "0", "-1", "1e9", "nan", "true", "null", "[]", "{}", '["units"]', "é", "../..", "s3://a b", "2026-02-30", "\x00", "x" * 300)  # fmt: skip
VARIABLES = ("RUN__THREADS", "BUSINESS__TIMEZONE", "BUSINESS__WEEK_START", "PATHS__LAKE", "FORECAST__LEVELS", "FORECAST",
             "VALIDATION__TABLES__REFUNDS__HOLD_SHARE", "PLANNING__SERVICE_LEVEL", "NO__SUCH__KEY", "__", "SOURCES")  # fmt: skip
ENVIRONMENTS = st.dictionaries(
    st.sampled_from(VARIABLES).map(lambda name: f"HEARCAST_{name}"),
    st.sampled_from(VALUES),
    max_size=2,
)
OPTIONS = ("--config", "--as-of", "--from", "--to", "--step-days", "--sku", "--week", "--customer", "--gold", "--out", "--in",
           "--n", "--json-logs", "--help", "--as-published", "--unknown", "-x", "--")  # fmt: skip
COMMANDS = (
    "review",
    "explain",
    "backfill",
    "nightly",
    "forget",
    "doctor",
    "tagger",
    "audit",
    "evaluate",
    "serve",
    "no-such",
)
WORDS = st.one_of(
    st.sampled_from(COMMANDS),
    st.sampled_from(OPTIONS),
    st.sampled_from(
        ["", "2026-11-17", "2026-13-01", "S1", "@none.json", "/dev/null", ".", "-1", "é"]
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=5),
)


def loads_or_says_why(folder: Path, data: bytes, environ: Mapping[str, str]) -> None:
    path = folder / "hearcast.toml"
    path.write_bytes(data)
    try:
        load_settings(path, environ)
    except SettingsError as error:
        line = str(error)
        assert line.startswith(str(path)), line
        assert "\n" not in line
        assert len(line) > len(str(path)) + 10, "it says what is wrong"


PICKED = st.integers(0, len(EXAMPLES) - 1)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_undamaged_examples_load(example: Path, tmp_path: Path) -> None:
    environ = {"HEARCAST_EXAMPLES_DATA": str(tmp_path)}
    assert load_settings(example, environ).sources


@short(250)
@given(pick=PICKED, changes=CHANGES, environ=ENVIRONMENTS)
def test_damaged_configurations_get_one_line(
    tmp_path: Path, pick: int, changes: list[Change], environ: dict[str, str]
) -> None:
    told = {"HEARCAST_EXAMPLES_DATA": str(tmp_path), **environ}
    loads_or_says_why(tmp_path, damaged(EXAMPLES[pick].read_bytes(), changes), told)


@pytest.mark.soak
@long(50_000)
@given(pick=PICKED, changes=CHANGES, environ=ENVIRONMENTS)
def test_many_damaged_configurations_get_one_line(
    tmp_path: Path, pick: int, changes: list[Change], environ: dict[str, str]
) -> None:
    told = {"HEARCAST_EXAMPLES_DATA": str(tmp_path), **environ}
    loads_or_says_why(tmp_path, damaged(EXAMPLES[pick].read_bytes(), changes), told)


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder whose configuration names a table that is not there: no command can run."""
    (tmp_path / "hearcast.toml").write_text('[run]\nthreads = "two"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    return tmp_path


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = main(words)
    except SystemExit as exit_:  # argparse's own way to end
        code = exit_.code  # type: ignore[assignment]
    told = capsys.readouterr()
    line = shlex.join(words)
    assert code in {0, EXIT_FAILED, EXIT_USAGE}, line
    assert "Traceback" not in told.err, line
    if code == 0:
        assert "usage: hearcast" in told.out, f"only --help may succeed here: {line}"
    else:
        # A word that was typed may hold a line break, and is shown as it is.
        assert "error" in told.err.lower(), told.err


@pytest.mark.usefixtures("nowhere")
@short(150)
@given(words=st.lists(WORDS, max_size=6))
def test_odd_command_lines_end_with_a_usage_error(
    capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    refused(words, capsys)


@pytest.mark.soak
@pytest.mark.usefixtures("nowhere")
@long(10_000)
@given(words=st.lists(WORDS, max_size=6))
def test_many_odd_command_lines_end_with_a_usage_error(
    capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    refused(words, capsys)
