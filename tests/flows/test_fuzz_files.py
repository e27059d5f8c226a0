"""Damaged files of every kind that sources take: each row is accounted for, and nobody gets a traceback."""

from __future__ import annotations

import gzip
import io
import json
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.settings import load_settings
from flows.sources.base import QUARANTINE, FilePull
from flows.sources.files import pull_source
from flows.sources.inbox import pull_inbox
from flows.sources.perilous import reading
from flows.stepping import Stepping
from flows.stopwatch import STAGE_FILE
from tests.flows.inboxes import csv
from tests.flows.shopify_files import FIRST, ORDERS_HEADER, graphql_order, more, rest_order
from tests.flows.test_inbox_help_desks import CALL, TALK, gorgias, message, ticket
from tests.flows.test_inbox_other_systems import woo
from tests.fuzzing import CHANGES, Change, damaged, long, short
from tests.soaking import length, tell

ORDERS = pl.DataFrame(
    {
        "order_id": [f"A{i // 2}" for i in range(9)],
        "line_id": [str(i) for i in range(9)],
        "sku": ["tea", "pot", "té,1", 'a "b"', "x", "y", "tea", "tea", "pot"],
        "ordered_at": [f"2024-0{1 + i}-0{1 + i}T10:0{i}:00-05:00" for i in range(9)],
        "quantity": ["1", "2.5", "-1", "", "1e3", "7", "1", "1", "0"],
        "customer_id": ["c1", "c2", None, "c1", "c3", "", "c1", "c2", "c9"],
        "cancelled_at": [None] * 8 + ["2024-10-01"],
        "is_test": ["true", "0", "no", "", None, "1", "false", "maybe", "0"],
    }
)
WORDS = pl.DataFrame(
    {
        "passage_id": ["1", "2", "3", "4"],
        "conversation_id": ["k", "k", "l", "m"],
        "text": ["Where is my order?", "we're closed\non Monday", "call 555-0100 \U0001f600", ""],
        "said_at": ["2024-05-01", "2024-05-01T10:00:00Z", "1714557600", None],
        "speaker": ["customer", "agent", "bot", None],
        "channel": ["chat"] * 4,
    }
)
TYPED = ORDERS.with_columns(
    pl.col("ordered_at").str.to_datetime("%+", time_zone="UTC"),
    pl.col("quantity").cast(pl.Float64, strict=False),
)


def _parquet(frame: pl.DataFrame) -> bytes:
    raw = io.BytesIO()
    frame.write_parquet(raw)
    return raw.getvalue()


def _array(frame: pl.DataFrame) -> bytes:
    return json.dumps(frame.to_dicts(), default=str).encode()


FILES: dict[str, tuple[str, bytes]] = {
    "comma.csv": ("order_lines", ORDERS.write_csv().encode()),
    "semicolon.txt": ("order_lines", ORDERS.write_csv(separator=";").encode()),
    "tab.tsv": ("order_lines", ORDERS.write_csv(separator="\t").encode("utf-16")),
    "lines.jsonl": ("order_lines", ORDERS.write_ndjson().encode()),
    "array.json": ("order_lines", _array(ORDERS)),
    "text.parquet": ("order_lines", _parquet(ORDERS)),
    "typed.parquet": ("order_lines", _parquet(TYPED)),
    "words.jsonl": ("passages", WORDS.write_ndjson().encode()),
    "words.csv": ("passages", WORDS.write_csv().encode()),
    "words.parquet": ("passages", _parquet(WORDS)),
}
CONFIG = """
[[sources]]
name = "main"
passages = "in/words*"
[sources.order_lines]
path = "in/[!w]*"
filter = [{ rule = "pots", drop = { column = "sku", equals = "pot" } }]
route = [{ to = "refunds", when = { column = "quantity", matches = "^-" }, map = \
{ refund_id = "order_id", refunded_at = "ordered_at", quantity = { column = "quantity", negate = true } } }]
"""
INBOX: dict[str, bytes] = {
    "canonical.csv": ORDERS.write_csv().encode(),
    "orders.json": json.dumps({"orders": [rest_order(5001), rest_order(5002)]}).encode(),
    "orders.csv": csv(ORDERS_HEADER, FIRST, more("TEA", 2), more("POT")).encode(),
    "graphql.jsonl": json.dumps(graphql_order()).encode(),
    "zendesk.json": json.dumps({"tickets": [ticket(1), ticket(2)]}).encode(),
    "gorgias.json": json.dumps({"data": [gorgias(1), gorgias(2)]}).encode(),
    "messages.json": json.dumps({"data": [message(1)]}).encode(),
    "gong.json": json.dumps({"calls": [CALL], "callTranscripts": [TALK]}).encode(),
    "woo.json": json.dumps([woo(1), woo(2)]).encode(),
}


def accounted(pulls: list[FilePull]) -> None:
    """Every row of every file ended in exactly one place, and every problem is one line."""
    for one in pulls:
        assert one.quarantined.schema == pl.Schema(QUARANTINE)
        assert one.quarantined.height == sum(r.rows_quarantined for r in one.reports)
        for report in one.reports:
            assert report.balanced(), report
            good = one.good.get(report.table)
            assert report.rows_good == (0 if good is None else good.height)
            assert sum(report.reasons.values()) == report.rows_quarantined
            for line in (report.problem or "", *report.notes):
                assert "\n" not in line
                assert "Traceback" not in line
        if one.reports:
            routed = sum(report.rows_in for report in one.reports[1:])
            assert one.reports[0].rows_routed in {routed, 0} or len(one.reports) == 1


