"""The hasher of join keys that the settings ask for."""

from __future__ import annotations

from flows.settings import Settings
from transforms.hashed import Hasher


def hasher(settings: Settings, key: bytes) -> Hasher:
    """The hasher that the settings ask for."""
    rules = settings.identity
    return Hasher(key, rules.own_ids, rules.plus_addresses == "merge", settings.business.country)
