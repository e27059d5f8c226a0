"""review_digest: which of the week's reviews to read, for the one who answers for the product."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import polars as pl

from flows.keys import keyring
from flows.masking import pseudonyms
from flows.office.given import Given
from models.office.reviews import with_changes
from transforms.asof import SOURCE, VERSION
from transforms.calendar import local_day
from transforms.contracts import EXPORTS
from transforms.exceptions.owners import with_owners
from transforms.office import reviews
from transforms.waterfall import quote

_KEY = [SOURCE, "conversation_id"]


def review_digest(given: Given) -> Mapping[str, pl.DataFrame] | str:
    """The table, or why there is none."""
    rules, now = given.rules, given.said.now
    told = given.shown("conversations").select(*_KEY, "rating", "helpful_votes", "verified")
    talked = now.conversations.drop("rating", strict=False).join(told, on=_KEY)
    if talked.filter(pl.col("channel") == "review", pl.col("rating").is_not_null()).is_empty():
        return "no reviews with stars given"
    days = {"timezone": rules.timezone, "week_start": rules.week_start}
    found = reviews.starred(talked, now.last_week, **days)
    counts = reviews.product_counts(found)
    if counts.is_empty():
        return "no review with stars was written in the last whole week"
    product = list(reviews.PRODUCT)
    mine = found.join(counts.select(product), on=product, how="semi", nulls_equal=True)
    worded = reviews.without_copies(reviews.ranked(_with_texts(given, mine)))
    shown = reviews.digest(worded, counts)
    return {"review_digest": _table(given, shown, with_changes(counts))}


def _with_texts(given: Given, found: pl.DataFrame) -> pl.DataFrame:
    """Reviews with passage_id, text and language of their first passage; null where words are gone."""
    spoken = given.shown("passages").join(found.select(_KEY), on=_KEY, how="semi")
    first = spoken.sort(*_KEY, "position", "said_at", "passage_id", nulls_last=True).unique(
        _KEY, keep="first", maintain_order=True
    )
    key = [*_KEY, VERSION, "passage_id"]
    stored = given.night.lake.versions("passages", given.as_of).select(*key, "text")
    texts = stored.join(first.select(key).lazy(), on=key, how="semi").collect()
    heard = given.said.tags.judged.select(*key, pl.col("language").alias("spoken_in"))
    told = texts.join(heard, on=key, how="left").drop(VERSION)
    return found.join(told, on=_KEY, how="left")


def _themes(given: Given) -> pl.DataFrame:
    """The signals of each conversation as one text."""
    signals = pl.col("signal").unique().sort().str.join(", ").alias("themes")
    return given.said.now.said.group_by(_KEY).agg(signals)


def _table(given: Given, shown: pl.DataFrame, counts: pl.DataFrame) -> pl.DataFrame:
    contract, settings = EXPORTS["review_digest"], given.night.settings
    told = shown.join(_themes(given), on=_KEY, how="left").join(
        counts, on=list(reviews.PRODUCT), nulls_equal=True
    )
    told = told.with_columns(
        pl.lit(given.said.now.last_week).alias("week_start"),
        pl.col("conversation_id").alias("review_id"),
        local_day("started_at", given.rules.timezone).alias("said_on"),
        pl.col("spoken_in").alias("language"),
        pl.col("themes").fill_null(""),
        _excerpts(given, told),
        *(pl.lit(None, pl.String).alias(name) for name in ("kind", "signal", "target")),
    )
    owned = with_owners(told, given.shown("owners"), settings.alerts.default_owner, given.as_of)
    key = keyring(settings, given.night.lake).current
    named = pseudonyms(owned, ("review_id", "passage_id"), lambda: key)
    typed = named.select([pl.col(c.name).cast(c.dtype) for c in contract.columns])
    return typed.sort(contract.order, nulls_last=False)


def _excerpts(given: Given, told: pl.DataFrame) -> pl.Series:
    """What each review says, as it may be shown; nothing where quotes are not published."""
    privacy = given.night.settings.privacy
    if not privacy.publish_quotes:
        return pl.Series("excerpt_redacted", [None] * told.height, pl.String)
    safe = partial(quote, mask_orders=privacy.order_numbers == "mask")
    return told["text"].map_elements(safe, return_dtype=pl.String).alias("excerpt_redacted")
