"""Dials and the people behind them, by window of weeks and by cohort, hour, attempt and team."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from transforms.calendar import local_day, week_of

WINDOWS = (1, 4, 13)
"""Weeks of a window."""
SHOWN = 13
"""Newest complete weeks with which a window may end."""
MOST_ATTEMPTS = 5
PAUSE = timedelta(days=30)
DIMENSIONS = ("all", "cohort", "hour", "attempt", "team")
UNKNOWN = "(unknown)"
CELL = ("window_weeks", "window_end", "dimension", "slice")
BANDS = ((0, "before noon"), (12, "noon to five"), (17, "from five on"))


def dials(attempts: pl.DataFrame, timezone: str, week_start: str) -> pl.DataFrame:
    """One row a dial: person, connected, week_start, cohort, hour, attempt, team, band, all.

    `attempt` counts the dials of a person within a cohort, the MOST_ATTEMPTS-th and later together;
    after an answer, or a PAUSE, it begins anew.
    """
    place = ["customer_id", "cohort"]
    local = pl.col("attempted_at").dt.convert_time_zone(timezone)
    hour = local.dt.hour().cast(pl.Int64)
    band = pl.lit(BANDS[0][1])
    for first, name in BANDS[1:]:
        band = pl.when(hour >= first).then(pl.lit(name)).otherwise(band)
    rows = attempts.sort("attempted_at", "_source", "attempt_id")
    before = pl.col("attempted_at").shift(1).over(place)
    anew = pl.col("connected").shift(1).over(place) | (pl.col("attempted_at") - before > PAUSE)
    rows = rows.with_columns(
        week_of(local_day("attempted_at", timezone), week_start).alias("week_start"),
        anew.fill_null(value=False).cast(pl.Int64).cum_sum().over(place).alias("_episode"),
    )
    nth = pl.int_range(1, pl.len() + 1).over([*place, "_episode"]).clip(upper_bound=MOST_ATTEMPTS)
    return rows.with_columns(nth.alias("_nth")).select(
        pl.col("customer_id").alias("person"),
        "connected",
        "week_start",
        "attempted_at",
        "attempt_id",
        "cohort",
        hour.cast(pl.String).str.zfill(2).alias("hour"),
        pl.when(pl.col("_nth") == MOST_ATTEMPTS)
        .then(pl.format("{} or later", pl.col("_nth")))
        .otherwise(pl.col("_nth").cast(pl.String))
        .alias("attempt"),
        pl.col("team").fill_null(UNKNOWN),
        band.alias("band"),
        pl.lit("all").alias("all"),
    )


def windowed(
    rows: pl.DataFrame, last_week: date, windows: tuple[int, ...] = WINDOWS
) -> pl.DataFrame:
    """`rows` (week_start …) once for each window that holds their week, with window_weeks, window_end.

    Windows end with one of the SHOWN newest complete weeks. `window_end` is the last day.
    """
    ends = [last_week - timedelta(weeks=n) for n in range(SHOWN)]
    weeks = pl.DataFrame(
        [
            (length, end + timedelta(days=6), end - timedelta(weeks=back))
            for end in ends
            for length in windows
            for back in range(length)
        ],
        schema={"window_weeks": pl.Int64, "window_end": pl.Date, "week_start": pl.Date},
        orient="row",
    )
    return rows.join(weeks, on="week_start")


def reached(shown: pl.DataFrame, dimensions: tuple[str, ...] = DIMENSIONS) -> pl.DataFrame:
    """Per window, dimension and slice: one row a person with `n` dials and `k` answered ones.

    Cells (CELL, n, k, people): as many people as have n dials and k answers there.
    """
    parts = []
    for name in dimensions:
        own = shown.group_by("window_weeks", "window_end", name, "person").agg(
            pl.len().cast(pl.Int64).alias("n"),
            pl.col("connected").sum().cast(pl.Int64).alias("k"),
        )
        parts.append(
            own.group_by("window_weeks", "window_end", pl.col(name).alias("slice"), "n", "k")
            .agg(pl.len().cast(pl.Int64).alias("people"))
            .with_columns(pl.lit(name).alias("dimension"))
        )
    columns = [*CELL, "n", "k", "people"]
    return pl.concat([one.select(columns) for one in parts]).sort(columns)


def firsts(shown: pl.DataFrame) -> pl.DataFrame:
    """Per window, team, cohort and band of the day: people by their first dial there, and answers.

    Everybody counts once in a window, with the team that dialled them first: so rows are independent.
    """
    cell = ["window_weeks", "window_end"]
    first = (
        shown.filter(pl.col("team") != UNKNOWN)
        .sort("attempted_at", "attempt_id")
        .unique([*cell, "person"], keep="first", maintain_order=True)
    )
    return (
        first.group_by(*cell, "team", "cohort", "band")
        .agg(
            pl.len().cast(pl.Int64).alias("n"), pl.col("connected").sum().cast(pl.Int64).alias("k")
        )
        .sort(*cell, "team", "cohort", "band")
    )
