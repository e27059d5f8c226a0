"""Ids of customers as persons: each different id is hashed once, however many rows and tables bear it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from transforms.asof import SOURCE
from transforms.customers import links_of
from transforms.hashed import Hasher, hashed_frames
from transforms.identity import FORGOTTEN, normal_email, with_persons
from transforms.phones import e164

ID = "customer_id"
DETAILS = ("email", "phone")
"""Contact details, which table `customers` alone bears."""
KNOWN = "known"
"""Stands in the place of a contact detail."""


def bearers(frame: pl.LazyFrame) -> pl.LazyFrame:
    """The different customer ids of `frame` as they were given, with their source and contact details."""
    details = [name for name in DETAILS if name in frame.collect_schema().names()]
    return frame.select(ID, SOURCE, *details).filter(pl.col(ID).is_not_null()).unique()


def sharing_links(bearing: Mapping[str, pl.DataFrame], by: Hasher) -> pl.DataFrame:
    """The links that can make one person of two ids (`transforms.customers.links_of`).

    `bearing`: `bearers` of each table, `customers` among them. Where no id is itself an address or
    number and nobody was forgotten, these are of customers with a contact detail that stands twice.
    """
    keyed = {name: ids for name, ids in bearing.items() if by.id_keys(ids[ID]).count()}
    customers = bearing["customers"]
    if not keyed and not _forgotten(customers):
        customers = _with_twins(customers, by)
    return links_of(hashed_frames(keyed | {"customers": customers}, by))


def _forgotten(customers: pl.DataFrame) -> bool:
    marked = [pl.col(name).str.starts_with(FORGOTTEN).any() for name in DETAILS]
    return bool(customers.select(pl.any_horizontal(marked).fill_null(value=False)).item())


def _with_twins(customers: pl.DataFrame, by: Hasher) -> pl.DataFrame:
    """All rows of customers of whom a contact detail stands in another row, too."""
    details = _details(customers, by)
    twice = details.select(
        pl.any_horizontal(pl.col(n).is_not_null() & pl.col(n).is_duplicated() for n in DETAILS)
    ).to_series()
    return customers.join(customers.filter(twice).select(ID).unique(), on=ID, how="semi")


def _details(customers: pl.DataFrame, by: Hasher) -> pl.DataFrame:
    """E-mails and phones in the form in which they are compared; null where they are none."""
    emails = normal_email(customers["email"], merge_plus=by.merge_plus)
    return pl.DataFrame(
        [emails.alias("email"), e164(customers["phone"], by.country).alias("phone")]
    )


def without_details(customers: pl.DataFrame, by: Hasher) -> pl.DataFrame:
    """`customers` with KNOWN in the place of each e-mail and phone that is one; null elsewhere."""
    details = _details(customers, by)
    return customers.with_columns(
        pl.when(pl.col(name).str.starts_with(FORGOTTEN) | details[name].is_not_null())
        .then(pl.lit(KNOWN))
        .alias(name)
        for name in DETAILS
    )


@dataclass(slots=True)
class Nodes:
    """The node of every customer id that was met: its hash, as `by` makes it."""

    by: Hasher
    _met: pl.DataFrame = field(default_factory=pl.DataFrame)

    @property
    def _key(self) -> list[str]:
        return [ID, SOURCE] if self.by.own_ids else [ID]

    def met(self, frame: pl.DataFrame) -> pl.DataFrame:
        """customer_id as given (with its source, where that matters) and _node of all ids met so far."""
        ids = frame.lazy().select(ID, SOURCE).filter(pl.col(ID).is_not_null())
        if not self._met.is_empty():
            ids = ids.join(self._met.lazy().select(self._key), on=self._key, how="anti")
        new = ids.unique(self._key).collect()
        if new.height:
            made = new.select(*self._key, self.by.ids(new).alias("_node"))
            self._met = pl.concat([self._met, made]) if self._met.height else made
        return self._met

    def with_who(self, frame: pl.DataFrame, persons: pl.DataFrame) -> pl.DataFrame:
        """`frame` with the person in the place of each customer_id as it was given, in the same order.

        `persons` as `transforms.identity.resolve` gives them; an id that is not among them is a
        person of its own. Null stays null.
        """
        if ID not in frame.columns:
            return frame
        nodes = self.met(frame)
        if nodes.is_empty():
            return frame
        told = with_persons(nodes.rename({ID: "_raw", "_node": ID}), persons)
        named = told.rename({ID: "_who", "_raw": ID})
        return (
            frame.join(named, on=self._key, how="left", maintain_order="left")
            .with_columns(pl.col("_who").alias(ID))
            .drop("_who")
        )
