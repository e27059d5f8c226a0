"""Which reviews of a week to read: few stars and many, no copies, and always one of the other side."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from transforms.asof import SOURCE
from transforms.calendar import local_day, week_of
from transforms.people import person
from transforms.phrases import safe_words

ONE, FIVE = 1, 5
WEEKS_BEFORE = 12
EACH = 3
"""Reviews shown of each product and side, before the counter-example."""
ALIKE = 0.5
"""Reviews of a product and side that share so much of their word triples are copies (Jaccard 1901)."""
COMPARED = 200
"""Reviews of a product and as many stars among which likeness is looked for; equal texts among all."""
_TRIPLE = 3
CONVERSATION = (SOURCE, "conversation_id")
PRODUCT = ("category", "sku")


def starred(
    conversations: pl.DataFrame, last_week: date, *, timezone: str, week_start: str
) -> pl.DataFrame:
    """Reviews with 1 to 5 stars of the week that begins on `last_week` and the 12 before.

    Adds stars (whole; halves go up), week_start, this_week and person. Of other scales nothing is
    taken: what is 8 of 10 is not told.
    """
    week = week_of(local_day("started_at", timezone), week_start).alias("week_start")
    first = last_week - timedelta(weeks=WEEKS_BEFORE)
    stars = (pl.col("rating") + 0.5).floor().cast(pl.Int32).alias("stars")
    return (
        conversations.filter(pl.col("channel") == "review", pl.col("rating").is_between(ONE, FIVE))
        .with_columns(week, stars, person().rank("dense").alias("person"))
        .filter(pl.col("week_start").is_between(first, last_week))
        .with_columns((pl.col("week_start") == last_week).alias("this_week"))
        .sort(CONVERSATION)
    )


def product_counts(reviews: pl.DataFrame) -> pl.DataFrame:
    """Per product: reviewers of the week, those of one and of five stars, and of the weeks before.

    A person counts once a week and product, with their last review of it.
    """
    once = reviews.sort(*PRODUCT, "week_start", "person", "started_at", *CONVERSATION).unique(
        [*PRODUCT, "week_start", "person"], keep="last", maintain_order=True
    )
    now, one, five = pl.col("this_week"), pl.col("stars") == ONE, pl.col("stars") == FIVE
    return (
        once.group_by(PRODUCT)
        .agg(
            now.sum().cast(pl.Int64).alias("n_reviews"),
            (now & one).sum().cast(pl.Int64).alias("n_one_star"),
            (now & five).sum().cast(pl.Int64).alias("n_five_star"),
            (~now).sum().cast(pl.Int64).alias("n_before"),
            (~now & one).sum().cast(pl.Int64).alias("n_one_star_before"),
        )
        .filter(pl.col("n_reviews") > 0)
        .sort(PRODUCT)
    )


def ranked(reviews: pl.DataFrame) -> pl.DataFrame:
    """`reviews` (with text) that have words, best to read first: most helpful, longest, newest."""
    length = pl.col("text").str.len_chars()
    return (
        reviews.filter(pl.col("text").is_not_null())
        .sort(
            pl.col("helpful_votes").fill_null(0),
            length,
            "started_at",
            *CONVERSATION,
            descending=[True, True, True, False, False],
        )
        .with_row_index("rank")
    )


def without_copies(reviews: pl.DataFrame) -> pl.DataFrame:
    """`ranked` reviews without those that a better one of product and side says nearly alike.

    n_duplicates: how many say nearly the same as the one that stays. One of a person and product
    stays, too. Alike are texts that share `ALIKE` of their triples of words (of fewer words: all).
    """
    mine = reviews.sort("rank").unique(
        [*PRODUCT, "stars", "person"], keep="first", maintain_order=True
    )
    worded = mine.with_columns(_words(pl.col("text")))
    scope = [*PRODUCT, "stars"]
    same = worded.with_columns(pl.col("rank").min().over([*scope, "_all"]).alias("_twin"))
    pairs = pl.concat(
        [
            same.filter(pl.col("_twin") < pl.col("rank")).select("rank", better="_twin"),
            _near(_first(same.filter(pl.col("_twin") == pl.col("rank")), scope), scope),
        ]
    )
    copies = pairs.group_by("rank").agg(pl.col("better").min())
    told = copies.group_by(pl.col("better").alias("rank")).agg(
        pl.len().cast(pl.Int64).alias("n_duplicates")
    )
    return (
        mine.join(copies, on="rank", how="anti")
        .join(told, on="rank", how="left")
        .with_columns(pl.col("n_duplicates").fill_null(0))
        .sort("rank")
    )


def _first(rows: pl.DataFrame, scope: list[str]) -> pl.DataFrame:
    """The `COMPARED` of each scope that may be shown first: this week's, best ones first."""
    order = pl.struct(~pl.col("this_week"), "rank").rank("ordinal").over(scope)
    return rows.filter(order <= COMPARED)


