"""Episodes over nights and the actions that answer them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl

from models.office.speed import speeds
from transforms.asof import SOURCE
from transforms.contracts import EXPORTS, INPUTS
from transforms.office import responses

DAY = date(2026, 5, 1)
AS_OF = DAY + timedelta(days=100)


def night(after: int, rows: list[dict[str, object]]) -> pl.DataFrame:
    schema = {name: EXPORTS["exceptions"].schema[name] for name in responses.COLUMNS}
    common = {
        "as_of": DAY + timedelta(days=after),
        "kind": "stock_out",
        "episode_state": "open",
        "first_seen": DAY,
    }
    return pl.DataFrame([common | row for row in rows], schema=schema)


def action(name: str, opened: int, **more: object) -> dict[str, object]:
    return {SOURCE: "s", "action_id": name, "opened_at": at(opened)} | more


def at(days: int) -> datetime:
    return datetime(2026, 5, 1, 15, tzinfo=UTC) + timedelta(days=days)


def actions(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema={SOURCE: pl.String, **INPUTS["actions"].schema})


NIGHTS = [
    night(0, [{"episode_id": "a", "sku": "X", "category": "c"}, {"episode_id": "b", "category": "c", "signal": "slow"}]),
    night(7, [{"episode_id": "a", "sku": "X", "category": "c", "episode_state": "closed"}, {"episode_id": "b", "category": "c", "signal": "slow"}]),
    night(9, [{"episode_id": "old", "sku": "X", "first_seen": DAY - timedelta(days=400)}]),
]  # fmt: skip


def test_an_episode_is_one_row_and_knows_when_it_closed() -> None:
    found = responses.episodes(NIGHTS, DAY - timedelta(days=364))
    assert found["episode_id"].to_list() == ["a", "b"]
    assert found["closed_on"].to_list() == [DAY + timedelta(days=7), None]


def test_the_first_action_of_its_sku_or_category_and_signal_answers_it() -> None:
    found = responses.episodes(NIGHTS, DAY - timedelta(days=364))
    given = actions(
        action("before", -1, sku="X", shipped_at=at(1)),
        action("late", 8, sku="X", shipped_at=at(9)),
        action("wide", 4, category="c", signal="other", acknowledged_at=at(5), shipped_at=at(6)),
        action("own", 5, category="c", signal="slow", alerted_at=at(5), shipped_at=at(20)),
        action("too_late", 40, category="c", shipped_at=at(41)),
    )
    told = responses.answered(found, given, "UTC")
    rows = {row["episode_id"]: row for row in told.iter_rows(named=True)}
    assert rows["a"]["acted_on"] == DAY + timedelta(days=6)
    assert rows["a"]["alerted_on"] is None
    assert rows["b"]["acted_on"] == DAY + timedelta(days=20)
    none = responses.answered(found, given.clear(), "UTC")
    assert none["acted_on"].to_list() == [None, None]


def test_open_ones_count_for_as_long_as_they_are_open_and_by_every_dimension() -> None:
    found = responses.answered(
        responses.episodes(NIGHTS, DAY),
        actions(action("own", 8, category="c", signal="slow", shipped_at=at(20))),
        "UTC",
    )
    rows = responses.steps(found, AS_OF)
    every = rows.filter(dimension="all")
    assert every.filter(step="recovered").select("days", "shipped").rows() == [
        (7, True),
        (100, False),
    ]
    assert every.filter(step="acted").select("days", "shipped").rows() == [(20, True), (100, False)]
    assert set(rows["dimension"]) == {"all", "kind", "signal", "category"}
    assert rows.filter(dimension="signal")["slice"].unique().to_list() == ["slow"]
    curve = speeds(every.filter(step="acted"), ("dimension", "slice", "step"), (0, 28))
    assert curve["share_shipped"].to_list() == [0.0, 0.5, 0.5, 0.5]
    assert set(curve["verdict"]) == {"not_enough_data"}
