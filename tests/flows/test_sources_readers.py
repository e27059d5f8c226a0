"""Readers: every format, and every way in which a file can be damaged."""

from __future__ import annotations

import gzip
import io
import json
import os
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.sources.base import FileProblem, RawFile
from flows.sources.delimited import parse
from flows.sources.readers import read_table_file


def read(folder: Path, name: str, data: bytes | str) -> RawFile:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_table_file(path)


def rows(found: RawFile) -> list[tuple[object, ...]]:
    return found.frame.rows()


def bad(found: RawFile) -> list[tuple[object, ...]]:
    return found.bad_rows.select("row_number", "reason").rows()


def problem(folder: Path, name: str, data: bytes) -> str:
    with pytest.raises(FileProblem) as caught:
        read(folder, name, data)
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith(f"{name}: ")
    assert str(folder) not in line
    return line


PARQUET = io.BytesIO()
pl.DataFrame({"a": [1, 2], "b": ["x", None]}).write_parquet(PARQUET)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("t.csv", b"a,b\n1,x\n2,\n"),
        ("t.jsonl", b'{"a": 1, "b": "x"}\n{"a": 2}\n'),
        ("t.ndjson", b'{"a": 1, "b": "x"}\n{"a": 2, "b": null}'),
        ("t.json", b'[{"a": 1, "b": "x"}, {"a": 2, "b": ""}]'),
        ("t.parquet", PARQUET.getvalue()),
        ("t.export", PARQUET.getvalue()),
        ("t.data", b'{"a": 1, "b": "x"}\n{"a": 2}\n'),
        ("t.data2", b"a;b\n1;x\n2;\n"),
    ],
)
def test_each_format_plain_and_gzipped(
    tmp_path: Path, name: str, data: bytes, *, packed: bool
) -> None:
    found = read(
        tmp_path, f"{name}.gz" if packed else name, gzip.compress(data) if packed else data
    )
    frame = found.frame.select(pl.col("a").cast(pl.String), pl.col("b").replace("", None), "_row")
    assert frame.rows() == [("1", "x", 1), ("2", None, 2)]
    assert found.bad_rows.is_empty()


def test_gzip_is_told_by_its_bytes(tmp_path: Path) -> None:
    assert rows(read(tmp_path, "t.csv", gzip.compress(b"a,b\n1,2\n"))) == [("1", "2", 1)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    text = delimiter.join(["id", '"a, b; c|d"', "z"]) + "\n" + delimiter.join(["1", "2", "3"])
    found = read(tmp_path, "t.csv", text)
    assert found.frame.columns == ["id", "a, b; c|d", "z", "_row"]
    assert rows(found) == [("1", "2", "3", 1)]


def test_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    found = read(tmp_path, "t.csv", b'\xef\xbb\xbfa,b\r\n1,"x\r\ny"\r\n2,z\r\n')
    assert found.frame.columns == ["a", "b", "_row"]
    assert rows(found) == [("1", "x\ny", 1), ("2", "z", 2)]
    assert rows(read(tmp_path, "m.csv", b"a,b\r1,2\r3,4\r")) == [("1", "2", 1), ("3", "4", 2)]


def test_latin_1_bytes_are_read_and_spoken_of(tmp_path: Path) -> None:
    found = read(tmp_path, "t.csv", "a,b\né,ü\n".encode("latin-1"))
    assert rows(found) == [("é", "ü", 1)]
    assert "2 bytes are not UTF-8" in found.notes[0]


def test_one_stray_byte_does_not_garble_the_rest(tmp_path: Path) -> None:
    found = read(tmp_path, "t.csv", "a,b\né,ü\n".encode() + b"\x80,\x81\n")
    assert rows(found) == [("é", "ü", 1), ("€", "\ufffd", 2)]


def test_utf_16_is_read(tmp_path: Path) -> None:
    assert rows(read(tmp_path, "t.csv", "a,b\né,2\n".encode("utf-16"))) == [("é", "2", 1)]


def test_ragged_rows_are_set_aside_and_the_others_keep_their_numbers(tmp_path: Path) -> None:
    found = read(tmp_path, "t.csv", "a,b\n1,2\n3\n\n4,5,6\n7,8\n")
    assert rows(found) == [("1", "2", 1), ("7", "8", 5)]
    assert bad(found) == [(2, "malformed_row"), (4, "malformed_row")]


def test_a_quote_that_never_ends_costs_its_own_line(tmp_path: Path) -> None:
    found = read(tmp_path, "t.csv", 'a,b\n1,"open\n2,x\n3,"fine\nhere"\n4,y\n')
    assert bad(found) == [(1, "malformed_row")]
    assert rows(found) == [("2", "x", 2), ("3", "fine\nhere", 3), ("4", "y", 4)]


def test_two_stray_quotes_do_not_swallow_what_stands_between(tmp_path: Path) -> None:
    middle = "".join(f"{n},x\n" for n in range(500))
    found = read(tmp_path, "t.csv", f'a,b\n1,"open\n{middle}2,"also,open\n{middle}')
    assert found.rows == 1002
    assert found.frame.height >= 999


def test_many_broken_quotes_stay_feasible(tmp_path: Path) -> None:
    found = read(tmp_path, "t.csv", "a,b\n" + '1,"open\n2,x\n' * 7_000)
    assert found.frame["a"].to_list() == ["2"] * 7_000
    assert found.bad_rows.height == 7_000


def test_embedded_newlines_and_doubled_quotes(tmp_path: Path) -> None:
    found = read(tmp_path, "t.csv", 'a,b\n1,"two\nlines, ""quoted"""\n2,z\n')
    assert rows(found) == [("1", 'two\nlines, "quoted"', 1), ("2", "z", 2)]


def test_headers_repeated_empty_or_reserved_get_names_of_their_own(tmp_path: Path) -> None:
    found = read(tmp_path, "t.csv", "a,a,,_row\n1,2,3,4\n")
    assert found.frame.columns == ["a", "a_2", "column_3", "_row_2", "_row"]
    assert len(found.notes) == 3


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf", b"  \n"])
@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "t.parquet"])
def test_an_empty_file_has_no_rows_and_says_so(tmp_path: Path, name: str, data: bytes) -> None:
    found = read(tmp_path, name, data)
    assert found.rows == 0
    assert found.notes == ("the file is empty",)


