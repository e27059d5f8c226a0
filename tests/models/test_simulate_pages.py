"""Simulated pages: half of the categories speak as customers do, and no other table moves for it."""

from __future__ import annotations

import polars as pl

from models.simulate import BrandSpec, simulate
from models.simulate.pages import OURS

SPEC = BrandSpec(skus=12, weeks=60, categories=3, seed=5, conversations_per_week=20.0)


def test_pages_stand_for_every_sku_and_their_truth_is_told() -> None:
    brand = simulate(SPEC)
    pages = brand["copy_pages"]
    assert set(pages["sku"]) == set(brand["products"]["sku"])
    newest = pages.sort("published_at").unique("page_id", keep="last", maintain_order=True)
    spoken = set(brand.truth["copy_pages"]["in_customers_words"])
    theirs = set(newest.filter(pl.col("text").str.contains("<li>"))["page_id"])
    assert theirs == spoken
    assert 0 < len(spoken) < newest.height
    assert newest["text"].str.contains_any(list(OURS)).all()
    assert pages.height > newest.height, "some were written twice"
    assert pages.equals(simulate(SPEC)["copy_pages"])
