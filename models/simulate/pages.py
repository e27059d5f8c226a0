"""Our own copy: product pages, half of them in customers' words and half in ours."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from models.simulate import wording_main as main
from models.simulate import wording_other as other
from models.simulate.assortment import Assortment
from models.simulate.clock import iso
from models.simulate.spec import BrandSpec, archetype

OURS = (
    "Engineered to elevate everyday moments.", "A premium solution for discerning households.",
    "Timeless design meets uncompromising performance.", "Experience the difference.",
    "Curated with passion and delivered with care.", "Inspired by nature, refined by science.",
)  # fmt: skip
QUESTIONS = (
    *main.DURABILITY_QUESTION[:8], *other.OTHER["product_question"], *main.STOCKING_UP[:4],
)  # fmt: skip
"""What customers say that a page could answer in their own words."""
ASKED = 9
FIRST_DAY, REVISED = 30, 0.25


def copy_pages(spec: BrandSpec, goods: Assortment) -> tuple[pl.DataFrame, dict[str, Any]]:
    """copy_pages: a page for each SKU, some of them written twice, and which speak as customers do.

    Pages of every second category answer questions in the words in which customers ask them. The
    truth names these pages, and how many questions each answers.
    """
    rng = spec.rng("copy_pages")
    rows, spoken = [], []
    for i, sku in enumerate(goods.sku):
        c = int(goods.category[i])
        page, theirs = f"page-{sku.lower()}", c % 2 == 0
        day = int(rng.integers(0, FIRST_DAY))
        if rng.random() < REVISED:
            rows.append((page, day, sku, c, _text(c, rng, asked=0)))
            day += int(rng.integers(100, max(101, spec.days - FIRST_DAY)))
        rows.append((page, day, sku, c, _text(c, rng, asked=ASKED if theirs else 0)))
        spoken += [page] if theirs else []
    days = np.minimum(np.array([row[1] for row in rows]), spec.days - 1)
    frame = pl.DataFrame(
        {
            "page_id": [row[0] for row in rows],
            "text": [row[4] for row in rows],
            "published_at": iso(spec, days * 86_400 + 9 * 3600),
            "language": ["en"] * len(rows),
            "sku": [row[2] for row in rows],
            "category": [archetype(row[3]).name for row in rows],
            "owner": ["Web team"] * len(rows),
        }
    )
    return frame, {"in_customers_words": spoken, "questions_answered": ASKED}


def _text(category: int, rng: np.random.Generator, *, asked: int) -> str:
    """A page as HTML: a heading, a claim or two of ours, and the questions that it answers."""
    kind = archetype(category)
    ours = [OURS[i] for i in rng.choice(len(OURS), 3, replace=False)]
    chosen = rng.choice(len(QUESTIONS), asked, replace=False)
    slots = {
        "p": kind.plural, "s": kind.singular, "n": other.NUMBERS[0], "dur": other.SPANS[0],
        "day": other.DAYS[0], "season": other.SEASONS[0], "who": other.PEOPLE[0],
    }  # fmt: skip
    answers = "".join(f"<li>{QUESTIONS[i].format(**slots)}</li>" for i in sorted(chosen))
    body = "".join(f"<p>{line}</p>" for line in ours)
    return f"<h1>{kind.name}</h1>{body}" + (f"<ul>{answers}</ul>" if answers else "")
