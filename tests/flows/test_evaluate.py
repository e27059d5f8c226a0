import json
import subprocess
import sys
from pathlib import Path

import pytest

from flows.cli import main

ROWS = [
    {"text": "It broke after two weeks.", "signals": ["durability_question"]},
    {"text": "Where is my package? It was due on Monday.", "signals": ["delivery_worry"]},
    {"text": "A lovely colour.", "signals": ["gift_purchase"], "pool": "random"},
]


def run(tmp_path: Path, text: str, *more: str) -> int:
    gold = tmp_path / "gold.jsonl"
    gold.write_text(text, encoding="utf-8")
    (tmp_path / "hearcast.toml").write_text("", encoding="utf-8")
    config = str(tmp_path / "hearcast.toml")
    return main(["tagger", "evaluate", "--config", config, "--gold", str(gold), *more])


def lines(rows: list[dict[str, object]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_json_counts_what_was_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, lines(ROWS), "--tagger", "rules", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    signals = found["all"]["signals"]
    assert signals["durability_question"]["f1"]["value"] == 1.0
    assert signals["gift_purchase"]["recall"]["value"] == 0.0
    assert signals["gift_purchase"]["precision"]["value"] is None
    assert found["random"]["passages"] == 1
    assert found["alpha"] == {}
    assert found["tagger_version"].startswith(found["tagger"])


def test_people_read_a_line_for_each_signal_and_the_readers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    read = [{**row, "reader_1": row["signals"], "reader_2": row["signals"]} for row in ROWS]
    assert run(tmp_path, lines(read), "--tagger", "rules") == 0
    out = capsys.readouterr().out
    assert "delivery_worry" in out
    assert "alpha of 2 readers over all signals: 1.000" in out
    assert "no macro F1: no signal has 10 positives" in out
    assert "broke" not in out


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "holds no passage"),
        ("id,text\n", "line 1: is no JSON object"),
        (lines(ROWS) + "[1]\n", "line 4: is no JSON object"),
        (lines([{"text": "x", "signals": ["nothing"]}]), "line 1:"),
    ],
)
def test_a_wrong_file_is_one_line_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    assert run(tmp_path, text) == 2
    err = capsys.readouterr().err.strip()
    assert "gold.jsonl" in err
    assert told in err
    assert "\n" not in err


def test_a_missing_file_names_the_option(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "hearcast.toml").write_text("", encoding="utf-8")
    config = str(tmp_path / "hearcast.toml")
    nowhere = str(tmp_path / "nowhere.jsonl")
    assert main(["tagger", "evaluate", "--config", config, "--gold", nowhere]) == 2
    assert "--gold" in capsys.readouterr().err


def test_who_stops_reading_gets_no_traceback(tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text('{"text": "it broke after two weeks", "signals": ["durability_question"]}\n')
    command = [sys.executable, "-m", "flows.cli", "tagger", "evaluate", "--gold", str(gold)]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert run.stdout is not None
    run.stdout.close()
    _, told = run.communicate(timeout=120)
    assert b"Traceback" not in told
    assert run.returncode == 1, "nobody knows what was not said"
