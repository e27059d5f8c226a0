"""Whether enough is heard: conversations a week, who is called, and how right the tagger is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import polars as pl

from transforms.review.numbers import day, percent, percents, plural, quantity, words
from transforms.review.parts import Grid, Night, Section, Tone, Verdict

NEWEST_WEEKS = 13
OPTIONAL = ("programme_cadence", "connect_rate", "insight_rate", "action_speed")
TONES: dict[str, Tone] = {"met": "good", "on_pace": "good", "behind": "watch", "missed": "bad"}


def programme_section(night: Night) -> Section:
    """Conversations and people a week, the calling programme where it is counted, audits, joins."""
    title = "Is enough being heard?"
    absent = [
        night.why(name)
        for name in ("signals_weekly", "identity_match")
        if night.table(name) is None
    ]
    verdicts: list[Verdict] = list(_volume(night))
    grids: list[Grid] = []
    cadence = night.table("programme_cadence")
    if cadence is not None and not cadence.is_empty():
        verdicts += _cadence(cadence)
    for name in OPTIONAL:
        table = night.table(name)
        if table is None:
            absent.append(night.why(name))
        elif table.height:
            grids.append(plain_grid(words(name).capitalize(), table))
    audit = night.table("tag_audit")
    if audit is not None and not audit.is_empty():
        grids.append(_audit_grid(audit))
    else:
        text = "Nobody has audited the tagger: `hearcast tagger audit` draws passages for people to label."
        verdicts.append(Verdict(text, "watch"))
    match = night.table("identity_match")
    if match is not None and not match.is_empty():
        grids.append(_match_grid(match))
    return Section("programme", title, tuple(verdicts), tuple(grids), absent=tuple(absent))


def _volume(night: Night) -> Iterator[Verdict]:
    heard, evidence = night.table("signals_weekly"), night.table("signal_evidence")
    if heard is None or heard.is_empty():
        yield Verdict("No conversations are heard.", "bad")
        return
    one = heard.filter(pl.col("category").is_null(), ~pl.col("is_partial"))
    weeks = (
        one.group_by("week_start")
        .agg(pl.col("conversations_taggable").max(), pl.col("people_taggable").max())
        .sort("week_start")
        .tail(NEWEST_WEEKS)
    )
    if weeks.is_empty():
        yield Verdict("Conversations are heard, but no whole week of them yet.", "watch")
        return
    each = float(weeks["conversations_taggable"].sum()) / weeks.height
    people = float(weeks["people_taggable"].sum()) / weeks.height
    yield Verdict(
        f"{quantity(each)} taggable conversations a week, of {quantity(people)} people, on average of the "
        f"newest {plural(weeks.height, 'whole week')}."
    )
    if evidence is None or evidence.is_empty():
        return
    short = evidence.filter(pl.col("status") == "insufficient")
    tested = evidence.height - short.height
    tone: Tone = "good" if tested >= short.height else "watch"
    yield Verdict(
        f"That is enough to tell for {tested:,} of {evidence.height:,} pairs of signal, target and category; for "
        f"{short.height:,} it is not.",
        tone,
    )


def _cadence(cadence: pl.DataFrame) -> Iterator[Verdict]:
    """The newest period of each programme against its target."""
    newest = cadence.sort("period_start").unique("programme", keep="last", maintain_order=True)
    for r in newest.sort("programme").iter_rows(named=True):
        wanted = "" if not r["target_n"] else f" of {quantity(r['target_n'])}"
        yield Verdict(
            f"{words(r['programme']).capitalize()}: {quantity(r['completed_n'])}{wanted} conversations since "
            f"{day(r['period_start'])}: {words(r['verdict'])}.",
            TONES.get(r["verdict"], "plain"),
        )


def plain_grid(caption: str, table: pl.DataFrame, most: int = 20) -> Grid:
    """A published table as it is, without interpretation; keyed hashes of people are left out."""
    names = [name for name in table.columns if not name.endswith(("_key", "_hash"))]
    shown = table.select(names).head(most)
    number = {n for n, name in enumerate(names) if table.schema[name].is_numeric()}
    rows = tuple(tuple(_cell(value) for value in row) for row in shown.iter_rows())
    rest = table.height - shown.height
    note = f"{rest:,} more rows in the published table." if rest > 0 else ""
    return Grid(caption, tuple(words(n) for n in names), rows, frozenset(number), note)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.3f}".rstrip("0").rstrip(".")
    if isinstance(value, int):
        return f"{value:,}"
    return day(value) if isinstance(value, date) else words(str(value))


def _audit_grid(audit: pl.DataFrame) -> Grid:
    newest = audit.sort("labelled_on", "audit_id").unique(
        "signal", keep="last", maintain_order=True
    )
    rows = tuple(
        (
            words(r["signal"]),
            percent(r["precision"], digits=0),
            percents(r["precision_lo"], r["precision_hi"]),
            percent(r["recall"], digits=0),
            percents(r["recall_lo"], r["recall_hi"]),
            f"{r['n_audited']:,}",
            day(r["labelled_on"]),
        )
        for r in newest.sort("signal").iter_rows(named=True)
    )
    columns = (
        "signal",
        "precision",
        "95 % interval",
        "recall",
        "95 % interval",
        "passages",
        "labelled",
    )
    return Grid(
        "How right the tagger is, by people's labels", columns, rows, frozenset(range(1, 6))
    )


def _match_grid(match: pl.DataFrame) -> Grid:
    rows = tuple(
        (
            r["source"],
            f"{r['ids']:,}",
            percent(r["match_rate"]),
            percents(r["match_rate_lo"], r["match_rate_hi"]),
            f"{r['conversations']:,}",
            f"{r['conversations_with_customer']:,}",
            f"{r['keys_shared'] + r['ids_apart']:,}",
        )
        for r in match.sort("source").iter_rows(named=True)
    )
    columns = (
        "system", "customer ids", "known elsewhere too", "95 % interval", "conversations", "with a customer",
        "not joined, too many share a key",
    )  # fmt: skip
    return Grid("Who is who", columns, rows, frozenset(range(1, 7)))
