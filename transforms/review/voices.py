"""What customers say: signals this week beside their year, new phrases, and redacted quotes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import polars as pl

from transforms.review.numbers import chance, listed, percent, percents, plural, week, words
from transforms.review.parts import Grid, Night, Quote, Section, Verdict

MOST_PHRASES = 20
MOST_QUOTES = 16
QUOTED_SIGNALS = 4
"""Signals whose quotes are shown: those furthest from their year."""
YEAR_WEEKS = 52
NO_QUOTES = (
    "No quotes are published: [privacy] publish_quotes is off, or nothing new was said. `hearcast explain --sku` "
    "shows redacted quotes to those who may read the lake."
)


def voices_section(night: Night) -> Section:
    """Shares of people with each signal, what they begin to say, and their words, redacted."""
    title = "What customers say"
    names = ("signals_weekly", "phrase_stats")
    absent = tuple(night.why(name) for name in names if night.table(name) is None)
    grids: list[Grid] = []
    verdicts: list[Verdict] = []
    heard, phrases = night.table("signals_weekly"), night.table("phrase_stats")
    if heard is not None and not heard.is_empty():
        shares = this_week(heard)
        verdicts += _share_verdicts(shares)
        grids.append(_shares_grid(shares))
    else:
        verdicts.append(Verdict("Nobody was heard: there are no conversations.", "watch"))
    if phrases is not None and not phrases.is_empty():
        verdicts.append(_phrase_verdict(phrases))
        grids += [grid for grid in (_phrases_grid(phrases),) if grid.rows]
    quotes = tuple(_quotes(night))[:MOST_QUOTES]
    notes = () if quotes else (NO_QUOTES,)
    return Section(
        "voices", title, tuple(verdicts), tuple(grids), quotes=quotes, notes=notes, absent=absent
    )


def this_week(heard: pl.DataFrame) -> pl.DataFrame:
    """Each signal of the whole business in the newest whole week, beside the year before it.

    Columns: signal, week_start, rate_shrunk, rate_lo, rate_hi, usual (people with the signal / people
    over the weeks before), people_with_signal, people_taggable; those furthest from usual first. Nights
    of the first version counted no people: they have no row here.
    """
    mine = heard.filter(
        pl.col("category").is_null(),
        ~pl.col("is_partial"),
        pl.col("in_series"),
        pl.col("people_with_signal").is_not_null(),
    )
    newest: date | None = mine["week_start"].max()  # type: ignore[assignment]
    if newest is None:
        newest = date.min
    since = newest - timedelta(weeks=YEAR_WEEKS) if mine.height else newest
    before = mine.filter(pl.col("week_start").is_between(since, newest, closed="left"))
    usual = before.group_by("signal").agg(
        (pl.col("people_with_signal").sum() / pl.col("people_taggable").sum()).alias("usual")
    )
    now = mine.filter(pl.col("week_start") == newest).join(usual, on="signal", how="left")
    spread = (pl.col("rate_hi") - pl.col("rate_lo")).clip(lower_bound=1e-9)
    away = ((pl.col("rate_shrunk") - pl.col("usual").fill_nan(None)) / spread).abs()
    return now.with_columns(pl.col("usual").fill_nan(None), away.alias("away")).sort(
        "away", "signal", descending=[True, False], nulls_last=True
    )


def _share_verdicts(shares: pl.DataFrame) -> Iterator[Verdict]:
    """Signals whose interval leaves out what is usual."""
    if shares.is_empty():
        return
    start: date = shares["week_start"][0]
    up = shares.filter(pl.col("rate_lo") > pl.col("usual"))["signal"].to_list()
    down = shares.filter(pl.col("rate_hi") < pl.col("usual"))["signal"].to_list()
    if not up and not down:
        yield Verdict(
            f"Week of {week(start)}: nothing is said clearly more or less than in the year before."
        )
    if up:
        names = listed([words(name) for name in up])
        yield Verdict(
            f"Week of {week(start)}: said more than in the year before: {names}.", "watch"
        )
    if down:
        names = listed([words(name) for name in down])
        yield Verdict(f"Week of {week(start)}: said less than in the year before: {names}.")


def _shares_grid(shares: pl.DataFrame) -> Grid:
    rows = tuple(
        (
            words(r["signal"]),
            percent(r["rate_shrunk"]),
            percents(r["rate_lo"], r["rate_hi"]),
            percent(r["usual"]),
            f"{r['people_with_signal']:,}",
            f"{r['people_taggable']:,}",
        )
        for r in shares.iter_rows(named=True)
    )
    columns = (
        "signal", "share of people", "95 % interval", "in the year before", "people with it", "people heard",
    )  # fmt: skip
    caption = "Share of people with each signal, newest whole week, those furthest from usual first"
    return Grid(caption, columns, rows, frozenset(range(1, 6)))


def _phrase_verdict(phrases: pl.DataFrame) -> Verdict:
    rising = phrases.filter("emerging")
    fresh = rising.filter("is_candidate")
    if rising.is_empty():
        return Verdict("No phrase is said clearly more than in the twelve weeks before.")
    text = f"{plural(rising['phrase'].n_unique(), 'phrase')} said clearly more than in the twelve weeks before"
    if fresh.height:
        n = fresh["phrase"].n_unique()
        return Verdict(f"{text}; no signal covers {n:,} of them: perhaps something new.", "watch")
    return Verdict(f"{text}; signals cover them.")


def _phrases_grid(phrases: pl.DataFrame) -> Grid:
    shown = phrases.filter("emerging").sort(
        "week_start",
        "q_value",
        "phrase",
        "category",
        descending=[True, False, False, False],
        nulls_last=True,
    )
    rows = tuple(
        (
            r["phrase"],
            r["category"] or "all",
            week(r["week_start"]),
            f"{r['people']:,}",
            f"{r['people_before']:,}",
            chance(r["q_value"]),
            words(r["signal"]) if r["signal"] else "none",
            "perhaps new" if r["is_candidate"] else "",
        )
        for r in shown.head(MOST_PHRASES).iter_rows(named=True)
    )
    rest = shown.height - len(rows)
    note = f"{rest:,} more stand in the table phrase_stats." if rest > 0 else ""
    columns = (
        "phrase", "category", "week of", "people", "people in 12 weeks before", "q value", "signal that covers it", "",
    )  # fmt: skip
    return Grid("Phrases that customers begin to say", columns, rows, frozenset({3, 4, 5}), note)


def _quotes(night: Night) -> Iterator[Quote]:
    """Published quotes only: of voices where that table is there, then of new phrases."""
    seen: set[str] = set()
    voices, heard = night.table("voices"), night.table("signals_weekly")
    if voices is not None and heard is not None:
        moved = this_week(heard)["signal"].head(QUOTED_SIGNALS).to_list()
        rank = {signal: place for place, signal in enumerate(moved)}
        mine = voices.filter(pl.col("category").is_null(), pl.col("signal").is_in(moved))
        ordered = mine.sort(
            pl.col("signal").replace_strict(rank, default=None, return_dtype=pl.Int32),
            pl.col("side") != "for",
            "place",
        )
        for r in ordered.iter_rows(named=True):
            if r["quote"] is None or r["quote"] in seen:
                continue
            seen.add(r["quote"])
            about = f"{words(r['signal'])}, {r['said_on'].day} {r['said_on']:%b %Y}"
            yield Quote(r["quote"], about, r["side"])
    phrases = night.table("phrase_stats")
    if phrases is None:
        return
    spoken = phrases.filter(pl.col("quote_1").is_not_null()).sort(
        "week_start",
        "q_value",
        "phrase",
        "category",
        descending=[True, False, False, False],
        nulls_last=True,
    )
    for r in spoken.iter_rows(named=True):
        for text in (r["quote_1"], r["quote_2"]):
            if text is not None and text not in seen:
                seen.add(text)
                where = r["category"] or "all categories"
                yield Quote(text, f"“{r['phrase']}”, {where}, week of {week(r['week_start'])}")
