"""Deliveries in any cut, order and number: each row is accounted for, and the lake says the same in the end."""

from __future__ import annotations

import itertools
import tempfile
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.lake import Lake
from flows.pull import Pulled, pull, report_table
from flows.settings import load_settings
from tests.flows.written import write_config
from tests.fuzzing import long, short
from transforms.asof import visible
from transforms.contracts import INPUTS

DAY = date(2026, 3, 1)
HEAD = "order_id,line_id,sku,ordered_at,quantity\n"
GOOD = st.builds(
    lambda n, line, sku, day, units: f"O{n},{line},S{sku},2026-02-{day:02d}T12:00:00Z,{units}",
    st.integers(0, 30), st.integers(1, 2), st.integers(0, 4), st.integers(1, 28), st.integers(1, 9),
)  # fmt: skip
BAD = st.sampled_from(
    ["O1,1,S1,soon,1", "O2,1,,2026-02-01,1", "O3,1,S1,2026-02-01", '"', "O4,1,S1,2026-02-01,-1", ""]
)
LINES = st.lists(st.one_of(GOOD, GOOD, GOOD, BAD), min_size=1, max_size=30)
PARTS = ("good", "quarantined", "duplicate", "unchanged", "filtered", "routed")
SHOWN = INPUTS["order_lines"].names


class Shop:
    """A lake of its own, to which files are delivered night after night."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "in").mkdir()
        config = write_config(folder, {"order_lines": "in/*"}, "[validation]\nhold_share = 1.0\n")
        self.settings = load_settings(config, {})
        self.lake = Lake(folder / "lake")
        self.day = DAY

    def deliver(self, files: dict[str, list[str]]) -> Pulled:
        for name, lines in files.items():
            (self.folder / "in" / name).write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
        self.day += timedelta(days=1)
        return pull(self.settings, self.lake, self.day)

    def known(self, columns: list[str]) -> list[tuple[object, ...]]:
        later = self.day + timedelta(days=40)
        versions = self.lake.versions("order_lines", later)
        shown = visible(versions, INPUTS["order_lines"], later, "UTC").select(columns)
        return sorted(shown.collect().rows(), key=repr)

    def balanced(self) -> pl.DataFrame:
        report = report_table(self.lake, self.day)
        added = report.select(pl.sum_horizontal([f"rows_{part}" for part in PARTS])).to_series()
        assert added.to_list() == report["rows_in"].to_list()
        return report


def check(lines: list[str], cuts: list[float], order: int) -> None:
    columns = [name for name in SHOWN if name != "ingested_at"]
    bounds = sorted({0, len(lines), *(int(cut * len(lines)) for cut in cuts)})
    pieces = [lines[a:b] for a, b in itertools.pairwise(bounds)]
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        whole, cut = Shop(Path(one)), Shop(Path(other))
        whole.deliver({"a.csv": lines})
        told = whole.balanced()
        assert told["rows_in"].sum() >= told["rows_good"].sum()
        assert (
            whole.lake.versions("order_lines", whole.day).collect().height
            == told["rows_good"].sum()
        )
        first = whole.known(columns)
        again = whole.deliver({"again.csv": lines})
        assert again.rows_stored == 0, "the same rows again store nothing"
        whole.balanced()
        assert whole.known(columns) == first
        # Rows of one key that contradict each other are refused within a file, not between two.
        keys = {line.rsplit(",", 3)[0] for line in lines}
        if len(keys) == len(lines):
            turned = pieces[order % len(pieces) :] + pieces[: order % len(pieces)]
            for number, piece in enumerate(turned):
                cut.deliver({f"{number}.csv": piece})
                cut.balanced()
            assert cut.known(columns) == first, "the order of deliveries changes nothing"


@short(40)
@given(lines=LINES, cuts=st.lists(st.floats(0, 1), max_size=3), order=st.integers(0, 3))
def test_deliveries_add_up_in_any_order(lines: list[str], cuts: list[float], order: int) -> None:
    check(lines, cuts, order)


@pytest.mark.soak
@long(1_500)
@given(lines=LINES, cuts=st.lists(st.floats(0, 1), max_size=3), order=st.integers(0, 3))
def test_many_deliveries_add_up_in_any_order(
    lines: list[str], cuts: list[float], order: int
) -> None:
    check(lines, cuts, order)