def _words(text: pl.Expr) -> list[pl.Expr]:
    """_words: the lower-case words of a text; _all: the same as one text."""
    words = safe_words(text).list.filter(pl.element() != "|")
    return [words.list.join(" ").alias("_all"), words.alias("_words")]


def _near(rows: pl.DataFrame, scope: list[str]) -> pl.DataFrame:
    """rank, better: each review and the better ones of its scope that it resembles."""
    triples = (
        rows.select("rank", *scope, "_words")
        .explode("_words", empty_as_null=False, keep_nulls=False)
        .with_columns(
            pl.concat_str(
                [pl.col("_words").shift(-i).over("rank") for i in range(_TRIPLE)],
                separator=" ",
                ignore_nulls=True,
            ).alias("_triple")
        )
        .filter(
            (pl.int_range(pl.len()) < pl.max_horizontal(pl.len() - _TRIPLE + 1, 1)).over("rank")
        )
        .select("rank", *scope, "_triple")
        .unique()
    )
    size = triples.group_by("rank").agg(pl.len().alias("n"))
    both = triples.join(triples, on=[*scope, "_triple"], nulls_equal=True, suffix="_b").filter(
        pl.col("rank_b") < pl.col("rank")
    )
    shared = both.group_by("rank", "rank_b").agg(pl.len().alias("common"))
    sized = shared.join(size, on="rank").join(size, left_on="rank_b", right_on="rank", suffix="_b")
    likeness = pl.col("common") / (pl.col("n") + pl.col("n_b") - pl.col("common"))
    return sized.filter(likeness >= ALIKE).select("rank", better="rank_b")


def digest(reviews: pl.DataFrame, counts: pl.DataFrame) -> pl.DataFrame:
    """The reviews to show of each product, with place and is_counter_example.

    Of the week up to `EACH` of one star and of five, best first; where a product has neither, the
    one of fewest stars. Where all that is shown leans one way, the best one of the other side (four
    stars and more, or two and fewer) of the week, else of the 12 before it, is the counter-example;
    where both sides are shown, the first one of the smaller side is.
    """
    here = reviews.join(counts.select(*PRODUCT), on=list(PRODUCT), how="semi", nulls_equal=True)
    week = here.filter("this_week")
    ends = week.filter(pl.col("stars").is_in([ONE, FIVE])).sort("rank")
    place = pl.int_range(1, pl.len() + 1).over([*PRODUCT, "stars"])
    shown = ends.filter(place <= EACH)
    without = week.join(shown, on=list(PRODUCT), how="anti", nulls_equal=True).sort("stars", "rank")
    lone = without.unique(list(PRODUCT), keep="first", maintain_order=True)
    both = pl.concat([shown, lone.select(shown.columns)])
    sided = _lean(both)
    other = _other_side(here, sided, both)
    counter = pl.concat([_smaller_side(sided, both), other.select("rank")])
    return (
        pl.concat([both, other.select(both.columns)])
        .with_columns(pl.col("rank").is_in(counter["rank"].implode()).alias("is_counter_example"))
        .sort(*PRODUCT, "stars", "rank")
        .with_columns(
            pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over([*PRODUCT, "stars"]).alias("place")
        )
    )


def _lean(shown: pl.DataFrame) -> pl.DataFrame:
    """Per product how many of the shown are unhappy (three stars and fewer) and happy."""
    low = pl.col("stars") <= 3
    return shown.group_by(PRODUCT).agg(low.sum().alias("low"), (~low).sum().alias("high"))


def _other_side(here: pl.DataFrame, sided: pl.DataFrame, shown: pl.DataFrame) -> pl.DataFrame:
    """For products of which one side alone is shown, the best review of the other."""
    lacking = sided.filter((pl.col("low") == 0) | (pl.col("high") == 0))
    rest = here.join(shown.select("rank"), on="rank", how="anti").join(
        lacking, on=list(PRODUCT), nulls_equal=True
    )
    wanted = pl.when(pl.col("low") == 0).then(pl.col("stars") <= 2).otherwise(pl.col("stars") >= 4)
    order = ["this_week", "rank"]
    return (
        rest.filter(wanted)
        .sort(order, descending=[True, False])
        .unique(list(PRODUCT), keep="first", maintain_order=True)
    )


def _smaller_side(sided: pl.DataFrame, shown: pl.DataFrame) -> pl.DataFrame:
    """Rank of the first one of the smaller side, where both are shown; of equal ones the happy side."""
    two = sided.filter((pl.col("low") > 0) & (pl.col("high") > 0))
    unhappy = pl.col("low") < pl.col("high")
    rows = shown.join(two, on=list(PRODUCT), nulls_equal=True)
    mine = rows.filter(pl.when(unhappy).then(pl.col("stars") <= 3).otherwise(pl.col("stars") > 3))
    return mine.sort("rank").unique(list(PRODUCT), keep="first", maintain_order=True).select("rank")
