"""Source of kind "files": every file answered for, every row accounted for."""

from __future__ import annotations

import gzip
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.load import peak_mib
from flows.settings import load_settings
from flows.sources.base import QUARANTINE, FileKey, FilePull
from flows.sources.files import pull_source
from transforms.contracts import INPUTS

HEAD = "order_id,sku,ordered_at,quantity\n"
ROW = "1,a,2024-01-01,2\n"
PLAIN = '[[sources]]\nname = "main"\norder_lines = "in/*"\n'


def never(_: FileKey) -> bool:
    return False


def pull(
    folder: Path, text: str = PLAIN, skip: Callable[[FileKey], bool] = never
) -> list[FilePull]:
    file = folder / "hearcast.toml"
    file.write_text(text, encoding="utf-8")
    loaded = load_settings(file, {})
    return [one for source in loaded.sources for one in pull_source(source, loaded, skip)]


def put(folder: Path, name: str, data: str | bytes) -> None:
    path = folder / "in" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)


def only(pulls: list[FilePull]) -> FilePull:
    (one,) = pulls
    assert all(report.balanced() for report in one.reports)
    assert one.quarantined.schema == pl.Schema(QUARANTINE)
    return one


def test_files_come_in_order_of_name_without_machine_paths(tmp_path: Path) -> None:
    put(tmp_path, "b.csv", HEAD + ROW)
    put(tmp_path, "a.csv.gz", gzip.compress((HEAD + ROW + ROW).encode()))
    pulls = pull(tmp_path)
    assert [one.file for one in pulls] == ["in/a.csv.gz", "in/b.csv"]
    assert [one.reports[0].rows_good for one in pulls] == [2, 1]
    assert pulls[1].good["order_lines"].columns == [*INPUTS["order_lines"].names, "_row", "_extra"]
    assert str(tmp_path) not in repr([one.reports for one in pulls])


def test_files_outside_the_folder_are_named_from_the_pattern(tmp_path: Path) -> None:
    for folder in ("x/one", "x/two"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "t.csv").write_text(HEAD + ROW)
    (tmp_path / "conf").mkdir()
    text = '[[sources]]\norder_lines = ["../x/one/t.csv", "../x/two/*.csv"]\n'
    assert [one.file for one in pull(tmp_path / "conf", text)] == ["one/t.csv", "two/t.csv"]
    deep = '[[sources]]\norder_lines = "../x/**/*.csv"\n'
    assert [one.file for one in pull(tmp_path / "conf", deep)] == ["one/t.csv", "two/t.csv"]


