"""Persons found from few rows are those found from all, and every row bears its own."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from transforms.asof import SOURCE
from transforms.customers import joined, links_of
from transforms.hashed import Hasher, hashed_frames
from transforms.identity import FORGOTTEN, resolve
from transforms.office.who import KNOWN, Nodes, bearers, sharing_links, without_details

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
        links = sharing_links({n: bearers(one.lazy()).collect() for n, one in given.items()}, by)
        assert resolve(links.drop(SOURCE), **LIMITS).persons.equals(persons)
        slow, nodes = joined(every, persons), Nodes(by)
        for name, rows in given.items():
            mine = nodes.with_who(rows, persons)
            assert mine["customer_id"].to_list() == slow[name]["customer_id"].to_list()
        met += persons.height
    assert met > 100


def customers(emails: list[str | None], phones: list[str | None]) -> pl.DataFrame:
    return pl.DataFrame({
        "customer_id": [f"c{i}" for i in range(len(emails))], SOURCE: "shop",
        "email": pl.Series(emails, dtype=pl.String), "phone": pl.Series(phones, dtype=pl.String),
    })  # fmt: skip


def test_customers_who_share_nothing_tell_nothing() -> None:
    given = customers(["a@example.com", "b@example.com", None], [None] * 3)
    assert sharing_links({"customers": given}, Hasher(KEY, (), True, "US")).is_empty()


def test_who_shares_with_somebody_forgotten_is_found() -> None:
    by = Hasher(KEY, (), True, "US")
    key = by.emails(pl.Series(["a@example.com"]))[0]
    given = customers(["a@example.com", f"{FORGOTTEN}{key}"], [None, None])
    links = sharing_links({"customers": given}, by)
    assert resolve(links.drop(SOURCE), **LIMITS).persons.height == 2


def test_of_contact_details_it_is_told_only_that_there_are_any() -> None:
    by = Hasher(KEY, (), True, "US")
    given = customers(
        ["a@example.com", "nothing", None, f"{FORGOTTEN}{'0' * 32}"],
        ["+12025550100", "12", None, f"{FORGOTTEN}{'0' * 32}"],
    )
    told = without_details(given, by)
    assert told["email"].to_list() == [KNOWN, None, None, KNOWN]
    assert told["phone"].to_list() == [KNOWN, None, None, KNOWN]
    whole = hashed_frames({"customers": given}, by)["customers"]
    for name in ("email", "phone"):
        assert told[name].is_null().to_list() == whole[name].is_null().to_list()


def test_a_table_without_customers_stays_as_it_is() -> None:
    nodes, products = Nodes(Hasher(KEY, (), True, "US")), pl.DataFrame({"sku": ["A"]})
    assert nodes.with_who(products, pl.DataFrame()).equals(products)
