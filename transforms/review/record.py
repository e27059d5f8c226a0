"""How right such forecasts were at past cutoffs, and what each step of them was worth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from transforms.review.numbers import percent, percents, plural, points, signed_percent, words
from transforms.review.parts import Chart, Grid, Night, Section, Tone, Verdict

LEVEL_NAMES = {
    "total": "the whole business",
    "category": "a category",
    "sku": "a single SKU",
    "sku_channel": "a SKU in a channel",
}
POOR_COVERAGE = 0.7
HOW_TO_READ = (
    "WAPE is the sum of all misses over the sum of what came: 30 % means that three of ten units were forecast in "
    "the wrong week, or not at all. It is measured on past weeks, with what was known before them. Coverage is how "
    "often the 80 % interval held. n counts forecasts compared."
)


def record_section(night: Night) -> Section:
    """Accuracy, coverage, what signals were worth, and the value that each step added."""
    title = "How right it has been"
    accuracy = night.table("accuracy")
    names = ("accuracy", "signal_value", "forecast_value_added", "accuracy_stockouts")
    absent = tuple(night.why(name) for name in names if night.table(name) is None)
    verdicts: list[Verdict] = []
    grids: list[Grid] = []
    if accuracy is None or accuracy.is_empty():
        text = "Not enough data: a record needs the horizon and eight weeks more of history."
        verdicts.append(Verdict(text, "watch"))
    else:
        verdicts += _accuracy_verdicts(accuracy)
        grids.append(_accuracy_grid(accuracy))
    worth = night.table("signal_value")
    charts: tuple[Chart, ...] = ()
    if worth is not None and not worth.is_empty():
        charts = (_worth_chart(worth),)
    steps = night.table("forecast_value_added")
    if steps is not None and not steps.is_empty():
        verdicts += _step_verdicts(steps)
        grids.append(_steps_grid(steps))
    scarce = night.table("accuracy_stockouts")
    if scarce is not None and not scarce.is_empty():
        grids.append(_stockout_grid(scarce))
    return Section(
        "record", title, tuple(verdicts), tuple(grids), charts, notes=(HOW_TO_READ,), absent=absent
    )


def _cells(accuracy: pl.DataFrame) -> Iterator[Mapping[str, Mapping[str, Any]]]:
    """Each target, level and band with its models, in reading order."""
    order = {"units": 0, "returns": 1, "tickets": 2}
    keys = ["target", "level", "horizon_band"]
    parts = accuracy.partition_by(keys, as_dict=True)
    levels = list(LEVEL_NAMES)

    def place(key: tuple[Any, ...]) -> tuple[int, int, int]:
        band = "".join(c for c in key[2].split("-")[0] if c.isdigit())
        return order.get(key[0], 9), levels.index(key[1]), int(band or 0)

    for key in sorted(parts, key=place):
        yield {row["model"]: row for row in parts[key].iter_rows(named=True)}


def weeks_of(band: str) -> str:
    """A band of horizons in words: "h1-4" is "1 to 4 weeks ahead"."""
    first, _, last = band.removeprefix("h").partition("-")
    return f"{first} to {last} weeks ahead" if last else f"{first} weeks ahead"


def _accuracy_verdicts(accuracy: pl.DataFrame) -> Iterator[Verdict]:
    """Units, the nearest band of each level: against last year's week, and whether bands held."""
    seen: set[str] = set()
    for models in _cells(accuracy.filter(pl.col("target") == "units")):
        ours, naive = models.get("full"), models.get("seasonal_naive")
        if ours is None or ours["wape"] is None or ours["level"] in seen:
            continue
        seen.add(ours["level"])
        beside, tone = "", "plain"
        if naive is not None and naive["wape"] is not None:
            better = ours["wape"] < naive["wape"]
            tone = "good" if better else "bad"
            beside = f", last year’s week by {percent(naive['wape'])}" + (
                "" if better else ": look twice"
            )
        held = ours["coverage_80"]
        narrow = held is not None and held < POOR_COVERAGE
        tone_now: Tone = "watch" if narrow and tone != "bad" else tone  # type: ignore[assignment]
        yield Verdict(
            f"Units of {LEVEL_NAMES[ours['level']]}, {weeks_of(ours['horizon_band'])}: forecasts missed by "
            f"{percent(ours['wape'])} of what sold{beside}; the 80 % interval held {percent(held, digits=0)} of the "
            f"time (n = {ours['n']:,}, {plural(ours['n_cutoffs'], 'cutoff')}).",
            tone_now,
        )


def _accuracy_grid(accuracy: pl.DataFrame) -> Grid:
    def wape(models: Mapping[str, Mapping[str, Any]], name: str) -> str:
        return percent(models[name]["wape"]) if name in models else ""

    rows = []
    for models in _cells(accuracy):
        row = models.get("full") or next(iter(models.values()))
        rows.append(
            (
                row["target"],
                words(row["level"]),
                weeks_of(row["horizon_band"]).removesuffix(" weeks ahead"),
                wape(models, "full"),
                wape(models, "baseline"),
                wape(models, "seasonal_naive"),
                signed_percent(row["wape_difference"]),
                percents(row["wape_difference_lo"], row["wape_difference_hi"], signs=True),
                signed_percent(row["bias_share"]),
                percent(row["coverage_80"], digits=0),
                f"{row['n']:,}",
            )
        )
    columns = (
        "target", "level", "weeks ahead", "WAPE", "WAPE without signals", "WAPE of last year’s week",
        "signals change it by, points", "95 % interval", "bias", "80 % interval held", "n",
    )  # fmt: skip
    return Grid("Accuracy at past cutoffs", columns, tuple(rows), frozenset(range(3, 11)))