def pull_files(folder: Path, name: str, data: bytes) -> list[FilePull]:
    inbox = folder / "in"
    inbox.mkdir(exist_ok=True)
    for old in inbox.iterdir():
        old.unlink()
    (inbox / name).write_bytes(data)
    (folder / "hearcast.toml").write_text(CONFIG, encoding="utf-8")
    settings = load_settings(folder / "hearcast.toml", {})
    (source,) = settings.sources
    pulls = list(pull_source(source, settings, lambda _: False))
    accounted(pulls)
    again = list(pull_source(source, settings, lambda _: False))
    assert [one.reports for one in again] == [one.reports for one in pulls], (
        "read twice is the same"
    )
    return pulls


def pull_box(folder: Path, name: str, data: bytes) -> list[FilePull]:
    inbox = folder / "in"
    inbox.mkdir(exist_ok=True)
    for old in inbox.iterdir():
        old.unlink()
    (inbox / name).write_bytes(data)
    config = folder / "hearcast.toml"
    config.write_text('[[sources]]\nname = "box"\nkind = "inbox"\npath = "in"\n', encoding="utf-8")
    settings = load_settings(config, {})
    pulls = list(pull_inbox(settings.sources[0], settings, {}))
    accounted(pulls)
    return pulls


def packed(data: bytes, before: list[Change], after: list[Change], *, gzipped: bool) -> bytes:
    """The file's bytes damaged, and, where it is gzipped, the packed ones too."""
    data = damaged(data, before)
    return damaged(gzip.compress(data, mtime=0), after) if gzipped else data


def _name(name: str, *, gzipped: bool) -> str:
    return f"{name}.gz" if gzipped else name


Pull = Callable[[Path, str, bytes], list[FilePull]]
KINDS: list[tuple[Pull, dict[str, bytes]]] = [
    (pull_files, {name: data for name, (_, data) in FILES.items()}),
    (pull_box, INBOX),
]
TRIES = st.fixed_dictionaries(
    {
        "before": CHANGES,
        "after": st.one_of(st.just([]), CHANGES),
        "gzipped": st.sampled_from([False, False, False, True]),
    }
)


def attempt(folder: Path, kind: int, pick: int, how: dict[str, object]) -> None:
    pull, seeds = KINDS[kind]
    name = sorted(seeds)[pick % len(seeds)]
    gzipped = bool(how["gzipped"])
    data = packed(seeds[name], how["before"], how["after"], gzipped=gzipped)  # type: ignore[arg-type]
    pull(folder, _name(name, gzipped=gzipped), data)


@pytest.mark.parametrize("kind", [0, 1])
def test_undamaged_files_bring_rows(tmp_path: Path, kind: int) -> None:
    """Else the fuzzer would damage what nobody reads anyway."""
    for name, data in KINDS[kind][1].items():
        pulls = KINDS[kind][0](tmp_path, name, data)
        read = [report.rows_good for one in pulls for report in one.reports]
        assert sum(read), name


@pytest.mark.parametrize("kind", [0, 1])
@short(120)
@given(pick=st.integers(0, 99), how=TRIES)
def test_damaged_files_are_accounted_for(
    tmp_path: Path, kind: int, pick: int, how: dict[str, object]
) -> None:
    attempt(tmp_path, kind, pick, how)


class Apart:
    """A process in which damaged files are read: Polars may abort where it should only fail.

    Whoever watches a night then runs it again without the file (tests/flows/test_supervise.py);
    `crashes` counts them.
    """

    def __init__(self) -> None:
        self.crashes = 0
        self.pool = self._started()

    def attempt(self, *asked: Any) -> None:
        try:
            self.pool.submit(attempt, *asked).result()
        except BrokenProcessPool:
            self.crashes += 1
            self.pool = self._started()

    @staticmethod
    def _started() -> ProcessPoolExecutor:
        return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


@pytest.fixture(scope="module")
def apart() -> Iterator[Apart]:
    made = Apart()
    yield made
    made.pool.shutdown()
    if made.crashes:
        line = f"damaged files that ended the process that read them: {made.crashes}"
        tell(line, "HEARCAST_FUZZ_EXAMPLES", length("HEARCAST_FUZZ_EXAMPLES", MANY), MANY)


MANY = 20_000


@pytest.mark.soak
@pytest.mark.parametrize("kind", [0, 1])
@long(MANY)
@given(pick=st.integers(0, 99), how=TRIES)
def test_many_damaged_files_are_accounted_for(
    tmp_path: Path, apart: Apart, kind: int, pick: int, how: dict[str, object]
) -> None:
    apart.attempt(tmp_path, kind, pick, how)


def test_a_header_that_swallows_a_line_is_told_of_in_one_line(tmp_path: Path) -> None:
    pulls = pull_files(tmp_path, "words.csv", b'"' + FILES["words.csv"][1])
    (problem,) = [r.problem for one in pulls for r in one.reports if r.table == "passages"]
    assert problem is not None
    assert "passage_id" in problem


def test_a_file_that_ended_the_process_that_read_it_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "stage"
    monkeypatch.setenv(STAGE_FILE, str(told))
    file = tmp_path / "in" / "text.parquet"
    with reading(file):
        doing = {**json.loads(told.read_text()), "stage": "pull"}
    assert "text.parquet" not in told.read_text(), "a name may tell a person"
    below = Stepping().below(doing, signal.SIGABRT)
    assert below is not None
    for name, value in below.variable().items():
        monkeypatch.setenv(name, value)
    (pulled,) = [one for one in pull_files(tmp_path, file.name, FILES[file.name][1]) if one.reports
                 and one.reports[0].file.endswith(file.name)]  # fmt: skip
    assert pulled.reports[0].problem is not None
    assert "reading it ends the process; send it again" in pulled.reports[0].problem
    (pulled,) = [
        one for one in pull_files(tmp_path, "other.parquet", FILES[file.name][1]) if one.good
    ]
    assert pulled.reports[0].rows_good
