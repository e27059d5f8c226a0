"""Charts as SVG, drawn without a browser; each is readable alone at the width of a phone."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import altair as alt
import polars as pl
import vl_convert

from transforms.review.parts import Chart

WIDTH = 352
HEIGHT = 190
Drawn: TypeAlias = alt.LayerChart | alt.FacetChart | alt.VConcatChart
INK, GREY, GRID = "#1d2733", "#5b6775", "#e3e7ec"
BLUE, ORANGE = "#0b62a8", "#b4470b"
FONT = "system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif"
CONFIG: dict[str, Any] = {
    "aria": False,
    "background": "#ffffff",
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": GREY, "titleColor": GREY, "labelFontSize": 11, "titleFontSize": 11,
        "titleFontWeight": "normal", "gridColor": GRID, "domainColor": GRID, "tickColor": GRID,
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart as the page shows it: the address holds the whole image."""

    source: str
    width: int
    height: int


def draw(chart: Chart) -> Picture:
    """The chart as an image in a data: address; an image can neither run a script nor load one."""
    drawn = _KINDS[chart.kind](chart)
    specification = drawn.properties(padding=4).configure(**CONFIG).to_dict(format="vega-lite")
    specification["usermeta"] = {}
    svg = vl_convert.vegalite_to_svg(specification)
    width, height = _size(svg)
    encoded = base64.b64encode(svg.encode()).decode("ascii")
    return Picture(f"data:image/svg+xml;base64,{encoded}", width, height)


def _size(svg: str) -> tuple[int, int]:
    head = svg[: svg.index(">")]
    width, height = (head.split(f'{name}="', 1)[1].split('"', 1)[0] for name in ("width", "height"))
    return round(float(width)), round(float(height))


def _data(frame: pl.DataFrame) -> alt.InlineData:
    dates = frame.with_columns(pl.col(pl.Date).dt.to_string("%Y-%m-%d"))
    return _inline(dates.to_dicts())


def _inline(rows: list[dict[str, Any]]) -> alt.InlineData:
    return alt.InlineData(values=rows)


def _weeks() -> alt.X:
    axis = alt.Axis(format="%b %y", tickCount=5, labelOverlap=True, grid=False)
    return alt.X("week:T", title=None, axis=axis)


def _amount(name: str) -> alt.Y:
    axis = alt.Axis(tickCount=4, format="~s")
    return alt.Y(f"{name}:Q", title=None, axis=axis, scale=alt.Scale(zero=True))


def _band(chart: Chart) -> Drawn:
    base = alt.Chart(_data(chart.frame)).encode(x=_weeks())
    sold = base.transform_filter("datum.part == 'sold'")
    ahead = base.transform_filter("datum.part == 'ahead'")
    y = _amount("value")
    return alt.layer(
        ahead.mark_area(color=BLUE, opacity=0.18).encode(y=_amount("lo"), y2="hi:Q"),
        sold.mark_line(color=INK, strokeWidth=1.6).encode(y=y),
        ahead.mark_line(color=ORANGE, strokeWidth=1.6, strokeDash=[4, 3]).encode(
            y=_amount("without")
        ),
        ahead.mark_line(color=BLUE, strokeWidth=2.2).encode(y=y),
    ).properties(width=WIDTH - 44, height=HEIGHT)


def _lead(chart: Chart) -> Drawn:
    base = alt.Chart(_data(chart.frame)).properties(width=WIDTH - 44, height=HEIGHT // 2)
    above = base.mark_line(color=INK, strokeWidth=1.6).encode(
        x=_weeks(), y=alt.Y("target:Q", title=None, axis=alt.Axis(tickCount=3, format="~s"))
    )
    below = base.mark_line(color=ORANGE, strokeWidth=1.6).encode(
        x=_weeks(),
        y=alt.Y("rate:Q", title=None, axis=alt.Axis(format="~%", tickCount=3)),
    )
    both: alt.VConcatChart = alt.vconcat(above, below, spacing=8).resolve_scale(x="shared")
    return both


def _dots(chart: Chart) -> Drawn:
    order = chart.frame["label"].to_list()
    # Labels stand above their interval: beside it they would leave a phone no room for it.
    rows = alt.Y("label:N", sort=order, title=None, axis=None)
    x = alt.X("value:Q", title=chart.unit, axis=alt.Axis(format="+~%", tickCount=5))
    base = alt.Chart(_data(chart.frame)).encode(y=rows)
    return alt.layer(
        alt.Chart(_inline([{}])).mark_rule(color=GREY).encode(x=alt.datum(0)),
        base.mark_rule(color=BLUE, strokeWidth=2).encode(
            x=alt.X("lo:Q", title=chart.unit), x2="hi:Q"
        ),
        base.mark_circle(color=BLUE, size=55, opacity=1).encode(x=x),
        base.mark_text(align="left", baseline="bottom", dy=-6, color=INK, fontSize=11).encode(
            x=alt.value(5), text="label:N"
        ),
    ).properties(width=WIDTH - 20, height=alt.Step(34))


_KINDS: Mapping[str, Callable[[Chart], Drawn]] = {
    "band": _band,
    "lead": _lead,
    "dots": _dots,
}
