"""The next weeks as a planner reads them: what orders rest on stands under the forecast."""

from flows.summary_ahead import ahead_lines
from tests import review_frames as made


def test_forecasts_with_overrides_stand_under_those_that_they_move() -> None:
    ahead = made.forecasts(6)
    final = made.final(ahead)
    lines = ahead_lines({"forecasts": ahead, "forecasts_final": final})
    assert "orders rest on the rows with overrides" in lines[1]
    at = {line.split("  ")[1]: n for n, line in enumerate(lines) if line.startswith("  ")}
    moved = lines[at[made.CATEGORIES[0]] + 1]
    assert moved.startswith("    with overrides ")
    week = final.filter(target="units", series_id=made.CATEGORIES[0], horizon=2).row(0, named=True)
    assert week["override_delta"] != 0
    assert f" {week['final_mean']:,.0f} [{week['p10']:,.0f}-{week['p90']:,.0f}]" in moved
    assert not lines[at[made.CATEGORIES[1]] + 1].startswith("    with overrides")
    assert lines[at["total"] + 1].startswith("    with overrides ")


def test_without_overrides_nothing_is_said_of_them() -> None:
    ahead = made.forecasts(6)
    assert "overrides" not in "\n".join(ahead_lines({"forecasts": ahead}))