def test_a_header_alone_has_columns_and_no_rows(tmp_path: Path) -> None:
    found = read(tmp_path, "t.csv", "a,b\n")
    assert (found.frame.columns, found.rows) == (["a", "b", "_row"], 0)
    assert "no rows" in found.notes[0]


def test_a_broken_json_line_is_set_aside(tmp_path: Path) -> None:
    lines = ['{"a": 1}', '{"a": 2', "[1]", "7", '{"a": NaN}', "", "{}", '{"b": "x"}']
    found = read(tmp_path, "t.jsonl", "\n".join(lines))
    assert rows(found) == [("1", None, 1), (None, None, 5), (None, None, 7), (None, "x", 8)]
    assert bad(found) == [(2, "malformed_row"), (3, "malformed_row"), (4, "malformed_row")]


def test_json_values_keep_their_digits_and_nesting(tmp_path: Path) -> None:
    line = '{"a": 1.10, "b": 12345678901234567890, "c": {"k": [1, "é"]}, "d": true, "e": "\\ud83d"}'
    found = read(tmp_path, "t.jsonl", line.replace(', "c": {"k": [1, "é"]}', ""))
    assert rows(found) == [("1.10", "12345678901234567890", "true", "?", 1)]
    nested = read(tmp_path, "n.jsonl", '{"c": {"k": [1, "é"]}}')
    assert json.loads(str(nested.frame["c"][0])) == {"k": [1, "é"]}


def test_a_bottomless_json_line_is_a_bad_row(tmp_path: Path) -> None:
    found = read(tmp_path, "t.jsonl", '{"a":' + "[" * 200_000 + "\n" + '{"a": 1}\n')
    assert (found.rows, bad(found)) == (2, [(1, "malformed_row")])


def test_ten_megabytes_in_one_value(tmp_path: Path) -> None:
    value = "lorem ipsum\n" * 850_000
    found = read(tmp_path, "t.csv", f'a,b\n1,"{value}"\n2,x\n')
    assert found.frame["b"].str.len_chars().to_list() == [len(value), 1]
    found = read(tmp_path, "t.jsonl", json.dumps({"b": value}) + "\n{\n")
    assert found.frame["b"].str.len_chars()[0] == len(value)


def test_damaged_files_get_one_line(tmp_path: Path) -> None:
    whole = PARQUET.getvalue()
    assert "cut short" in problem(tmp_path, "t.parquet", whole[: len(whole) // 2])
    assert "damaged" in problem(tmp_path, "u.parquet", b"PAR1" + os.urandom(200) + b"PAR1")
    assert "not a Parquet file" in problem(tmp_path, "v.parquet", b"a,b\n1,2\n")
    packed = gzip.compress(os.urandom(5_000))
    assert "gzip" in problem(tmp_path, "t.csv.gz", packed[:2_000])
    assert "Excel" in problem(tmp_path, "t.csv", b"PK\x03\x04" + b"\x00" * 50)


def test_absent_folder_and_forbidden_files_get_one_line(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match="no such file"):
        read_table_file(tmp_path / "none.csv")
    (tmp_path / "dir.csv").mkdir()
    with pytest.raises(FileProblem, match="directory"):
        read_table_file(tmp_path / "dir.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(FileProblem, match="regular"):
        read_table_file(tmp_path / "pipe.csv")
    if os.geteuid() == 0:
        pytest.skip("root may read every file")
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    secret.chmod(0)
    with pytest.raises(FileProblem, match="permission"):
        read_table_file(secret)


def test_nothing_private_of_a_malformed_row_is_kept(tmp_path: Path) -> None:
    found = read(tmp_path, "t.csv", "a,b\n1,jane.doe@example.com,extra\n")
    assert "jane.doe" not in found.bad_rows["row"][0]


FIELD = st.text(st.characters(exclude_characters="\r\x00", exclude_categories=["Cs"]), max_size=6)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(FIELD, FIELD, FIELD), min_size=1, max_size=8))
def test_what_a_csv_writer_writes_is_read_back(table: list[tuple[str, str, str]]) -> None:
    written = pl.DataFrame(table, schema=["a", "b", "c"], orient="row").write_csv(
        quote_style="always"
    )
    found = parse(written)
    assert found.bad == []
    assert found.frame.rows() == table


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(["1,2", "1", "1,2,3", '1,"a', 'b",2', '"x""y",2', "", ' "', '"'])))
def test_no_line_is_lost_however_damaged(lines: list[str]) -> None:
    found = parse("a,b\n" + "\n".join(lines))
    text = "\n".join(
        [line for _, line in found.bad] + [" ".join(row) for row in found.frame.rows()]
    )
    assert text.count("1") == sum(line.count("1") for line in lines)
    numbers = [*found.numbers, *(number for number, _ in found.bad)]
    assert len(set(numbers)) == len(numbers) == found.frame.height + len(found.bad)
