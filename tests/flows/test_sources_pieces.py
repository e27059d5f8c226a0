"""Files in pieces: the rows, the verdicts and the account of the whole file, or no pieces at all."""

from __future__ import annotations

import gzip
import tempfile
from functools import cache
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from flows.settings import load_settings
from flows.sources.accounting import Account
from flows.sources.base import FileKey
from flows.sources.files import judge_rows, pull_source
from flows.sources.pieces import NeedsCare, pieces_of
from flows.sources.piecewise import judged_in_pieces
from flows.sources.readers import read_table_file
from tests.flows.written import write_config
from transforms.contracts import INPUTS
from transforms.mapping_spec import TableMap

LINES = INPUTS["order_lines"]
KEY = FileKey("shop", LINES.name, "lines", "", "")
HEAD = "order_id,line_id,sku,ordered_at,quantity,colour\n"
ROWS = "".join(f"O{n},1,S,2026-02-0{1 + n % 9}T12:00Z,{n % 4},ä{n}\n" for n in range(200))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", (HEAD + ROWS).encode()),
        ("a.csv", (HEAD + ROWS).encode().rstrip(b"\n")),
        ("a.txt", b"\xef\xbb\xbf" + (HEAD + ROWS).replace("\n", "\r\n").encode()),
        ("a.tsv.gz", gzip.compress((HEAD + ROWS).replace(",", "\t").encode(), mtime=0)),
        ("a.csv", b"a,_row,\n" + b"1,2,3\n" * 50),
    ],
)
def test_text_in_pieces_has_the_rows_of_the_whole(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    pieces = pieces_of(path, block_bytes=64)
    assert pieces is not None
    for _ in range(2):  # they may be asked for again
        frames = list(pieces.rows())
        assert len(frames) > 3
        whole = read_table_file(path)
        assert_frame_equal(pl.concat(frames), whole.frame)
        assert pieces.notes == whole.notes


@pytest.mark.parametrize("group", [1, 7, 1000])
def test_parquet_in_pieces_has_the_rows_and_types_of_the_whole(tmp_path: Path, group: int) -> None:
    path = tmp_path / "a.parquet"
    frame = pl.DataFrame({"_row": [1.5, None] * 20, "b": ["x", "ä"] * 20}).with_columns(
        pl.lit(None).alias("c"), pl.col("b").cast(pl.Categorical).alias("d")
    )
    frame.write_parquet(path, row_group_size=group)
    pieces = pieces_of(path, group_rows=10)
    assert pieces is not None
    frames = list(pieces.rows())
    assert len(frames) == {1: 4, 7: 3, 1000: 1}[group]
    assert_frame_equal(pl.concat(frames), read_table_file(path).frame)


@pytest.mark.parametrize(
    "last", ['"x",1,S,2026-02-01,1,', "x,1,S", "x,1,S,2026-02-01,1,,", "x,1,S,2026-02-01,1,\rx"]
)
def test_what_asks_for_care_late_in_a_file_is_read_whole(tmp_path: Path, last: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(HEAD + ROWS + last + "\n", encoding="utf-8", newline="")
    pieces = pieces_of(path, block_bytes=64)
    assert pieces is not None
    with pytest.raises(NeedsCare):
        list(pieces.rows())
    config = write_config(tmp_path, {"order_lines": "a.csv"})
    loaded = load_settings(config, {})
    (one,) = pull_source(loaded.sources[0], loaded, skip=lambda _: False)
    told = one.reports[0]
    assert told.balanced()
    assert told.rows_good >= 200
    assert told.rows_in >= 201


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", b""),
        ("a.csv", b"only\n1\n"),
        ("a.jsonl", b'{"a": 1}\n'),
        ("a.csv", b"PK\x03\x04,b\n"),
        ("a.csv.gz", gzip.compress(b"a,b\n" * 1000, mtime=0)[:12]),
        ("a.csv", (HEAD + ROWS).encode("utf-16")),
    ],
)
def test_what_cannot_be_told_from_its_beginning_comes_in_no_pieces(
    tmp_path: Path, name: str, data: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert pieces_of(path) is None


@pytest.mark.parametrize("data", [b"PAR1 but no more", b"PAR1"])
def test_a_damaged_parquet_file_is_left_to_who_can_name_it(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(data)
    pieces = pieces_of(path)
    assert pieces is not None
    with pytest.raises(NeedsCare):
        list(pieces.rows())


LINE = st.builds(
    lambda order, line, sku, at, units, colour: f"{order},{line},{sku},{at},{units},{colour}",
    st.sampled_from(["O1", "O2", " O3", ""]), st.sampled_from(["1", "2", ""]),
    st.sampled_from(["S1", "S2"]), st.sampled_from(["2026-02-01", "2026-02-01T10:00:00Z", "soon"]),
    st.sampled_from(["1", "2", "-1", "many"]), st.sampled_from(["red", "", "a@b.example"]),
)  # fmt: skip
SPECS = (
    {},
    {"map": {"channel": {"column": "colour"}}, "nulls": ["red"]},
    {"filter": [{"rule": "no red", "drop": {"column": "colour", "equals": "red"}}]},
)


@settings(deadline=None, max_examples=40)
@given(st.lists(LINE, min_size=1, max_size=30), st.sampled_from(SPECS), st.integers(1, 300))
def test_pieces_come_to_the_verdicts_and_the_account_of_the_whole(
    lines: list[str], spec: dict[str, object], block: int
) -> None:
    plan = TableMap.model_validate(spec)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        path.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
        loaded = load_settings(write_config(Path(folder), {"order_lines": "a.csv"}), {})
        zone, shown = loaded.business.timezone, loaded.privacy.quarantine_chars
        whole = Account(KEY, LINES, read_table_file(path, shown))
        judge_rows(whole, plan, loaded, cache(read_table_file))
        pieces = pieces_of(path, block_bytes=block)
        assert pieces is not None
        cut = judged_in_pieces(KEY, LINES, pieces, plan, timezone=zone, max_chars=shown)
    assert cut is not None
    assert cut.reports() == whole.reports()
    assert_frame_equal(cut.quarantined(), whole.quarantined())
    assert_frame_equal(cut.good[LINES.name], whole.good[LINES.name])


@pytest.mark.parametrize(
    "spec",
    [
        {"map": {"line_id": {"content_id": ["sku"]}}},
        {"map": {"ordered_at": {"column": "at", "format": "%d.%m.%Y"}}},
        {"filter": [{"rule": "once", "first_of": ["order_id"]}]},
        {"lookup": [{"file": "x.csv", "on": "sku", "columns": ["category"]}]},
        {"route": [{"to": "refunds", "when": {"column": "quantity", "lt": 0}}]},
    ],
)
def test_a_mapping_that_looks_beyond_a_row_is_none_for_pieces(spec: dict[str, object]) -> None:
    assert not TableMap.model_validate(spec).row_by_row
    assert TableMap.model_validate({"map": {"sku": "article"}}).row_by_row