def test_a_file_landed_before_is_not_read(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", HEAD + ROW)
    seen = {one.key for one in pull(tmp_path)}
    again = only(pull(tmp_path, skip=seen.__contains__))
    assert again.skipped
    assert (dict(again.good), again.reports) == ({}, ())
    put(tmp_path, "a.csv", HEAD + ROW + "2,b,2024-01-02,1\n")
    assert not only(pull(tmp_path, skip=seen.__contains__)).skipped


def test_another_mapping_zone_or_lookup_means_another_signature(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", HEAD + ROW)
    (tmp_path / "look.csv").write_text("sku,group\na,A\n")
    base = '[[sources]]\nname = "m"\n[sources.order_lines]\npath = "in/*"\n'
    lookup = base + 'lookup = [{ file = "look.csv", on = "sku", columns = ["group"] }]\n'
    texts = [base, base + 'map = { channel = { value = "web" } }\n', lookup]
    texts.append('[business]\ntimezone = "UTC"\n' + base)
    signatures = [only(pull(tmp_path, text)).signature for text in texts]
    (tmp_path / "look.csv").write_text("sku,group\na,B\n")
    signatures.append(only(pull(tmp_path, lookup)).signature)
    assert len(set(signatures)) == 5
    assert only(pull(tmp_path, base)).signature == signatures[0]


def test_a_pattern_without_a_file_is_a_line_and_not_an_error(tmp_path: Path) -> None:
    one = only(pull(tmp_path))
    assert one.reports[0].status == "no_match"
    assert one.reports[0].problem == (
        "in/*: no file matches; check the path of order_lines in [[sources]] 'main'"
    )


def test_a_missing_column_refuses_the_file_and_keeps_its_rows(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", "order_id,item,ordered_at,quantity\n" + ROW * 3)
    one = only(pull(tmp_path))
    report = one.reports[0]
    assert report.status == "refused"
    assert report.problem is not None
    assert report.problem.startswith(
        "in/a.csv: column 'sku' is missing (found: order_id, item, ordered_at, quantity); rename"
    )
    assert (report.rows_in, report.rows_quarantined) == (3, 3)
    assert report.reasons == {"missing_column": 3}


def test_a_wrong_delimiter_is_named_by_the_column_that_is_missing(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", HEAD.replace(",", "^") + ROW.replace(",", "^"))
    report = only(pull(tmp_path)).reports[0]
    assert report.problem is not None
    assert "column 'order_id' is missing (found: order_id^sku" in report.problem
    assert report.rows_quarantined == 1


def test_a_file_without_header_does_not_put_customers_into_lines(tmp_path: Path) -> None:
    person = "17,jane.doe@example.com,4111 1111 1111 1111,jane.doe@example.com\n"
    put(tmp_path, "a.csv", person * 3)
    text = PLAIN.replace("order_lines", "customers")
    assert "jane.doe" not in repr(only(pull(tmp_path, text)).reports)
    put(tmp_path, "a.csv", "customer_id," + person + "1,2,3,4,5\n")
    report = only(pull(tmp_path, text)).reports[0]
    assert (report.rows_good, len(report.unmapped_columns), len(report.notes)) == (1, 4, 1)
    assert "jane.doe" not in repr(report)
    assert "4111" not in repr(report)


def test_a_line_of_words_that_cannot_be_split_is_counted_and_not_shown(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", "passage_id,conversation_id,text\np,c,well, my husband left\n")
    pulled = only(pull(tmp_path, PLAIN.replace("order_lines", "passages")))
    assert pulled.quarantined["reason"].to_list() == ["malformed_row"]
    assert "husband" not in pulled.quarantined["row"][0]


@pytest.mark.parametrize(
    ("name", "data", "status"),
    [
        ("a.csv", b"", "read"),
        ("a.csv", HEAD.encode(), "read"),
        ("a.parquet", b"PAR1 and then nothing", "unreadable"),
        ("a.csv.gz", gzip.compress(os.urandom(9_000))[:4_000], "unreadable"),
        ("a.csv", b"PK\x03\x04 a workbook", "unreadable"),
        ("a.jsonl", b"{broken\n[]\n", "read"),
    ],
)
def test_damaged_files_get_an_account_and_never_raise(
    tmp_path: Path, name: str, data: bytes, status: str
) -> None:
    put(tmp_path, name, data)
    report = only(pull(tmp_path)).reports[0]
    assert report.status == status
    assert (report.problem is not None) == (status == "unreadable")
    assert report.problem is None or report.problem.startswith(f"in/{name}: ")


def test_a_folder_in_place_of_a_file_and_a_lost_lookup_get_one_line(tmp_path: Path) -> None:
    (tmp_path / "in" / "t.csv").mkdir(parents=True)
    text = PLAIN.replace("in/*", "in/t.csv")
    assert only(pull(tmp_path, text)).reports[0].status == "unreadable"
    put(tmp_path, "u.csv", HEAD + ROW)
    text = (
        '[[sources]]\nname = "m"\n[sources.order_lines]\npath = "in/u.csv"\n'
        'lookup = [{ file = "none.csv", on = "sku", columns = ["group"] }]\n'
    )
    report = only(pull(tmp_path, text)).reports[0]
    assert report.problem == (
        "in/u.csv: lookup file none.csv: can't be read (no such file or directory); "
        "check the file and its permissions"
    )
    assert report.reasons == {"unreadable_file": 1}


def test_routed_rows_are_accounted_for_in_both_tables(tmp_path: Path) -> None:
    put(
        tmp_path,
        "a.csv",
        "inv,sku,day,n\n1,a,2024-01-01,2\nC2,a,2024-01-02,-1\nC2,a,2024-01-02,-1\n3,POST,x,1\n",
    )
    text = """
        [[sources]]
        name = "m"
        [sources.order_lines]
        path = "in/*"
        filter = [{ rule = "fees", drop = { column = "sku", equals = "POST" } }]
        map = { order_id = "inv", ordered_at = "day", quantity = "n" }
        [[sources.order_lines.route]]
        to = "refunds"
        when = { column = "inv", matches = "^C" }
        map = { refund_id = "inv", refunded_at = "day", quantity = { column = "n", negate = true } }
    """
    one = only(pull(tmp_path, text))
    lines, refunds = one.reports
    assert (lines.rows_in, lines.rows_good, lines.rows_filtered, lines.rows_routed) == (4, 1, 1, 2)
    assert (refunds.rows_in, refunds.rows_good, refunds.rows_duplicate) == (2, 1, 1)
    assert (refunds.table, refunds.file) == ("refunds", "in/a.csv")
    assert one.good["refunds"]["quantity"].to_list() == [1.0]
    assert lines.min_event_at == lines.max_event_at == one.good["order_lines"]["ordered_at"][0]


CELL = st.sampled_from(["1", "a", "", "-1", "2024-01-01", "x,y", 'q"', "é", '"open', "n\nl", "C1"])
LINE = st.lists(CELL, min_size=3, max_size=5).map(",".join)
RAW = st.lists(st.one_of(LINE, st.just(ROW.strip()), st.just("C7,b,2024-02-01,-4")), max_size=12)
ROUTED = """
[[sources]]
name = "main"
[sources.order_lines]
path = "in/*"
filter = [{ rule = "odd", drop = { column = "sku", equals = "a" } }]
route = [{ to = "refunds", when = { column = "order_id", matches = "^C" }, map = \
{ refund_id = "order_id", refunded_at = "ordered_at", quantity = { column = "quantity", negate = true } } }]
"""


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    lines=RAW,
    ends=st.sampled_from(["\n", "\r\n"]),
    coding=st.sampled_from(["utf-8", "cp1252"]),
    config=st.sampled_from([PLAIN, ROUTED]),
)
def test_whatever_a_file_holds_every_row_is_accounted_for(
    tmp_path: Path, lines: list[str], ends: str, coding: str, config: str
) -> None:
    put(tmp_path, "a.csv", ends.join([HEAD.strip(), *lines]).encode(coding))
    one = only(pull(tmp_path, config))
    numbers = list(one.quarantined["row_number"])
    for report in one.reports:
        frame = one.good[report.table]
        assert frame.height == report.rows_good
        assert sum(report.reasons.values()) == report.rows_quarantined
        numbers += frame["_row"].to_list()
    assert len(set(numbers)) == len(numbers)
    first = one.reports[0]
    assert sum(report.rows_in for report in one.reports[1:]) == first.rows_routed
    set_aside = first.rows_filtered + sum(report.rows_duplicate for report in one.reports)
    assert len(numbers) + set_aside == first.rows_in


EXAMPLES = os.environ.get("HEARCAST_EXAMPLES_DATA", "")
needs_data = pytest.mark.skipif(
    not EXAMPLES, reason="HEARCAST_EXAMPLES_DATA names no folder with the third-party files"
)
ROOT = Path(__file__).parents[2]


def example(name: str) -> list[FilePull]:
    loaded = load_settings(
        ROOT / "examples" / name, {"HEARCAST_EXAMPLES_DATA": EXAMPLES or "unset"}
    )
    return [one for source in loaded.sources for one in pull_source(source, loaded, never)]


def test_the_bundled_slice_adds_up_too() -> None:
    lines, refunds = only(example("online_retail_slice.toml")).reports
    assert lines.rows_in == 78_887
    assert lines.rows_quarantined == refunds.rows_quarantined == 0
    assert refunds.rows_good == lines.rows_routed > 1_000


@needs_data
def test_online_retail_adds_up_to_every_line() -> None:
    started = time.monotonic()
    one = only(example("online_retail.toml"))
    lines, refunds = one.reports
    assert lines.rows_in == 1_044_847
    assert (lines.rows_good, lines.rows_filtered, lines.rows_routed) == (1_015_069, 11_805, 17_973)
    assert (refunds.rows_in, refunds.rows_good, refunds.rows_quarantined) == (17_973, 17_973, 0)
    assert one.good["order_lines"].select("order_id", "line_id").is_unique().all()
    assert time.monotonic() - started < 30  # about 2 s on an idle machine


def peak_of_online_retail() -> float:
    only(example("online_retail.toml"))
    return peak_mib()


@needs_data
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peaks are read from /proc")
def test_online_retail_takes_less_than_two_gib() -> None:
    """In a process of its own: the peak of this one is that of all tests before."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh:
        assert 100 < fresh.submit(peak_of_online_retail).result(timeout=120) < 2048


@needs_data
def test_olist_gives_orders_parcels_and_words() -> None:
    pulls = {one.table: only([one]) for one in example("olist.toml")}
    good = {table: one.reports[0].rows_good for table, one in pulls.items()}
    assert good == {
        "order_lines": 8_365,
        "shipments": 6_353,
        "products": 5_460,
        "conversations": 8_191,
        "passages": 4_209,
    }
    assert sum(one.reports[0].rows_quarantined for one in pulls.values()) == 0
    lines = pulls["order_lines"].good["order_lines"]
    assert lines["category"].null_count() < lines.height * 0.03
    assert lines["cancelled_at"].drop_nulls().len() > 400