def _worth_chart(worth: pl.DataFrame) -> Chart:
    whole = worth.filter(pl.col("category").is_null(), pl.col("wape_gain_share").is_not_null())
    shown = whole.sort("wape_gain_share", "target", "signal", descending=[True, False, False])
    rows = [
        (f"{words(r['signal'])} → {r['target']}", r["wape_gain_share"], r["wape_gain_share_lo"],
         r["wape_gain_share_hi"])
        for r in shown.iter_rows(named=True)
    ]  # fmt: skip
    schema = {"label": pl.String, "value": pl.Float64, "lo": pl.Float64, "hi": pl.Float64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    counts = shown.select("n", "n_cutoffs").rows()
    cells = tuple(
        (label, signed_percent(v), percents(lo, hi, signs=True), f"{n:,}", f"{cutoffs:,}")
        for (label, v, lo, hi), (n, cutoffs) in zip(rows, counts, strict=True)
    )
    title = "What each signal took off the error where it acted"
    columns = ("signal", "share of WAPE saved", "95 % interval", "forecasts", "cutoffs")
    grid = Grid(f"{title}: numbers of the chart", columns, cells, frozenset({1, 2, 3, 4}))
    alt = "Shares of the error saved, with 95 % intervals; right of zero is better."
    return Chart("dots", title, alt, frame, "share of WAPE saved", grid)


def _step_verdicts(steps: pl.DataFrame) -> Iterator[Verdict]:
    """The steps that planners can act on: signals and overrides, at the finest level there is."""
    mine = steps.filter(
        pl.col("target") == "units",
        pl.col("slice") == "all",
        pl.col("step").is_in(["signals", "override"]),
    )
    levels = [level for level in reversed(list(LEVEL_NAMES)) if level in mine["level"].to_list()]
    tones: Mapping[str, Tone] = {"adds": "good", "takes_away": "bad"}
    for row in (
        mine.filter(pl.col("level").is_in(levels[:1]))
        .sort("step", descending=True)
        .iter_rows(named=True)
    ):
        yield Verdict(
            f"{words(row['step']).capitalize()}: {row['words'].rstrip('.')}.",
            tones.get(row["verdict"], "plain"),
        )


def _steps_grid(steps: pl.DataFrame) -> Grid:
    order = {
        s: n
        for n, s in enumerate(("naive", "seasonal_naive", "statistical", "signals", "override"))
    }
    levels = {s: n for n, s in enumerate(LEVEL_NAMES)}
    shown = steps.filter(pl.col("slice") == "all").sort(
        pl.col("target") != "units", "target", pl.col("level").replace_strict(levels),
        pl.col("step").replace_strict(order),
    )  # fmt: skip
    rows = tuple(
        (
            r["target"],
            words(r["level"]),
            words(r["step"]),
            "" if r["wape_previous"] is None else percent(r["wape_previous"]),
            percent(r["wape"]),
            "" if r["fva_points"] is None else points(r["fva_points"]),
            "" if r["fva_lo"] is None else f"{points(r['fva_lo'])} to {points(r['fva_hi'])}",
            f"{r['n']:,}",
            words(r["verdict"] or ""),
        )
        for r in shown.iter_rows(named=True)
    )
    columns = (
        "target", "level", "step", "WAPE of the step before, same forecasts", "WAPE",
        "better by, points", "95 % interval", "n", "verdict",
    )  # fmt: skip
    caption = "Value that each step adds to the one before it (percentage points of WAPE; positive is better)"
    return Grid(caption, columns, rows, frozenset(range(3, 8)))


def _stockout_grid(scarce: pl.DataFrame) -> Grid:
    levels = {s: n for n, s in enumerate(LEVEL_NAMES)}
    shown = scarce.filter(pl.col("model") == "full").sort(
        pl.col("level").replace_strict(levels, return_dtype=pl.Int32), "horizon_band", "weeks"
    )
    rows = tuple(
        (
            words(r["level"]),
            weeks_of(r["horizon_band"]).removesuffix(" weeks ahead"),
            words(r["weeks"]),
            percent(r["wape"]),
            percents(r["wape_lo"], r["wape_hi"]),
            percent(r["censored_row_share"]),
            f"{r['n']:,}",
        )
        for r in shown.iter_rows(named=True)
    )
    columns = (
        "level",
        "weeks ahead",
        "measured on",
        "WAPE",
        "95 % interval",
        "rows short of stock",
        "n",
    )
    return Grid("Units, where stock ran out", columns, rows, frozenset({3, 4, 5, 6}))
