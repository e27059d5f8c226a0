"""The question that opens the subject of a signal, without putting an answer into anybody's mouth."""

from __future__ import annotations

import polars as pl

QUESTIONS = {
    "stocking_up": "When do you expect to buy this again, and how much at a time?",
    "delivery_worry": "What were you expecting of the delivery, and how did it go?",
    "durability_question": "How does the product hold up in use?",
    "price_objection": "How did you judge the price when you looked at it?",
    "extra_costs": "What did you find at checkout that you had not expected?",
    "sizing_confusion": "How did you choose the size or version?",
    "product_question": "What would you have liked to know before you decided?",
    "repeat_intent": "What would make you buy from us again, or not?",
    "stockout_complaint": "Was there anything that you wanted and could not get?",
    "return_intent": "Has anything made you think of sending something back?",
    "gift_purchase": "Whom did you buy it for, and for what occasion?",
    "checkout_problem": "What happened when you tried to order?",
}
GENERAL = "What led you to us, and what nearly kept you away?"
"""Where there is no signal to ask for."""


def question_of(signal: pl.Expr) -> pl.Expr:
    """The question of each signal; of one that is not in the codebook, what customers say of it."""
    other = pl.format("What can you tell us about this: {}?", signal.str.replace_all("_", " "))
    return (
        pl.when(signal.is_null())
        .then(pl.lit(GENERAL))
        .otherwise(signal.replace_strict(QUESTIONS, default=None).fill_null(other))
    )
