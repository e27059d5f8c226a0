"""Versions of an upstream tagger: bridged over common weeks, begun anew, never mixed."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from transforms.bridging import (
    BRIDGED,
    OVERLAPPING,
    RESTARTED,
    bridges_table,
    labelled,
    levelled,
    mentions_of,
    plan,
    untold,
)
from transforms.contracts import EXPORTS
from transforms.contracts.check import violations

START = date(2026, 1, 5)
OLD, NEW = ("acme", "1"), ("acme", "2")


def week(n: int) -> date:
    return START + timedelta(weeks=n)


def tags(
    version: tuple[str, str], weeks: range, a_week: int, known: date | None = None
) -> pl.DataFrame:
    """So many tags a week on conversations of their own number: versions share the first ones."""
    rows = [
        ("main", f"c{w}-{i}", "worry", *version, week(w), known or week(w))
        for w in weeks
        for i in range(a_week)
    ]
    names = [
        "_source",
        "conversation_id",
        "signal",
        "tagger",
        "tagger_version",
        "week_start",
        "_known_on",
    ]
    return pl.DataFrame(rows, schema=names, orient="row")


def test_one_version_counts_all_weeks() -> None:
    stretches, bridges = plan(tags(OLD, range(5, 20), 4), ["worry"], week(30))
    assert [(s.version, s.begins, s.ends, s.ratio, s.last) for s in stretches] == [
        (OLD, None, None, 1.0, True)
    ]
    assert bridges == []


def test_eight_common_weeks_make_a_bridge() -> None:
    both = pl.concat([tags(OLD, range(28), 4), tags(NEW, range(20, 40), 6)])
    stretches, bridges = plan(both, ["worry"], week(39))
    assert [(s.version, s.begins, s.ends, s.ratio, s.era, s.last) for s in stretches] == [
        (OLD, None, week(20), 1.5, 0, True),
        (NEW, week(20), None, 1.0, 0, True),
    ]
    (bridge,) = bridges
    assert (bridge.status, bridge.mentions_old, bridge.mentions_new) == (BRIDGED, 32, 48)
    assert bridge.lo is not None
    assert bridge.hi is not None
    assert bridge.lo < 1.5 < bridge.hi
    table = bridges_table(bridges)
    contract = EXPORTS["tagger_bridges"]
    assert violations(contract, table.select(contract.names)) == []


def test_seven_common_weeks_are_too_few_and_the_series_begins_anew() -> None:
    both = pl.concat([tags(OLD, range(27), 4), tags(NEW, range(20, 40), 6)])
    stretches, bridges = plan(both, ["worry"], week(39))
    assert [(s.version, s.begins, s.ends, s.era, s.last) for s in stretches] == [
        (OLD, None, week(20), 0, False),
        (NEW, week(20), None, 1, True),
    ]
    assert bridges[0].status == RESTARTED
    assert bridges[0].ratio is None


def test_while_both_run_the_old_one_counts_until_the_bridge_stands() -> None:
    both = pl.concat([tags(OLD, range(40), 4), tags(NEW, range(20, 40), 6)])
    before, bridges = plan(both, ["worry"], week(26))
    assert [(s.version, s.ends) for s in before] == [(OLD, None)]
    assert bridges[0].status == OVERLAPPING
    after, bridges = plan(both, ["worry"], week(27))
    assert bridges[0].status == BRIDGED
    assert [s.version for s in after] == [OLD, NEW]


def test_a_signal_that_no_tagger_gave_yet_has_no_stretch() -> None:
    assert plan(tags(OLD, range(5, 20), 4), ["praise"], week(30)) == ([], [])


def test_few_mentions_make_no_ratio() -> None:
    both = pl.concat([tags(OLD, range(28), 1), tags(NEW, range(20, 40), 1)])
    assert plan(both, ["worry"], week(39))[1][0].status == RESTARTED


def test_history_tagged_anew_needs_no_old_weeks() -> None:
    again = tags(NEW, range(28), 5, known=week(29))
    stretches, bridges = plan(pl.concat([tags(OLD, range(28), 4), again]), ["worry"], week(30))
    assert [(s.version, s.begins, s.ends) for s in stretches] == [(NEW, None, None)]
    assert bridges[0].status == BRIDGED


def test_ratios_of_several_changes_multiply() -> None:
    three = ("acme", "3")
    every = pl.concat(
        [tags(OLD, range(20), 4), tags(NEW, range(10, 40), 6), tags(three, range(30, 50), 3)]
    )
    stretches, _ = plan(every, ["worry"], week(49))
    assert [s.ratio for s in stretches] == pytest.approx([1.5 * 0.5, 0.5, 1.0])


def test_no_week_ever_mixes_versions() -> None:
    both = pl.concat([tags(OLD, range(28), 4), tags(NEW, range(20, 40), 6)])
    stretches, _ = plan(both, ["worry"], week(39))
    counted = mentions_of(both, stretches)
    by_week = counted.group_by("week_start").agg(pl.col("tagger_version").n_unique().alias("n"))
    assert by_week["n"].max() == 1
    labels = labelled(counted.select("week_start", mine=pl.col("tagger_version")), stretches)
    assert (labels["mine"] == labels["tagger_version"]).all()


def test_levels_meet_and_never_exceed_the_people() -> None:
    both = pl.concat([tags(OLD, range(28), 4), tags(NEW, range(20, 40), 6)])
    stretches, _ = plan(both, ["worry"], week(39))
    cells = pl.DataFrame(
        {
            "week_start": [week(3), week(4), week(30)],
            "weight": [100, 100, 100],
            "weight_with_signal": [40, 90, 60],
        }
    )
    assert levelled(cells, stretches)["weight_with_signal"].to_list() == [60.0, 100.0, 60.0]


def test_a_signal_without_tags_is_nobodys_over_all_weeks() -> None:
    one = untold("worry")
    found = labelled(pl.DataFrame({"week_start": [week(1)]}), [one])
    assert found.select("tagger", "bridge_ratio").row(0) == ("upstream", 1.0)
