"""Every section with its tables, without them, and with none at all."""

from collections.abc import Callable
from datetime import timedelta

import polars as pl
import pytest

from tests import review_frames as made
from transforms.contracts import EXPORTS
from transforms.orders_due import orders_due
from transforms.review.ahead import ahead_section, year_before
from transforms.review.attention import MOST, exceptions_section
from transforms.review.changes import changes_section
from transforms.review.leads import evidence_section, leads_section
from transforms.review.numbers import percent, quantity
from transforms.review.orders import orders_section
from transforms.review.page import READ, review
from transforms.review.parts import Night, Section
from transforms.review.programme import plain_grid, programme_section
from transforms.review.quality import quality_section
from transforms.review.record import record_section, weeks_of
from transforms.review.voices import voices_section

SECTIONS: dict[Callable[[Night], Section], tuple[str, ...]] = {
    ahead_section: ("forecasts", "forecasts_cumulative"),
    exceptions_section: ("exceptions",),
    orders_section: ("inventory_plan",),
    changes_section: ("forecast_changes",),
    leads_section: ("signal_evidence",),
    evidence_section: ("signal_evidence",),
    voices_section: ("signals_weekly", "phrase_stats"),
    record_section: ("accuracy", "forecast_value_added"),
    programme_section: ("signals_weekly", "programme_cadence"),
    quality_section: ("ingest_report", "quality_checks"),
}
ACCURACY = {
    "target": "units", "level": "sku", "horizon_band": "h1-4", "wape_mean": 0.3, "mase_naive1": 0.8,
    "bias_share": 0.01, "scaled_pinball": 0.2, "coverage_80": 0.81, "n": 800, "n_cutoffs": 8,
    "wape_difference": -0.01, "wape_difference_lo": -0.02, "wape_difference_hi": 0.001,
}  # fmt: skip


@pytest.fixture(scope="module")
def tables() -> dict[str, pl.DataFrame]:
    return made.every_table(6)


def _accuracy(ours: float, naive: float) -> pl.DataFrame:
    rows = [
        {**ACCURACY, "model": "full", "wape": ours},
        {**ACCURACY, "model": "seasonal_naive", "wape": naive},
    ]
    return pl.DataFrame(rows, schema=dict(EXPORTS["accuracy"].schema), orient="row")


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_stands_without_its_tables_and_says_why(
    section: Callable[[Night], Section],
) -> None:
    night = Night(made.AS_OF, "Acme", {"tables": {}}, {}, dict.fromkeys(READ, "the disk was full"))
    found = section(night)
    assert found.verdicts
    for name in SECTIONS[section]:
        assert f"Not published that night: {name} (the disk was full)." in found.absent, name


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_stands_with_empty_tables(section: Callable[[Night], Section]) -> None:
    empty = {name: EXPORTS[name].empty() for name in READ if name in EXPORTS}
    assert section(made.night(empty)).verdicts


def test_the_page_shows_every_high_exception_and_fills_up_with_others() -> None:
    one = made.exceptions().head(1)
    for high in (1, 15):
        severity = ["high" if n < high else "medium" for n in range(20)]
        fading = one.with_columns(episode_state=pl.lit("fading"))
        rows = pl.concat([*([one] * 20), fading]).with_columns(
            pl.Series("severity", [*severity, "high"]), rank=pl.int_range(1, pl.len() + 1)
        )
        grid = exceptions_section(made.night({"exceptions": rows})).grids[0]
        shown = max(MOST, high)
        assert [line[1] for line in grid.rows] == severity[:shown]
        assert f"{21 - shown:,} more stand in the workbook" in grid.note


def test_the_page_has_every_section_and_one_sentence_of_the_most_important(
    tables: dict[str, pl.DataFrame],
) -> None:
    found = review(made.night(tables))
    assert len(found.sections) == len(SECTIONS)
    assert len({section.key for section in found.sections}) == len(SECTIONS)
    assert found.headlines[0].text == "Published in full, as of 17 Nov 2026."
    assert len(found.headlines) == 7


