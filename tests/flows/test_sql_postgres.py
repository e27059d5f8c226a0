"""Pulls from a real PostgreSQL server: nothing lost, nothing twice, clear lines."""

from __future__ import annotations

import json
import logging
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows.lake import Lake
from flows.pull import report_table
from flows.sources.sql import read
from flows.sources.sql.spool import Spool
from tests.flows.databases import DAY, LINES, loaded, pulled, shown, versions
from tests.flows.postgres import READER, Database, Server

pytestmark = pytest.mark.needs_postgres
LATER = DAY + timedelta(days=1)
ROWS = 1000
REFUNDS = "refunds = 'public.refunds'"


def shop(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A database of order lines and refunds, to which SHOP_DB_URL leads."""
    found = postgres.database()
    found.run(
        "create table order_lines (line_id bigint primary key, order_id text, sku text, "
        "ordered_at timestamptz, quantity numeric(10, 2), customer_id text, "
        "updated_at timestamptz not null)",
        "create table refunds (refund_id bigint primary key, sku text, "
        "refunded_at timestamptz, quantity int, order_id text)",
        "insert into order_lines select i, 'o' || i, 's' || i % 5, "
        "timestamptz '2026-01-01 10:00+00' + i * interval '1 hour', 1 + i % 3, 'c' || i % 50, "
        f"timestamptz '2026-02-20 10:00+00' + i * interval '1 minute' from generate_series(1, {ROWS}) i",
        "insert into refunds select i, 's1', timestamptz '2026-02-01 10:00+00', 1, 'o' || i "
        "from generate_series(1, 20) i",
    )
    monkeypatch.setenv("SHOP_DB_URL", found.url())
    monkeypatch.setattr(read, "PAUSES", (0.05, 0.05))
    return found


def test_a_full_pull_then_only_what_is_new(
    postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, settings = shop(postgres, monkeypatch), loaded(tmp_path)
    assert pulled(settings).rows_stored == ROWS
    lake = Lake(settings.paths.lake)
    first = report_table(lake, DAY)
    assert first["watermark_from"].to_list() == [None]
    assert first["watermark_to"].to_list() == ["2026-02-21T02:40:00+00:00"]
    database.run(
        "insert into order_lines values (5000, 'o5000', 's1', '2026-03-01 09:00+00', 7, 'c1', "
        "'2026-03-01 09:00+00')",
        "update order_lines set quantity = 9, updated_at = '2026-03-01 10:00+00' where line_id = 3",
    )
    again = pulled(settings, LATER)
    assert again.rows_stored == 2
    second = report_table(lake, LATER)
    assert second["watermark_from"].to_list() == ["2026-02-21T01:40:00+00:00"]  # an hour again
    assert second["watermark_to"].to_list() == ["2026-03-01T10:00:00+00:00"]
    assert second.select("rows_in", "rows_good", "rows_unchanged").row(0) == (63, 2, 61)
    seen = shown(settings, day=LATER)
    assert seen.height == ROWS + 1
    assert dict(seen.select("line_id", "quantity").iter_rows())["3"] == 9
    assert dict(shown(settings).select("line_id", "quantity").iter_rows())["3"] == 1
    assert versions(settings, day=LATER).height == ROWS + 2


def test_pulling_without_news_lands_nothing(
    postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, settings = shop(postgres, monkeypatch), loaded(tmp_path)
    for day in (DAY, LATER, LATER):
        pulled(settings, day)
    lake = Lake(settings.paths.lake)
    entries = len(lake.landings())
    digest = report_table(lake, LATER)["sha256"].to_list()
    assert pulled(settings, LATER).rows_stored == 0
    assert len(lake.landings()) == entries
    assert report_table(lake, LATER)["sha256"].to_list() == digest
    # A touched row that says what it said is no new version; the watermark moves on all the same.
    database.run("update order_lines set updated_at = '2026-03-01 12:00+00' where line_id = 7")
    assert pulled(settings, LATER).rows_stored == 0
    assert lake.cursors()["shop"]["order_lines"]["value"] == "2026-03-01T12:00:00+00:00"


def test_what_was_written_before_the_mark_and_committed_after_it_is_not_lost(
    postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, settings = shop(postgres, monkeypatch), loaded(tmp_path)
    with database.cursor(autocommit=False) as slow:
        slow.execute(
            "insert into order_lines values (6000, 'late', 's1', '2026-02-21 02:00+00', 1, 'c1', "
            "'2026-02-21 02:20+00')"
        )
        assert pulled(settings).rows_stored == ROWS
        slow.execute("commit")
    assert pulled(settings, LATER).rows_stored == 1
    assert "late" in shown(settings, day=LATER)["order_id"].to_list()


def test_rows_without_a_watermark_are_always_read_and_one_from_the_future_stops_nothing(
    postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, settings = shop(postgres, monkeypatch), loaded(tmp_path)
    database.run(
        "alter table order_lines alter updated_at drop not null",
        "update order_lines set updated_at = '2999-01-01' where line_id = 1",
        "update order_lines set updated_at = 'infinity' where line_id = 2",
    )
    done = pulled(settings)
    assert done.rows_stored == ROWS
    assert any("1 rows have a 'updated_at' in the future" in line for line in done.lines)
    database.run(
        "insert into order_lines values (7000, 'n', 's1', '2026-03-01 10:00+00', 1, 'c', null)"
    )
    assert pulled(settings, LATER).rows_stored == 1


def test_a_deleted_row_of_a_snapshot_is_gone_and_too_many_hold_the_table(
    postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = shop(postgres, monkeypatch)
    settings = loaded(tmp_path, 'order_lines = { table = "order_lines", mode = "snapshot" }')
    pulled(settings)
    database.run("delete from order_lines where line_id <= 10")
    pulled(settings, LATER)
    assert shown(settings, day=LATER).height == ROWS - 10
    assert shown(settings).height == ROWS
    database.run("delete from order_lines where line_id <= 500")
    held = pulled(settings, LATER + timedelta(days=1)).held
    assert "lacks 49% of the rows" in held["order_lines"]
    assert shown(settings, day=LATER + timedelta(days=1)).height == ROWS - 10


SLOW = (
    'order_lines = { query = "select * from order_lines where line_id < 900 or '
    "pg_sleep(0.02) is not null\", watermark = 'updated_at' }"
)


class Saboteur(threading.Thread):
    """Does something to the server while a pull is at work, so many times."""

    def __init__(self, database: Database, deed: Any, times: int) -> None:
        super().__init__(daemon=True)
        self.database, self.deed, self.times, self.done = database, deed, times, 0

    def run(self) -> None:
        killed: set[int] = set()
        while self.done < self.times:
            pid = self.database.wait_for_session()
            if pid not in killed:
                killed.add(pid)
                self.deed(pid)
                self.done += 1


def test_a_connection_killed_in_the_middle_is_taken_up_again(
    postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = shop(postgres, monkeypatch)
    settings = loaded(tmp_path, f"{SLOW}\n{REFUNDS}")

    def kill(pid: int) -> None:
        database.rows(f"select pg_terminate_backend({pid})")

    once = Saboteur(database, kill, 1)
    once.start()
    done = pulled(settings)
    once.join(60)
    assert (once.done, done.held) == (1, {})
    assert shown(settings)["line_id"].n_unique() == versions(settings).height == ROWS
    assert shown(settings, "refunds").height == 20


def test_a_connection_that_keeps_dying_holds_the_tables_and_loses_nothing(
    postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = shop(postgres, monkeypatch)
    settings = loaded(tmp_path, f"{SLOW}\n{REFUNDS}")
    thrice = Saboteur(database, lambda pid: database.rows(f"select pg_terminate_backend({pid})"), 3)
    thrice.start()
    done = pulled(settings)
    thrice.join(60)
    assert set(done.held) == {"order_lines", "refunds"}
    assert done.held["order_lines"] == "shop: order_lines: the connection was lost"
    lake = Lake(settings.paths.lake)
    assert lake.cursors() == {}
    assert versions(settings).is_empty()
    assert pulled(settings, LATER).held == {}
    assert versions(settings, day=LATER).height == ROWS


def test_a_server_that_stops_in_the_middle_and_comes_back(
    postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = shop(postgres, monkeypatch)
    settings = loaded(tmp_path, SLOW)
    back = threading.Event()
    monkeypatch.setattr(read, "PAUSES", (0.05, 30.0))

    def crash(_: int) -> None:
        postgres.stop()
        postgres.start()
        back.set()

    once = Saboteur(database, crash, 1)
    once.start()
    monkeypatch.setattr("flows.sources.sql.pull.pause", lambda seconds: back.wait(2 * seconds))
    done = pulled(settings)
    once.join(60)
    assert done.held == {}
    assert versions(settings).height == ROWS


def test_a_pull_that_is_killed_before_its_landing_is_pulled_again_whole(
    postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, settings = shop(postgres, monkeypatch), loaded(tmp_path)
    pulled(settings)
    before = Lake(settings.paths.lake).cursors()
    database.run(
        "insert into order_lines values (5000, 'o5000', 's1', '2026-03-01 09:00+00', 7, 'c1', "
        "'2026-03-01 09:00+00')"
    )

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Lake, "commit", die)
        with pytest.raises(KeyboardInterrupt):
            pulled(settings, LATER)
    assert Lake(settings.paths.lake).cursors() == before
    assert pulled(settings, LATER).rows_stored == 1
    assert versions(settings, day=LATER).height == ROWS + 1


def everything_written(folder: Path, caplog: pytest.LogCaptureFixture, lines: object) -> str:
    """All that a pull left behind: logs, lines, and every file of the lake that is text."""
    texts = [path.read_text() for path in (folder / "lake").rglob("*.json")]
    return "\n".join([caplog.text, str(lines), *texts])


def test_a_wrong_password_is_said_without_it(
    postgres: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    database = shop(postgres, monkeypatch)
    monkeypatch.setenv("SHOP_DB_URL", database.url((READER[0], "wr0ng-secret")))
    caplog.set_level(logging.DEBUG)
    done = pulled(loaded(tmp_path))
    assert done.held["order_lines"] == (
        "shop: the server refuses user or password; correct SHOP_DB_URL"
    )
    assert "wr0ng" not in everything_written(tmp_path, caplog, done)
    monkeypatch.setenv("SHOP_DB_URL", "postgresql://reader:per%zzcent@127.0.0.1/x")
    said = pulled(loaded(tmp_path)).held["order_lines"]
    assert said.startswith("shop: SHOP_DB_URL is no valid URL")


def test_no_server_is_said_without_its_password(
    postgres: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    database = shop(postgres, monkeypatch)
    monkeypatch.setenv("SHOP_DB_URL", database.url(port=1))
    done = pulled(loaded(tmp_path, f"{LINES}\n{REFUNDS}"))
    line = "shop: no connection; is the server running and reachable?"
    assert done.held == {"order_lines": line, "refunds": line}
    assert READER[1] not in everything_written(tmp_path, caplog, done)
    assert done.lines.count(line) == 1


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("select nope from refunds", 'column "nope" does not exist; correct the query'),
        ("select * from refnds", 'relation "refnds" does not exist; correct the name'),
        ("select * from hidden", "may not read it (permission denied for table hidden)"),
        ("select *, write_it() as w from refunds", "the query would write"),
        ("select *, pg_sleep(3) is null as w from refunds", "statement_timeout_seconds (1 s)"),
        ("select sku from refunds", "column 'refund_id' is missing (found: sku)"),
        (
            "select *, (sku || 'x')::int as x from refunds",
            "(invalid input syntax for type integer)",
        ),
        ("select *, 1/(refund_id - 3) as x from refunds", "refuses it (division by zero)"),
    ],
)
def test_one_query_that_fails_holds_its_table_alone(
    query: str, said: str, postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = shop(postgres, monkeypatch)
    database.run(
        "create table hidden (refund_id int)",
        f"revoke all on hidden from {READER[0]}",
        "create table written (n int)",
        f"grant insert on written to {READER[0]}",
        "create function write_it() returns int language plpgsql as "
        "$$ begin insert into written values (1); return 1; end $$",
    )
    keys = 'url_env = "SHOP_DB_URL"\nstatement_timeout_seconds = 1'
    settings = loaded(tmp_path, f'refunds.query = """{query}"""\n{LINES}', keys)
    done = pulled(settings)
    assert set(done.held) == {"refunds"}
    assert said in done.held["refunds"]
    assert shown(settings).height == ROWS
    assert database.rows("select * from written").is_empty()


def test_a_table_that_somebody_has_locked_is_not_waited_for_for_ever(
    postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = shop(postgres, monkeypatch)
    keys = 'url_env = "SHOP_DB_URL"\nlock_timeout_seconds = 1'
    settings = loaded(tmp_path, f"{LINES}\n{REFUNDS}", keys)
    with database.cursor(autocommit=False) as other:
        other.execute("lock table order_lines in access exclusive mode")
        done = pulled(settings)
        other.execute("rollback")
    assert set(done.held) == {"order_lines"}
    assert "locked a table of the query for more than lock_timeout_seconds (1 s)" in str(done.held)
    assert shown(settings, "refunds").height == 20


def test_two_tables_are_of_one_moment(
    postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = shop(postgres, monkeypatch)
    settings = loaded(tmp_path, f"{SLOW}\n{REFUNDS}")

    def sell_and_refund(_: int) -> None:
        database.run(
            "with sold as (insert into order_lines values (8000, 'o8000', 's1', "
            "'2026-03-01 10:00+00', 1, 'c1', '2026-03-01 10:00+00') returning order_id) "
            "insert into refunds select 900, 's1', timestamptz '2026-03-01 11:00+00', 1, order_id "
            "from sold"
        )

    once = Saboteur(database, sell_and_refund, 1)
    once.start()
    pulled(settings)
    once.join(60)
    assert once.done == 1
    assert "o8000" not in shown(settings)["order_id"].to_list()
    assert "o8000" not in shown(settings, "refunds")["order_id"].to_list()
    pulled(settings, LATER)
    assert "o8000" in shown(settings, day=LATER)["order_id"].to_list()
    assert "o8000" in shown(settings, "refunds", LATER)["order_id"].to_list()


def test_held_rows_are_read_again_as_the_watermark_waits_for_them(
    postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, settings = shop(postgres, monkeypatch), loaded(tmp_path)
    pulled(settings)
    database.run(
        "insert into order_lines select 9000 + i, 'p' || i, null, '2026-03-01 09:00+00', 1, 'c', "
        "'2026-03-01 09:00+00' from generate_series(1, 50) i"
    )
    assert "order_lines" in pulled(settings, LATER).held
    database.run("update order_lines set sku = 's1' where sku is null")  # the mark is as it was
    done = pulled(settings, LATER + timedelta(days=1))
    assert (done.held, done.rows_stored) == ({}, 50)


def test_lines_without_a_name_cannot_be_read_from_a_watermark_on(
    postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop(postgres, monkeypatch)
    query = "select order_id, sku, ordered_at, quantity, updated_at from order_lines"
    settings = loaded(tmp_path, f"order_lines = {{ query = '{query}', watermark = 'updated_at' }}")
    assert "column 'line_id' is missing: with a watermark" in pulled(settings).held["order_lines"]
    mapped = "\nmap.line_id = { concat = ['order_id', 'sku'] }"
    text = f"[sources.order_lines]\nquery = '{query}'\nwatermark = 'updated_at'{mapped}"
    assert pulled(loaded(tmp_path, text), LATER).rows_stored == ROWS


def test_another_query_or_mapping_reads_everything_again(
    postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop(postgres, monkeypatch)
    pulled(loaded(tmp_path))
    narrow = "order_lines = { table = 'order_lines', watermark = 'updated_at', ignore = ['customer_id'] }"
    settings = loaded(tmp_path, narrow)
    assert pulled(settings, LATER).rows_stored == ROWS
    assert report_table(Lake(settings.paths.lake), LATER)["watermark_from"].to_list() == [None]


def test_types_arrive_as_they_are_meant(
    postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = shop(postgres, monkeypatch)
    database.run(
        "create table typed (line_id uuid, order_id numeric(20, 0), sku varchar(10), "
        "ordered_at timestamp, quantity numeric, is_test bool, cancelled_at timestamptz, "
        "meta jsonb, spent interval, address inet, tags text[], born date, at_hour time, "
        "price real, unit_price numeric(12, 2), currency char(3))",
        "insert into typed values ('11111111-2222-3333-4444-555555555555', 12345678901, 'a', "
        "'2026-07-01 00:30', 1.250, true, '2026-07-02 00:30+05', '{\"a\": [1, null]}', '1 day', "
        "'10.0.0.1', '{x,y}', '2026-07-01', '10:00', 1.5, 9.90, 'EUR')",
        "insert into typed (line_id, order_id, sku, ordered_at, quantity, cancelled_at) values "
        "('22222222-2222-3333-4444-555555555555', 2, 'b', 'infinity', 1, null), "
        "('33333333-2222-3333-4444-555555555555', 3, 'c', '2026-07-01', 'NaN', null), "
        "('44444444-2222-3333-4444-555555555555', 4, 'd', '2026-01-01', 1, 'infinity')",
        *(
            f"insert into typed (line_id, order_id, sku, ordered_at, quantity) values "
            f"(gen_random_uuid(), {i}, 'e', '2026-01-01', 1)"
            for i in range(100, 200)
        ),
    )
    settings = loaded(tmp_path, "order_lines = 'typed'")
    done = pulled(settings)
    assert done.held == {}
    for name, kind in (("address", "inet"), ("spent", "month_day_nano_interval")):
        assert any(
            f"column '{name}' is of type {kind}, which is not read" in one for one in done.lines
        )
    summer, name = DAY.replace(month=8), "11111111-2222-3333-4444-555555555555"
    first = shown(settings, day=summer).row(by_predicate=pl.col("line_id") == name, named=True)
    assert (first["order_id"], first["sku"], first["quantity"]) == ("12345678901", "a", 1.25)
    assert first["ordered_at"] == datetime(2026, 6, 30, 23, 30, tzinfo=UTC)  # London's clock
    assert first["cancelled_at"] == datetime(2026, 7, 1, 19, 30, tzinfo=UTC)
    assert (first["is_test"], first["unit_price"], first["currency"]) == (True, 9.9, "EUR")
    extra = json.loads(versions(settings, day=summer).filter(line_id=name)["_extra"][0])
    assert json.loads(extra["meta"]) == {"a": [1, None]}
    assert (extra["tags"], extra["born"], extra["price"]) == (["x", "y"], "2026-07-01", 1.5)
    report = report_table(Lake(settings.paths.lake), DAY)
    assert json.loads(report["reasons"][0]) == {"wrong_type": 3}


def test_batches_bound_what_the_driver_holds(
    postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = shop(postgres, monkeypatch)
    database.run(
        "insert into order_lines select 10000 + i, 'o' || i, 's1', '2026-02-01', 1, repeat('c', 100), "
        "'2026-02-20 10:00+00' from generate_series(1, 30000) i"
    )
    sizes: list[int] = []
    add = Spool.add

    def noted(self: Spool, rows: Any) -> None:
        sizes.append(rows.frame.height)
        add(self, rows)

    monkeypatch.setattr(Spool, "add", noted)
    keys = 'url_env = "SHOP_DB_URL"\nbatch_rows = 1000'
    settings = loaded(tmp_path, LINES, keys)
    assert pulled(settings).rows_stored == ROWS + 30_000
    assert sum(sizes) == ROWS + 30_000
    assert max(sizes) <= 4000  # the driver's bound is of bytes, and a guess
    assert isinstance(shown(settings), pl.DataFrame)
