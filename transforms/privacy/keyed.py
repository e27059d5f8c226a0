"""Keyed hashes: equal values stay equal, and only the holder of the key can tell whose they are."""

from __future__ import annotations

import hashlib
import hmac


def hmac_key(value: str, key: bytes) -> str:
    """Join key of a value: the first 32 hex digits of HMAC-SHA256. Raises ValueError for an empty key."""
    if not key:
        raise ValueError(
            "the key of join keys is empty: set it in the environment or in a secret store"
        )
    return hmac.new(key, value.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]
