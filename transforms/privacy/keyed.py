"""Keyed hashes: equal values stay equal, and only the holder of the key can tell whose they are."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

_MARK = "\x1f"
DIGITS = 32
"""Hex digits of a join key."""


def hmac_key(value: str, key: bytes) -> str:
    """Join key of a value: the first 32 hex digits of HMAC-SHA256. Raises ValueError for an empty key."""
    text = value.encode("utf-8", "surrogatepass")
    return hmac.digest(_checked(key), text, "sha256").hex()[:DIGITS]


def pseudonym(value: str, key: bytes) -> str:
    """What stands in published tables for an id that tells a person: equal ids have equal ones."""
    return f"id-{hmac_key(value, key)}"


def key_id(key: bytes) -> str:
    """A name of `key` that may be written down: it says which key made a hash, and nothing else."""
    return hashlib.sha256(b"hearcast key id\x00" + key).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Keyring:
    """The key in use and those before it, newest first; what an old key made can still be found."""

    current: bytes
    old: tuple[bytes, ...] = ()

    @property
    def all(self) -> tuple[bytes, ...]:
        """Every key, the one in use first."""
        return (self.current, *self.old)

    def named(self, name: str) -> bytes | None:
        """The key whose `key_id` is `name`; None where it was not given."""
        return next((key for key in self.all if key_id(key) == name), None)


def hashes(kind: str, values: Iterable[str], key: bytes) -> dict[str, str]:
    """Each value to its hash as a `kind`: the same text as an e-mail and as an id differ.

    That is `hmac_key` of kind, mark and value; what all values share is hashed once. Raises ValueError
    for an empty key.
    """
    begun = hmac.new(_checked(key), f"{kind}{_MARK}".encode(), "sha256").copy
    told = {}
    for value in values:
        one = begun()
        one.update(value.encode("utf-8", "surrogatepass"))
        told[value] = one.hexdigest()[:DIGITS]
    return told


def _checked(key: bytes) -> bytes:
    if not key:
        raise ValueError(
            "the key of join keys is empty: set it in the environment or in a secret store"
        )
    return key