def test_sums_of_weeks_come_from_joint_paths_not_from_added_quantiles(
    tables: dict[str, pl.DataFrame],
) -> None:
    (grid,) = ahead_section(made.night(tables)).grids
    total = next(row for row in grid.rows if row[0] == "whole business")
    sums = (
        tables["forecasts_cumulative"]
        .filter(target="units", level="total", horizon=4)
        .row(0, named=True)
    )
    assert total[2] == f"{sums['p10']:,.0f} to {sums['p90']:,.0f}"


def test_what_orders_rest_on_stands_beside_the_forecast(tables: dict[str, pl.DataFrame]) -> None:
    final = made.final(tables["forecasts"])
    plain = ahead_section(made.night(tables))
    found = ahead_section(made.night({**tables, "forecasts_final": final}))
    total = final.filter(target="units", level="total", horizon=4)["cumulative_mean"][0]
    assert f"; {total:,.0f} with overrides, on which orders rest" in found.verdicts[0].text
    assert "with overrides" not in found.verdicts[1].text, "no override is of returns"
    (grid,) = found.grids
    place = grid.columns.index("with overrides")
    sums = final.filter(target="units", level="category", horizon=4)
    told = {row[0]: row[place] for row in grid.rows}
    for name, value in sums.select("series_id", "cumulative_mean").iter_rows():
        assert told[name] == quantity(value)
    numbers = {chart.title: chart.grid for chart in found.charts}
    mine = numbers[f"Units a week, {made.CATEGORIES[0]}"]
    week = final.filter(target="units", series_id=made.CATEGORIES[0], horizon=2)["final_mean"][0]
    assert mine.rows[1][mine.columns.index("with overrides")] == quantity(week)
    assert not any("with overrides" in grid.columns for grid in plain.grids)


def test_a_year_before_needs_every_week_of_it(tables: dict[str, pl.DataFrame]) -> None:
    weekly = tables["demand_weekly"]
    mine = {"target": "units", "level": "total", "series_id": "total"}
    weeks = [made.RUNNING + timedelta(weeks=n) for n in range(4)]
    then = weekly.filter(**mine, week_start=made.RUNNING - timedelta(weeks=52))  # one of the four
    whole = year_before(weekly, mine, weeks)
    assert whole is not None
    assert whole > then["value"][0]
    gap = weekly.filter(pl.col("week_start") != made.RUNNING - timedelta(weeks=52))
    assert year_before(gap, mine, weeks) is None


def test_a_change_is_told_with_its_causes_greatest_first(tables: dict[str, pl.DataFrame]) -> None:
    found = changes_section(made.night(tables))
    assert found.verdicts[0].text.endswith(
        "+20 since the night of 16 Nov 2026: new data +12, what customers said +5, signals adopted or "
        "retired +4 and corrected history −1."
    )
    assert [verdict.tone for verdict in found.verdicts] == ["plain", "watch"]


def test_a_signal_is_shown_moved_on_by_its_lead(tables: dict[str, pl.DataFrame]) -> None:
    (chart,) = leads_section(made.night(tables)).charts
    heard = tables["signals_weekly"].filter(
        category=made.CATEGORIES[0], week_start=made.RUNNING - timedelta(weeks=5)
    )
    moved = chart.frame.filter(week=made.RUNNING - timedelta(weeks=2))
    assert moved["rate"][0] == heard["rate_shrunk"][0]


def test_what_was_rejected_is_listed_with_counts(tables: dict[str, pl.DataFrame]) -> None:
    found = evidence_section(made.night(tables))
    text = "4 pairs of signal and target tested: 1 confirmed, 1 candidate, 1 rejected and 1 insufficient."
    assert found.verdicts[0].text == text
    captions = [grid.caption.split(":")[0] for grid in found.grids]
    assert captions == ["Pairs tested, by verdict", "Adopted", "Candidates", "Rejected"]
    assert all("340 of 4,666" in row for grid in found.grids[1:] for row in grid.rows)


def test_an_exception_without_an_owner_is_bad_news(tables: dict[str, pl.DataFrame]) -> None:
    found = exceptions_section(made.night(tables))
    assert "1 exception without an owner" in found.verdicts[1].text
    assert found.verdicts[1].tone == "bad"
    (grid,) = found.grids
    assert len(grid.rows) == 1, "one that is over is not open"
    assert grid.rows[0][4] == "1,234 USD"


