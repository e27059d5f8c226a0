"""What customers say about the category of a finding: the signal and the phrase that stand out."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

RELEVANT = {
    "stock_out": ("stocking_up", "stockout_complaint", "repeat_intent", "gift_purchase"),
    "overstock": ("price_objection", "durability_question", "sizing_confusion", "extra_costs",
                  "return_intent"),
    "returns_rising": ("return_intent", "durability_question", "sizing_confusion",
                       "delivery_worry"),
    "tickets_rising": ("delivery_worry", "checkout_problem", "product_question",
                       "stockout_complaint", "extra_costs"),
}  # fmt: skip
"""Kind to the signals that may explain it; other kinds: all."""
ALONE = "metric_out"
"""Kind of which, where it is about no signal, nothing that is said in general is a reason."""
TOLD = ("customers_signal", "customers_phrase", "customers_reason", "quote")
NOTHING = "nothing that customers said explains it"
LEAST_SAID = 3
"""What fewer conversations carry is not told: it may be one person."""
KEY = ["kind", "target", "category", "signal"]


@dataclass(frozen=True, slots=True)
class Said:
    """What customers said, and what it does to forecasts.

    `voices` as `models.voices.voices` gives them. `phrases` is phrase_stats (None: there is none),
    which holds nothing but redacted phrases of at least three people, and quotes only where
    [privacy] publish_quotes lets it. `moved` as `transforms.exceptions.moves.moved_by` gives it.
    """

    voices: pl.DataFrame
    phrases: pl.DataFrame | None
    moved: pl.DataFrame


def with_reasons(findings: pl.DataFrame, said: Said) -> pl.DataFrame:
    """`findings` with customers_signal, customers_phrase, customers_reason and quote.

    The signal told is, of those that may explain the kind, the one that rose most beyond doubt;
    for a finding about a signal it is that one; where none rose, the adopted one that moves the
    category's forecast most. A finding above categories is explained by what all customers say.
    """
    asked = findings.select(KEY).unique(maintain_order=True).sort(KEY)
    rows = [
        _explained(kind, target, category, signal, said=said)
        for kind, target, category, signal in asked.iter_rows()
    ]
    schema = dict.fromkeys(TOLD, pl.String())
    found = pl.concat([asked, pl.DataFrame(rows, schema=schema)], how="horizontal")
    return findings.join(found, on=KEY, how="left", nulls_equal=True, maintain_order="left")


def _explained(
    kind: str, target: str, category: str | None, signal: str | None, *, said: Said
) -> dict[str, str | None]:
    if kind == ALONE and signal is None:
        return {**dict.fromkeys(TOLD), "customers_reason": NOTHING}
    here = said.voices.filter(pl.col("category").eq_missing(category), pl.col("said") >= LEAST_SAID)
    if signal is not None:
        here = here.filter(pl.col("signal") == signal)
    elif kind in RELEVANT:
        here = here.filter(pl.col("signal").is_in(RELEVANT[kind]))
    rose = here if signal is not None else here.filter(pl.col("more_lo") > 0)
    top = rose.sort("more_lo", "signal", descending=[True, False]).head(1)
    voice = next(top.iter_rows(named=True), None)
    phrase = _phrase(said.phrases, category, None if voice is None else str(voice["signal"]))
    mover = None if voice else _mover(said.moved, target, category, signal)
    parts = [_voice_words(voice)] if voice else []
    parts += [_mover_words(mover)] if mover else []
    parts += [_phrase_words(phrase)] if phrase else []
    loudest = voice or mover
    return {
        "customers_signal": str(loudest["signal"]) if loudest else None,
        "customers_phrase": str(phrase["phrase"]) if phrase else None,
        "customers_reason": "; ".join(parts) or NOTHING,
        "quote": _quote(phrase),
    }


def _mover(
    moved: pl.DataFrame, target: str, category: str | None, signal: str | None
) -> dict[str, object] | None:
    """The signal that moves the forecast there most, by at least a unit; `signal` alone if given."""
    level = "total" if category is None else "category"
    here = moved.filter(
        pl.col("target") == target, pl.col("level") == level,
        pl.col("series_id") == (category or "total"), pl.col("moved").abs() >= 1,
    )  # fmt: skip
    if signal is not None:
        here = here.filter(pl.col("signal") == signal)
    top = here.sort(-pl.col("moved").abs(), pl.col("signal")).head(1)
    return next(top.iter_rows(named=True), None)


def _phrase(
    phrases: pl.DataFrame | None, category: str | None, signal: str | None
) -> dict[str, object] | None:
    """The phrase that began to be said there most surely, of the newest week; of the signal first."""
    if phrases is None:
        return None
    new = phrases.filter(pl.col("emerging"), pl.col("category").eq_missing(category))
    newest = new.filter(pl.col("week_start") == pl.col("week_start").max())
    mine = pl.col("signal").eq_missing(pl.lit(signal, dtype=pl.String)).alias("_mine")
    ordered = newest.with_columns(mine).sort(
        "_mine", "q_value", "z", "language", "phrase", descending=[True, False, True, False, False]
    )
    return next(ordered.iter_rows(named=True), None)


def _voice_words(voice: dict[str, object]) -> str:
    name = str(voice["signal"]).replace("_", " ")
    return (
        f"customers speak of {name} in {voice['said']} of {voice['heard']} conversations of the "
        f"last four weeks ({voice['share']:.0%}), {voice['share_before']:.0%} before "
        f"({round(100 * float(str(voice['more_lo'])))} to "
        f"{round(100 * float(str(voice['more_hi'])))} points more)"
    )


def _mover_words(mover: dict[str, object]) -> str:
    name = str(mover["signal"]).replace("_", " ")
    size = float(str(mover["moved"]))
    where = "" if mover["level"] == "total" else f" of {mover['series_id']}"
    return (
        f"what they said of {name} moves the forecast of {mover['target']}{where} "
        f"{'down' if size < 0 else 'up'} {abs(size):,.0f} over four weeks"
    )


def _phrase_words(phrase: dict[str, object]) -> str:
    return (
        f"{phrase['people']} people began to say '{phrase['phrase']}' "
        f"({phrase['people_before']} in the 12 weeks before)"
    )


def _quote(phrase: dict[str, object] | None) -> str | None:
    quote = None if phrase is None else phrase["quote_1"]
    return None if quote is None else str(quote)
