"""Files of a simulated brand: complete, readable, equal for equal arguments; the bundled sample."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import polars as pl
import pytest

from flows.cli import EXIT_USAGE, main
from flows.simulate import brand_spec, write_brand
from models.simulate import BrandSpec, simulate
from transforms.contracts import INPUTS

UNMADE = {"upstream_tags", "reviews"}
"""Inputs that a simulated brand does not give."""
SAMPLE = Path(__file__).parents[2] / "data" / "sample"


def read(path: Path) -> pl.DataFrame:
    if path.suffix == ".parquet":
        return pl.read_parquet(path)
    if path.name.endswith(".jsonl.gz"):
        return pl.read_ndjson(gzip.decompress(path.read_bytes()), infer_schema_length=None)
    return pl.read_csv(path, infer_schema_length=None)


def table_files(folder: Path) -> dict[str, Path]:
    return {p.name.split(".")[0]: p for p in folder.iterdir() if p.name.split(".")[0] in INPUTS}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("brand") / "new" / "folder"
    write_brand(out, skus=8, weeks=40, seed=5)
    return out


def test_equal_arguments_give_equal_bytes(written: Path, tmp_path: Path) -> None:
    again = write_brand(tmp_path, skus=8, weeks=40, seed=5)
    assert [p.name for p in again] == sorted(p.name for p in written.iterdir())
    for path in again:
        assert path.read_bytes() == (written / path.name).read_bytes(), path.name


def test_the_files_hold_the_tables(written: Path) -> None:
    made = simulate(brand_spec(skus=8, weeks=40, seed=5))
    files = table_files(written)
    assert set(files) == set(made)
    for name, path in files.items():
        frame = read(path)
        assert frame.columns == made[name].columns, name
        assert frame.height == made[name].height, name
    assert json.loads((written / "truth.json").read_text()) == made.truth
    assert pl.read_parquet(written / "truth_passages.parquet").equals(made.truth_passages)


def test_planted_hazards_are_told_with_the_brand_and_wrong_ones_are_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    size = ["--skus", "6", "--weeks", "40", "--seed", "5"]
    arguments = ["simulate", "--out", str(tmp_path / "b"), *size]
    assert main([*arguments, "--repeat", "stocking_up=0.6", "--repeat", "repeat_intent=1.8"]) == 0
    truth = json.loads((tmp_path / "b" / "truth.json").read_text())["repeat_timing"]
    assert truth["ratios"] == {"stocking_up": 0.6, "repeat_intent": 1.8}
    assert truth["curves"]["stocking_up"]["n"] > 0
    readme = (tmp_path / "b" / "README.md").read_text()
    assert "--seed 5 --repeat stocking_up=0.6 --repeat repeat_intent=1.8\n" in readme
    for wrong, why in (("joy=2", "different ones of"), ("stocking_up", "SIGNAL=RATIO")):
        assert main([*arguments, "--repeat", wrong]) == EXIT_USAGE
        told = capfd.readouterr().err
        assert why in told
        assert "Traceback" not in told


def test_large_brands_get_more_categories_and_talk() -> None:
    small, large = (
        brand_spec(skus=60, weeks=156, seed=8),
        brand_spec(skus=10_000, weeks=156, seed=8),
    )
    assert small == BrandSpec()
    assert large.categories == 50
    assert large.conversations_per_week == 3000


def test_the_bundled_sample_is_small_complete_and_says_how_it_was_made() -> None:
    files = table_files(SAMPLE)
    assert set(files) == set(INPUTS) - UNMADE
    assert sum(p.stat().st_size for p in SAMPLE.iterdir()) < 5_000_000
    assert "hearcast simulate --out data/sample" in (SAMPLE / "README.md").read_text()
    truth = json.loads((SAMPLE / "truth.json").read_text())
    assert truth["spec"] | {"skus": 60, "weeks": 156, "seed": 8} == truth["spec"]


def test_the_bundled_sample_is_what_the_code_makes() -> None:
    """Everything that does not hang on the last bit of a logarithm, and so on the processor."""
    made = simulate(BrandSpec())
    truth = json.loads((SAMPLE / "truth.json").read_text())
    for key in ("spec", "categories", "skus", "promotions", "stockouts"):
        assert truth[key] == made.truth[key], key
    for name, path in table_files(SAMPLE).items():
        assert read(path).height == pytest.approx(made[name].height, rel=0.01), name
