import json
from pathlib import Path

from bench import page
from bench.judge import without_nan

RUN = {
    "at": "2026-11-22T13:00+00:00", "processor": "a chip", "cores": 2, "load": 0.25,
    "python": "3.11.7", "packages": {"numpy": "2.4.6"}, "quick": False,
}  # fmt: skip


def test_a_page_shows_the_parts_that_were_run_and_when(tmp_path: Path) -> None:
    (tmp_path / "runs.json").write_text(json.dumps({"scale": RUN}))
    load = {"series": 1000, "seconds": 2.0, "cpu": 3.0, "peak_mib": 512.4}
    (tmp_path / "scale.json").write_text(json.dumps([load]))
    text = page.figures(tmp_path, "")
    assert text.startswith(
        "### Scale\n\n2026-11-22, a chip, 2 cores (load 0.2 at the start), Python 3.11.7"
    )
    assert "| 1,000 | 2.0 | 500 | 512 |" in text
    assert "### Accuracy" not in text


def test_parts_that_were_not_measured_here_keep_their_sections_in_order(tmp_path: Path) -> None:
    (tmp_path / "runs.json").write_text(json.dumps({"scale": RUN}))
    (tmp_path / "scale.json").write_text(
        json.dumps([{"series": 1000, "seconds": 2.0, "cpu": 3.0, "peak_mib": 512.4}])
    )
    shown = "\n### Speed\n\nquick\n\n\n### Scale\n\nof old\n\n### Policy\n\nheld\n"
    text = page.figures(tmp_path, shown)
    titles = [line for line in text.splitlines() if line.startswith("### ")]
    assert titles == ["### Speed", "### Scale", "### Policy"]
    assert "quick" in text
    assert "of old" not in text
    assert text.rstrip().endswith("### Policy\n\nheld")
    assert page.figures(tmp_path, text) == text


def test_reading_shows_every_way_and_how_many_times_each_peer_ours_takes() -> None:
    one = {"way": "ours", "seconds": 9.0, "cpu": 8.25, "peak_mib": 2048.2}
    peer = {"way": "duckdb_judged", "seconds": 2.0, "cpu": 3.3, "peak_mib": 700.0}
    lines = page.reading({"rows": 10_000_000, "ways": {"parquet": [one, peer], "csv": [one]}})
    assert "10,000,000 order lines, two threads." in lines
    assert "| parquet | ours | 8.2 | 9.0 | 2048 |  |" in lines
    assert "| parquet | duckdb_judged | 3.3 | 2.0 | 700 | 2.50 |" in lines


def test_tagging_shows_how_many_times_the_peers_rate_each_makes() -> None:
    ours = {"system": "fast", "passages": 1_000, "seconds": 2.0, "cpu": 4.0, "peak_mib": 9.0}
    peer = {"system": "spaCy", "passages": 100, "seconds": 2.0, "cpu": 4.0, "peak_mib": 9.0}
    assert "| fast | 1,000 | 2.0 | 4.0 | 9 | 10.0 |" in page.tagging([ours, peer])


def test_the_office_shows_its_sizes_and_its_dearest_tables() -> None:
    tables = {f"t{i}": {"cpu": float(i), "seconds": 2.0 * i, "peak_mib": 900.0} for i in range(10)}
    one = {"customers": 1_000_000, "lines": 10_000_000, "cpu": 80.0, "seconds": 70.25, "peak_mib": 5000.4,
           "tables": tables}  # fmt: skip
    lines = page.office([one])
    assert "| 1,000,000 | 10,000,000 | 80.0 | 70.2 | 5000 |" in lines
    assert "| t9 | 9.0 | 18.0 | 900 |" in lines
    assert not any(line.startswith("| t1 ") for line in lines)


def test_speeds_become_ratios_of_wall_and_of_processor_time() -> None:
    told = {
        "speed": [
            {"method": "ours", "series": 1000, "seconds": 1.0, "cpu": 2.0},
            {"method": "peer", "series": 10, "seconds": 5.0, "cpu": 10.0},
        ],
        "first_call": {"cached": 1.0, "compiling": 20.0},
    }
    assert "| peer | 10 | 2.00 | 500 | 500 |" in page.speed(told)


def test_a_peer_without_quantiles_leaves_its_cells_empty() -> None:
    nan = float("nan")
    row = {
        "panel": "p", "band": "h1-4", "method": "TSB", "series": 9, "wape": 0.5, "bias": -0.01,
        "mase": 0.7, "mase50": nan, "spl": nan, "coverage": nan, "ours_mase": -0.05,
        "ours_mase_low": -0.1, "ours_mase_high": 0.0, "ours_spl": nan, "ours_spl_low": nan,
        "ours_spl_high": nan,
    }  # fmt: skip
    told = json.loads(json.dumps({"table": without_nan([row]), "verdicts": [], "means": {}}))
    line = next(part for part in page.accuracy(told) if "TSB" in part)
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[-2:] == ["-5.0 [-10.0, +0.0]", ""]
    assert cells[7:10] == ["", "", ""]
