"""A drawn list: its chances, its strata, its arms and its order."""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl
import pytest

from models.office.lists import draw, wanted
from models.office.questions import SCHEMA

NOBODY_ASKED = pl.DataFrame(schema=SCHEMA)


def customers(sizes: dict[str, int]) -> pl.DataFrame:
    """Customers of families, in three strata each."""
    rows = [
        (hashlib.sha256(f"{family}{i}".encode()).hexdigest()[:32], family, f"{family} | {i % 3}")
        for family, n in sizes.items()
        for i in range(n)
    ]
    return pl.DataFrame(rows, schema=["customer_id", "family", "stratum"], orient="row")


def asked(worth: dict[str, float]) -> pl.DataFrame:
    rows = [(name, "s", 0.1, 0.3, 50.0, value) for name, value in worth.items()]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def made(frame: pl.DataFrame, period: str = "2026-11-16", **changes: object) -> pl.DataFrame:
    options: dict[str, object] = {
        "programme": "abandoner", "period": period, "salt": "", "wanted_n": 40,
        "even_share": 0.5, "holdout_share": 0.1,
    }  # fmt: skip
    questions = changes.pop("questions", NOBODY_ASKED)
    return draw(frame, questions, **(options | changes))  # type: ignore[arg-type]


def test_the_list_is_large_enough_for_the_target() -> None:
    assert wanted(20, 0.35, 0.0) == 58
    assert wanted(20, 0.35, 0.1) == 64
    assert wanted(20, 0.4, 0.2) == 63
    assert wanted(0, 0.35, 0.1) == 0


def test_the_same_lot_is_drawn_again_whatever_the_order_of_rows() -> None:
    frame = customers({"a": 120, "b": 60})
    one = made(frame)
    two = made(frame.sample(fraction=1.0, shuffle=True, seed=4))
    assert one.equals(two)
    assert set(one["customer_id"]) != set(made(frame, salt="x")["customer_id"])
    assert set(one["customer_id"]) != set(made(frame, "2026-11-23")["customer_id"])


@pytest.mark.parametrize("lots", [250, pytest.param(10_000, marks=pytest.mark.soak)])
def test_inclusion_frequencies_equal_the_stated_probabilities(lots: int) -> None:
    """Over many periods, with a family on which nine times as much hangs."""
    frame = customers({"a": 90, "b": 60, "c": 30})
    questions = asked({"a": 1.0, "b": 1.0, "c": 9.0})
    hits, stated = dict.fromkeys(frame["customer_id"], 0), {}
    for lot in range(lots):
        for who, p in made(frame, str(lot), questions=questions).select(
            "customer_id", "selection_prob"
        ).iter_rows():  # fmt: skip
            hits[who] += 1
            stated[who] = p
    assert len(stated) == frame.height, "nobody is without a chance"
    p = np.array([stated[who] for who in hits])
    share = np.array(list(hits.values())) / lots
    assert (np.abs(share - p) < 4.5 * np.sqrt(p * (1 - p) / lots) + 1e-9).all()
    family = dict(frame.select("customer_id", "family").iter_rows())
    assert min(stated[w] for w in stated if family[w] == "c") > max(
        stated[w] for w in stated if family[w] != "c"
    )
    assert p.sum() == pytest.approx(40, abs=0.01)


def test_strata_get_their_share() -> None:
    frame = customers({"a": 300, "b": 150})
    found = made(frame, wanted_n=45)
    counts = dict(found["stratum"].value_counts().iter_rows())
    assert len(counts) == 6
    for stratum, n in counts.items():
        assert abs(n - (10 if stratum.startswith("a") else 5)) <= 1
    assert set(found["n_stratum"]) == {100, 50}


def test_arms_and_turns_do_not_hang_on_each_other() -> None:
    found = made(customers({"a": 4_000}), wanted_n=2_000, holdout_share=0.25)
    held = found["arm"] == "holdout"
    assert held.mean() == pytest.approx(0.25, abs=0.04)
    assert found.filter(held)["arm_prob"].unique().to_list() == [0.25]
    assert found.filter(~held)["arm_prob"].unique().to_list() == [0.75]
    order = found.sort("turn")["arm"].to_list()
    first = order[:1000].count("holdout") / 1000
    assert first == pytest.approx(0.25, abs=0.05)
    assert found["turn"].is_unique().all()


def test_of_nobody_nobody_is_drawn() -> None:
    found = made(customers({}).cast(pl.String))
    assert found.is_empty()
    some = made(customers({"a": 2}))
    assert dict(found.select(sorted(found.columns)).schema) == dict(
        some.select(sorted(some.columns)).schema
    )