def test_orders_are_told_as_at_the_end_of_a_night(tables: dict[str, pl.DataFrame]) -> None:
    found = orders_section(made.night(tables))
    told = orders_due(tables["inventory_plan"])
    assert told is not None
    assert [verdict.text for verdict in found.verdicts] == [told.sentence]
    assert told.sentence.startswith("5 of 6 planned SKUs are due at this review, 30 USD at cost")
    (grid,) = found.grids
    assert [row[0] for row in grid.rows] == [f"SKU-0000{n}" for n in (5, 4, 3, 2, 1)]
    assert [row[5] for row in grid.rows] == ["by 19 Nov", "by 18 Nov", "now", "by 19 Nov", "by 18 Nov"]  # fmt: skip


@pytest.mark.parametrize(("ours", "tone"), [(0.3, "good"), (0.5, "bad")])
def test_a_forecast_worse_than_last_years_week_is_bad_news(ours: float, tone: str) -> None:
    found = record_section(made.night({"accuracy": _accuracy(ours, 0.4)}))
    assert found.verdicts[0].tone == tone
    assert "n = 800, 8 cutoffs" in found.verdicts[0].text


def test_a_step_stands_beside_the_one_before_it_on_the_same_forecasts(
    tables: dict[str, pl.DataFrame],
) -> None:
    (grid,) = record_section(
        made.night({"forecast_value_added": tables["forecast_value_added"]})
    ).grids
    row = dict(zip(grid.columns, grid.rows[0], strict=True))
    assert row["WAPE of the step before, same forecasts"] == percent(0.32)
    assert (row["WAPE"], row["better by, points"], row["n"]) == (percent(0.3), "+2.0", "800")


def test_bands_in_words() -> None:
    assert weeks_of("h5-13") == "5 to 13 weeks ahead"


def test_quotes_are_only_those_that_are_published(tables: dict[str, pl.DataFrame]) -> None:
    found = voices_section(made.night(tables))
    assert [quote.text for quote in found.quotes] == [
        f"it squeaks {made.EVIL}",
        "call me at <phone>, the hinge squeaks",
    ]
    none = tables["phrase_stats"].with_columns(
        pl.lit(None, dtype=pl.String).alias(n) for n in ("quote_1", "quote_2")
    )
    silent = voices_section(made.night({**tables, "phrase_stats": none}))
    assert not silent.quotes
    assert "publish_quotes" in silent.notes[0]


def test_a_share_beyond_its_year_is_said(tables: dict[str, pl.DataFrame]) -> None:
    weekly = tables["signals_weekly"]
    newest = made.RUNNING - timedelta(weeks=1)
    loud = weekly.with_columns(
        pl.when(pl.col("week_start") == newest).then(0.6).otherwise(pl.col(name)).alias(name)
        for name in ("rate_lo", "rate_shrunk", "rate_hi")
    )
    said = [v.text for v in voices_section(made.night({**tables, "signals_weekly": loud})).verdicts]
    assert "Week of 9 Nov 2026: said more than in the year before: stocking up." in said


def test_a_lower_rung_and_a_held_table_are_bad_news() -> None:
    night = made.night({})
    manifest = {
        **night.manifest, "status": "PublishedDegraded", "held_inputs": {"tickets": "3 days late"},
        "tables": {"forecasts": {"sha256": "0", "rung": "stale"}, "accuracy": {"left_out": True, "why": "no record"}},
        "why": ["the full forecast failed: ValueError"], "notes": ["one note"],
    }  # fmt: skip
    found = quality_section(Night(made.AS_OF, "Acme", manifest, {}, {}))
    assert [v.tone for v in found.verdicts[:2]] == ["bad", "bad"]
    assert "1 table on a lower rung (stale)" in found.verdicts[0].text
    (grid,) = found.grids
    assert ("accuracy", "left out", "no record") in grid.rows
    assert found.notes == ("Note of the night: one note",)


def test_a_table_shown_as_it_is_shows_no_keys_of_people() -> None:
    table = pl.DataFrame({"week": ["w"], "customer_key": ["abc"], "reached": [3]})
    grid = plain_grid("Calls", table)
    assert grid.columns == ("week", "reached")
    assert grid.rows == (("w", "3"),)
