"""Episodes: one id while a matter lasts, one alert, and nothing closed that nobody looked for."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl

from tests.transforms.desk_rows import table
from transforms.contracts import EXPORTS
from transforms.contracts.check import violations
from transforms.exceptions.episodes import with_episodes
from transforms.exceptions.found import FOUND
from transforms.exceptions.message import body, due, subject

FIRST = date(2026, 11, 10)
KINDS = ("stock_out", "overstock", "forecast_jump")


def finding(series: str, value: float | None = 100.0, **more: Any) -> dict[str, Any]:
    base = {"kind": "stock_out", "severity": "high", "target": "units", "level": "sku",
            "series_id": series, "headline": "h", "action": "a", "units_at_risk": 5.0,
            "value_at_risk": value, "value_unit": "USD" if value else "units", "n": 1}  # fmt: skip
    return {**dict.fromkeys(FOUND), **base, **more}


def tonight(*findings: dict[str, Any]) -> pl.DataFrame:
    explained = {"customers_signal": None, "customers_phrase": None, "customers_reason": "r",
                 "quote": None, "owner": "o", "owner_from": "input"}  # fmt: skip
    texts = dict.fromkeys(explained, pl.String())
    return pl.DataFrame([{**row, **explained} for row in findings], schema=FOUND | texts)


def nights(
    *found: tuple[dict[str, Any], ...], judged: tuple[str, ...] = KINDS
) -> list[pl.DataFrame]:
    """The published tables of nights in a row."""
    out: list[pl.DataFrame] = []
    for i, rows in enumerate(found):
        before = out[-1] if out else None
        made = with_episodes(tonight(*rows), before, judged, FIRST + timedelta(days=i))
        contract = EXPORTS["exceptions"]
        out.append(table("exceptions", made.select(contract.names).to_dicts()))
        assert not violations(contract, out[-1])
    return out


def states(frame: pl.DataFrame) -> dict[str, str]:
    return dict(frame.select("series_id", "episode_state").iter_rows())


def test_an_episode_keeps_its_id_and_counts_its_nights() -> None:
    one, two, three = nights((finding("A"),), (finding("A"),), (finding("A"),))
    assert one["episode_id"][0] == two["episode_id"][0] == three["episode_id"][0]
    assert [f["episode_state"][0] for f in (one, two, three)] == ["new", "open", "open"]
    assert three.select("first_seen", "last_seen", "nights_open").rows() == [
        (FIRST, FIRST + timedelta(days=2), 3)
    ]


def test_what_is_not_seen_fades_then_closes_then_is_gone() -> None:
    found = nights((finding("A"),), (), (), ())
    assert [states(frame) for frame in found] == [
        {"A": "new"}, {"A": "fading"}, {"A": "closed"}, {},
    ]  # fmt: skip
    assert found[2]["last_seen"][0] == FIRST


def test_what_flickers_is_one_episode_and_what_returns_later_another() -> None:
    flicker = nights((finding("A"),), (), (finding("A"),))
    assert flicker[0]["episode_id"][0] == flicker[2]["episode_id"][0]
    assert states(flicker[2]) == {"A": "open"}
    again = nights((finding("A"),), (), (), (finding("A"),))
    assert again[0]["episode_id"][0] != again[3]["episode_id"][0]
    assert states(again[3]) == {"A": "new"}


def test_kinds_that_could_not_be_looked_for_stay_open() -> None:
    before = nights((finding("A"), finding("B", kind="forecast_jump")))[0]
    out = with_episodes(tonight(), before, ("forecast_jump",), FIRST + timedelta(days=1))
    assert states(out) == {"A": "open", "B": "fading"}
    assert out.filter(series_id="A")["last_seen"][0] == FIRST


def test_rank_is_by_money_then_units_and_what_is_over_comes_last() -> None:
    rows = (finding("cheap", 10.0), finding("dear", 900.0), finding("many", None, units_at_risk=80.0),
            finding("few", None, units_at_risk=2.0))  # fmt: skip
    out = nights((finding("old", 9999.0),), rows)[1]
    assert out.sort("rank")["series_id"].to_list() == ["dear", "cheap", "many", "few", "old"]
    assert out.sort("rank")["rank"].to_list() == [1, 2, 3, 4, 5]


def test_a_high_one_without_a_price_ranks_before_all_that_has_one() -> None:
    rows = (finding("dear", 900.0, severity="medium"), finding("low", 950.0, severity="low"),
            finding("chart", None, severity="high", kind="metric_out", target="metric", level="total"),
            finding("cheap", 1.0, severity="high"))  # fmt: skip
    out = nights((finding("old", 9999.0),), rows)[1]
    assert out.sort("rank")["series_id"].to_list() == ["cheap", "chart", "low", "dear", "old"]
    assert due(out, "medium")["series_id"].to_list() == ["cheap", "chart", "dear"]


def test_the_same_series_with_another_signal_or_kind_is_another_matter() -> None:
    rows = tuple(finding("tea", kind="signal_adopted", signal=s) for s in ("gifts", "worry"))
    out = nights(rows, rows)
    assert out[0]["episode_id"].n_unique() == 2
    assert set(out[0]["episode_id"]) == set(out[1]["episode_id"])


def test_ids_hold_no_digits_that_a_phone_or_card_number_could_be_made_of() -> None:
    out = nights(tuple(finding(f"S{i}") for i in range(50)))[0]
    assert out["episode_id"].str.contains(r"^[a-p]{16}$").all()
    assert out["episode_id"].n_unique() == 50


def test_messages_are_for_what_lasts_and_is_severe_enough() -> None:
    rows = (finding("A"), finding("B", severity="low"), finding("C", 50.0, severity="medium"))
    first, second = nights(rows, (finding("A"),))
    assert due(first, "medium")["series_id"].to_list() == ["A", "C"]
    assert due(second, "low")["series_id"].to_list() == ["A"]
    row = first.filter(series_id="A").row(0, named=True)
    assert subject(row) == "stock-out ahead: A"
    assert "At stake: 100 USD." in body(row)
    assert f"Episode {row['episode_id']}, first seen {FIRST}." in body(row)
