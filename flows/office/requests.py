"""requests: what customers ask to be made, added or changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import polars as pl

from flows.office.given import Given
from flows.phrases import Counted, Passages
from models.office.verdicts import against
from models.proportions import wilson
from transforms import phrase_windows as windows
from transforms.asof import SOURCE
from transforms.calendar import local_day
from transforms.contracts import EXPORTS
from transforms.contracts.office_columns import MIN_PEOPLE, MIN_SHOWN
from transforms.office import requests as asking
from transforms.people import person
from transforms.privacy import redact_words
from transforms.stopwords import STOP_WORDS

WEEKS = 13
YEAR = timedelta(weeks=52)
_KEY = [SOURCE, "conversation_id"]
_OWN = ["origin", "language", "idea"]


def requests(given: Given) -> Mapping[str, pl.DataFrame] | str:
    """The table, or why there is none."""
    counted, now = given.said.counted, given.said.now
    if given.said.deaf is not None or counted is None:
        return given.said.deaf or "no passage that can be tagged is known of the last weeks"
    found = pl.concat([_said(given, counted), _noted(given)])
    if found.is_empty():
        return "nobody asked for anything that three people asked for, and no insight proposes any"
    told = asking.tallied(found, now.conversations, now.said)
    customers = _customers(given)
    spent = asking.exposure(found, customers)
    told = told.join(spent, on=_OWN, how="left", nulls_equal=True)
    whole = int(customers["cents"].sum())
    return {"requests": _table(given, told, _heard(given, counted), whole)}


def _weeks(given: Given) -> list[object]:
    return [given.said.now.last_week - timedelta(weeks=i) for i in reversed(range(WEEKS))]


def _who(given: Given) -> pl.DataFrame:
    return given.said.now.conversations.select(*_KEY, person().alias("who"))


def _said(given: Given, counted: Counted) -> pl.DataFrame:
    """Ideas as people phrase them, with every conversation that asks for one."""
    passages = Passages(given.night.lake, given.as_of, counted.heard)
    parts = []
    for _, batch in passages.batches(_weeks(given)):  # type: ignore[arg-type]
        begged = asking.asked(batch)
        if begged.height:
            parts.append(windows.said_in(begged, STOP_WORDS))
    empty = pl.DataFrame(schema={**_FOUND, "who": _who(given).schema["who"]})
    if not parts:
        return empty
    said = pl.concat(parts).join(_who(given), on=_KEY)
    return asking.ideas(said).select(pl.lit("said").alias("origin"), *_OWN[1:], *_KEY, "who")


_FOUND = dict.fromkeys((*_OWN, *_KEY), pl.String())


def _noted(given: Given) -> pl.DataFrame:
    """Claims of the insights of the same weeks, redacted, with every conversation that shows one."""
    weeks = _weeks(given)
    noted = given.shown("insights").filter(
        local_day("noted_at", given.rules.timezone).is_between(
            pl.lit(weeks[0]), pl.lit(weeks[-1]) + timedelta(days=6)
        )
    )
    safe = noted.with_columns(redact_words(noted["claim"]).alias("claim"))
    found = asking.claims(safe, given.said.now.conversations)
    return found.select(
        pl.lit("insight").alias("origin"),
        pl.lit(None, pl.String).alias("language"),
        "idea",
        *_KEY,
        "who",
    )


def _customers(given: Given) -> pl.DataFrame:
    """customer_id, orders and cents of the last 52 weeks."""
    orders = given.orders
    recent = local_day("ordered_at", given.rules.timezone) > given.as_of - YEAR
    return (
        orders.filter(pl.col("customer_id").is_not_null(), recent)
        .group_by("customer_id")
        .agg(pl.len().cast(pl.Int64).alias("orders"), pl.col("cents").sum())
    )


def _heard(given: Given, counted: Counted) -> int:
    """Different people heard in the weeks."""
    return counted.heard.filter(pl.col("week_start").is_in(_weeks(given)))["person"].n_unique()


def _table(given: Given, told: pl.DataFrame, heard: int, whole: int) -> pl.DataFrame:
    """The rows with their shares; `whole`: cents of all customers of the year."""
    contract = EXPORTS["requests"]
    k = told["n_customers"].clip(upper_bound=heard)
    share, lo, hi = wilson(
        k.to_numpy(), pl.repeat(heard, len(k), dtype=pl.Int64, eager=True).to_numpy()
    )
    target = given.night.settings.office.requests.target
    ends = (None, None) if target is None else (target.lo, target.hi)
    shown = pl.col("n_customers") >= MIN_SHOWN
    weeks = _weeks(given)
    judged = told.with_columns(
        pl.lit(weeks[0]).alias("period_start"),
        (pl.lit(weeks[-1]) + timedelta(days=6)).alias("period_end"),
        pl.lit(heard).alias("n_heard"),
        pl.Series("share", share),
        pl.Series("lo", lo),
        pl.Series("hi", hi),
        *(pl.when(shown).then(pl.col(n).fill_null(0)).alias(n) for n in ("n_buyers", "n_returning", "cents")),
        pl.lit(ends[0], pl.Float64).alias("target_lo"),
        pl.lit(ends[1], pl.Float64).alias("target_hi"),
    ).with_columns(
        (pl.col("cents") / 100).alias("revenue"),
        (pl.col("cents") / whole if whole else pl.lit(None, pl.Float64)).alias("revenue_share"),
        against(
            pl.col("lo"), pl.col("hi"), pl.col("target_lo"), pl.col("target_hi"),
            enough=pl.lit(heard >= MIN_PEOPLE),
        ).alias("verdict"),
    )  # fmt: skip
    typed = judged.select([pl.col(c.name).cast(c.dtype) for c in contract.columns])
    return typed.sort(contract.order, nulls_last=False)
