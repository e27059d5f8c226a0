"""Raw ids and contact details into keyed hashes, before anything is joined or counted by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from transforms.asof import SOURCE
from transforms.customers import ID_KEY
from transforms.identity import CUSTOMER, EMAIL, FORGOTTEN, PHONE, normal_email
from transforms.phones import e164
from transforms.privacy import hashes

_MARK = "\x1f"


@dataclass(frozen=True, slots=True)
class Hasher:
    """How ids, e-mails and phones become join keys under one key.

    What stands for somebody who was forgotten is a keyed hash already and stays as it is. What it
    has hashed once it remembers as long as it lives: several tables name the same customers.
    """

    key: bytes
    own_ids: tuple[str, ...]
    merge_plus: bool
    country: str
    _nodes: list[pl.DataFrame] = field(default_factory=list, init=False, compare=False, repr=False)
    """The nodes of the ids seen so far: none or one frame."""

    def ids(self, frame: pl.DataFrame) -> pl.Series:
        """The node of each row's `customer_id`; ids of sources with numbers of their own differ."""
        names = ["customer_id", SOURCE] if self.own_ids else ["customer_id"]
        asked = frame.select(names)
        new, known = asked.drop_nulls().unique(), self._nodes
        if known:
            new = new.join(known[0], on=names, how="anti")
        known[:] = [pl.concat([*known, new.with_columns(self._hashed_ids(new).alias("_node"))])]
        return asked.join(known[0], on=names, how="left", maintain_order="left")["_node"]

    def _hashed_ids(self, frame: pl.DataFrame) -> pl.Series:
        scope = pl.lit("")
        if self.own_ids:
            scope = pl.when(pl.col(SOURCE).is_in(list(self.own_ids))).then(SOURCE).otherwise(scope)
        told = pl.concat_str(scope, pl.lit(_MARK), "customer_id")
        gone = pl.col("customer_id").str.starts_with(FORGOTTEN)
        scoped = frame.select(pl.when(gone).then("customer_id").otherwise(told)).to_series()
        return self.hashed(CUSTOMER, scoped)

    def emails(self, values: pl.Series) -> pl.Series:
        """The key of each e-mail address; null where it is none."""
        return self.hashed(EMAIL, normal_email(values, merge_plus=self.merge_plus))

    def phones(self, values: pl.Series) -> pl.Series:
        """The key of each phone number; null where it is none."""
        gone = values.str.starts_with(FORGOTTEN).fill_null(False)
        plain = e164(values, self.country)
        told = pl.select(pl.when(gone).then(values).otherwise(plain)).to_series()
        return self.hashed(PHONE, told)

    def hashed(self, kind: str, values: pl.Series) -> pl.Series:
        """Each value as the hash of its `kind`; nulls stay.

        Of somebody forgotten the id stays marked; a key is the hash that it was before.
        """
        gone = values.str.starts_with(FORGOTTEN)
        if kind != CUSTOMER and gone.any():
            bare = values.str.strip_prefix(FORGOTTEN)
            return pl.select(
                pl.when(gone)
                .then(bare)
                .otherwise(self.hashed(kind, pl.select(pl.when(~gone).then(values)).to_series()))
            ).to_series()
        unique = values.drop_nulls().unique()
        unique = unique.filter(~unique.str.starts_with(FORGOTTEN))
        if unique.is_empty():
            return values
        made = hashes(kind, unique.to_list(), self.key)
        return values.replace(
            pl.Series(list(made), dtype=pl.String), pl.Series(list(made.values()))
        )

    def id_keys(self, values: pl.Series) -> pl.Series:
        """The type and key ("email …", "phone …") of ids that are such things; null elsewhere."""
        unique = values.drop_nulls().unique()
        mails = unique.filter(unique.str.contains("@"))
        calls = unique.filter(unique.str.contains(r"^\+[\d ()-]{7,20}$"))
        gone = unique.filter(unique.str.contains(rf"^{FORGOTTEN}.*:"))
        raw = [*mails, *calls, *gone]
        keys = [
            *(_typed(EMAIL, key) for key in self.emails(mails)),
            *(_typed(PHONE, key) for key in self.phones(calls)),
            *(one.split(":", 1)[1] for one in gone),  # as `forgotten_id` wrote it
        ]
        told = pl.DataFrame({"id": raw, "key": keys}, schema={"id": pl.String, "key": pl.String})
        if told.is_empty():
            return pl.repeat(None, len(values), dtype=pl.String, eager=True)
        return values.to_frame("id").join(told, on="id", how="left", maintain_order="left")["key"]


def _typed(kind: str, key: str | None) -> str | None:
    return None if key is None else f"{kind} {key}"


def hashed_frames(frames: Mapping[str, pl.DataFrame], by: Hasher) -> dict[str, pl.DataFrame]:
    """`frames` without a raw id, e-mail or phone: each is its keyed hash.

    Where an id is itself an address or number, the key that it bears stands in `_id_key`.
    """
    return {name: _hashed_frame(name, frame, by) for name, frame in frames.items()}


def _hashed_frame(name: str, frame: pl.DataFrame, by: Hasher) -> pl.DataFrame:
    if "customer_id" not in frame.columns:
        return frame
    keys = by.id_keys(frame["customer_id"]).alias(ID_KEY)
    columns = [by.ids(frame).alias("customer_id")]
    if keys.null_count() < len(keys):
        columns.append(keys)
    if name == "customers":
        email, phone = by.emails(frame["email"]), by.phones(frame["phone"])
        columns += [email.alias("email"), phone.alias("phone")]
    return frame.with_columns(columns)
