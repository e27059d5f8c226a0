"""Persons found from few rows are those found from all, and every row bears its own."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from transforms.asof import SOURCE
from transforms.customers import joined, links_of
from transforms.hashed import Hasher, hashed_frames
from transforms.identity import FORGOTTEN, resolve
from transforms.office.who import bearers, tellers, with_who

KEY = b"a key of this test"
LIMITS = {"max_shared": 4, "max_emails": 2, "max_phones": 3, "max_ids": 3}
Frames = dict[str, pl.DataFrame]


def shop(seed: int, *, addresses: bool) -> Frames:
    """Customers of two systems who share addresses and numbers, and orders and carts of theirs.

    `addresses`: some orders bear an address in the place of an id.
    """
    rng = np.random.default_rng(seed)
    ids = [f"c{i}" for i in range(60)] + [f"{FORGOTTEN}{'0' * 31}{i}" for i in range(3)]
    mails = [f"m{i}@example.com" for i in range(45)]
    strange = [*ids, "nobody's", None, *(mails[:20] if addresses else [])]

    def some(values: list[str] | list[str | None], n: int) -> pl.Series:
        return pl.Series([values[i] for i in rng.integers(0, len(values), n)], dtype=pl.String)

    source = some(["shop", "desk"], 70)
    phones = [f"+120255501{i:02d}" for i in range(40)]
    customers = pl.DataFrame({
        "customer_id": some(ids, 70), SOURCE: source,
        "email": some([*mails, None], 70), "phone": some([*phones, None, "none"], 70),
    })  # fmt: skip
    others = {
        name: pl.DataFrame({"customer_id": some(strange, n), SOURCE: some(["shop", "desk"], n)})
        for name, n in (("order_lines", 200), ("checkouts", 50))
    }
    return {"customers": customers, **others}


@pytest.mark.parametrize("own_ids", [(), ("desk",)])
@pytest.mark.parametrize("addresses", [False, True])
def test_persons_and_whose_a_row_is_are_those_of_all_rows(
    own_ids: tuple[str, ...], *, addresses: bool
) -> None:
    met = 0
    for seed in range(25):
        given, by = shop(seed, addresses=addresses), Hasher(KEY, own_ids, True, "US")
        every = hashed_frames(given, by)
        persons = resolve(links_of(every).drop(SOURCE), **LIMITS).persons
        bearing = {n: bearers(given[n].lazy()).collect() for n in ("order_lines", "checkouts")}
        few = tellers(every["customers"], bearing, by)
        assert resolve(links_of(few).drop(SOURCE), **LIMITS).persons.equals(persons)
        slow = joined(every, persons)
        for name in bearing:
            mine = with_who(given[name], by, persons)
            assert mine["customer_id"].to_list() == slow[name]["customer_id"].to_list()
        met += persons.height
    assert met > 100


def test_customers_who_share_nothing_tell_nothing() -> None:
    by = Hasher(KEY, (), True, "US")
    given = pl.DataFrame({
        "customer_id": ["a", "b", "c"], SOURCE: "shop",
        "email": ["a@example.com", "b@example.com", None], "phone": pl.Series([None] * 3, dtype=pl.String),
    })  # fmt: skip
    hashed = hashed_frames({"customers": given}, by)["customers"]
    assert tellers(hashed, {"order_lines": bearers(given.lazy()).collect()}, by)[
        "customers"
    ].is_empty()


def test_a_table_without_customers_stays_as_it_is() -> None:
    by, products = Hasher(KEY, (), True, "US"), pl.DataFrame({"sku": ["A"]})
    assert with_who(products, by, pl.DataFrame()).equals(products)
