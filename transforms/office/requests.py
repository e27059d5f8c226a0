"""What customers ask to be made, added or changed: phrases that follow the ways in which people ask."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from transforms.asof import SOURCE
from transforms.contracts.office_columns import MIN_SHOWN
from transforms.people import person
from transforms.phrases import MAX_CHARS, PASSAGE, without_parts

_MAKE = "add|make|offer|bring back|include|sell|produce|introduce|provide|stock|support"
_FAZER = "ter|fazer|vender|incluir|colocar|oferecer|produzir|trazer"
ASKING: Mapping[str, str] = {
    "en": (
        r"(?:\b(?:i|we) wish (?:that )?|\bif only |\bwould be (?:so |really |very )?(?:great|nice|good|better|perfect|lovely|helpful|useful) (?:if|to have) "
        r"|\b(?:i|we)(?:'d| would) (?:really )?(?:love|like) (?:it if |to see |to have |a version |an option )"
        rf"|\b(?:please|could you|can you|would you|why don't you|why not|you should|you could) (?:also )?(?:{_MAKE}) "
        r"|\b(?:any|do you have) plans (?:for|to) |\bdo you plan to |\bare you (?:ever )?going to (?:make|sell|offer|add) )"
        r"([^.!?\n]{3,160})"
    ),
    "pt": (
        r"(?:\bgostaria (?:muito )?que |\bseria (?:muito )?(?:bom|ótimo|otimo|legal|melhor|interessante) (?:se|ter) "
        rf"|\b(?:poderiam|poderia|deveriam|deveria|podiam) (?:também )?(?:{_FAZER}) |\bsugiro (?:que )?|\bsugestão:? )"
        r"([^.!?\n]{3,160})"
    ),
}
"""By language: how a request begins, and behind it what is asked for, to the end of the sentence."""
WORDS_OF_AN_IDEA = 2


def asked(passages: pl.DataFrame) -> pl.DataFrame:
    """`passages` (text, language) that ask for something, with what stands behind the asking as text."""
    found = []
    straight = (
        pl.col("text").str.slice(0, MAX_CHARS).str.to_lowercase().str.replace_all("[’‘]", "'")
    )
    for language, pattern in sorted(ASKING.items()):
        mine = passages.filter(pl.col("language") == language, pl.col("text").is_not_null())
        tails = straight.str.extract_all(f"(?i){pattern}").list.eval(
            pl.element().str.extract(f"(?i){pattern}")
        )
        told = mine.with_columns(tails.list.join("\n").alias("text"))
        found.append(told.filter(pl.col("text") != ""))
    return pl.concat(found) if found else passages.head(0)


def ideas(said: pl.DataFrame) -> pl.DataFrame:
    """language, idea, and PASSAGE and who of every passage that asks for it; one row each.

    `said` are phrases of what was asked, with the passage and who (`transforms.people.person`). An
    idea is a phrase of two words or three that at least three different people asked for and that
    is not mostly part of a longer one.
    """
    longer = said.filter(pl.col("size") >= WORDS_OF_AN_IDEA)
    people = longer.group_by("language", "phrase").agg(
        pl.col("who").n_unique().cast(pl.Int64).alias("people")
    )
    often = people.filter(pl.col("people") >= MIN_SHOWN).with_columns(
        pl.lit(0).alias("week_start"), pl.lit(None, pl.String).alias("category")
    )
    kept = without_parts(often).select("language", "phrase")
    return (
        longer.join(kept, on=["language", "phrase"])
        .select("language", pl.col("phrase").alias("idea"), *PASSAGE, "who")
        .unique()
    )


def claims(insights: pl.DataFrame, conversations: pl.DataFrame) -> pl.DataFrame:
    """idea, _source, conversation_id, who of insights that propose an action; one row a conversation.

    The idea is the claim; claims that differ in case and blanks only are one.
    """
    plain = pl.col("claim").str.strip_chars().str.replace_all(r"\s+", " ")
    key = [SOURCE, "conversation_id"]
    whose = conversations.select(*key, person().alias("who"))
    return (
        insights.filter(pl.col("claim").is_not_null(), pl.col("proposed_action").is_not_null())
        .with_columns(plain.alias("idea"))
        .with_columns(pl.col("idea").min().over(pl.col("idea").str.to_lowercase()).alias("idea"))
        .filter(pl.col("idea") != "")
        .join(whose, on=key)
        .select("idea", *key, "who")
        .unique()
    )


def tallied(
    found: pl.DataFrame, conversations: pl.DataFrame, mentions: pl.DataFrame
) -> pl.DataFrame:
    """Per origin, language and idea: people, conversations, channels, and what most of them are about.

    `found` bears origin, language, idea, conversation and who. signal and category: the commonest
    of its conversations, of equal ones the first by name; null where none has any.
    """
    key, own = [SOURCE, "conversation_id"], ["origin", "language", "idea"]
    rows = found.select(*own, *key, "who").unique()
    about = rows.join(conversations.select(*key, "category", "channel"), on=key, how="left")
    counts = about.group_by(own).agg(
        pl.col("who").n_unique().cast(pl.Int64).alias("n_customers"),
        pl.struct(key).n_unique().cast(pl.Int64).alias("n_conversations"),
        pl.col("channel").n_unique().cast(pl.Int64).alias("n_channels"),
    )
    signals = rows.join(mentions.select(*key, "signal").unique(), on=key)
    for name, frame in (("signal", signals), ("category", about)):
        counts = counts.join(_commonest(frame, own, name), on=own, how="left", nulls_equal=True)
    return counts.sort(own, nulls_last=False)


def _commonest(rows: pl.DataFrame, own: list[str], name: str) -> pl.DataFrame:
    named = rows.filter(pl.col(name).is_not_null(), pl.col(name) != "(unattributed)")
    counts = (
        named.group_by(*own, name)
        .len()
        .sort(*own, "len", name, descending=[False] * 3 + [True, False], nulls_last=False)
    )
    return counts.unique(own, keep="first", maintain_order=True).select(*own, name)


def exposure(found: pl.DataFrame, customers: pl.DataFrame) -> pl.DataFrame:
    """Per origin, language and idea: how much those who ask for it bought, and who they are.

    `customers` bear customer_id, orders and cents. n_buyers, n_returning (two orders and more),
    cents of all of them together. Somebody without customer_id bought nothing that is known.
    """
    own = ["origin", "language", "idea"]
    known = pl.col("who").struct.field("known")
    who = found.filter(known).select(*own, pl.col("who").struct.field("who").alias("customer_id"))
    bought = who.unique().join(customers, on="customer_id")
    return bought.group_by(own).agg(
        pl.len().cast(pl.Int64).alias("n_buyers"),
        (pl.col("orders") > 1).sum().cast(pl.Int64).alias("n_returning"),
        pl.col("cents").sum(),
    )
