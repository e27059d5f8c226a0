"""Where lake, exports and sources lie: a local folder or one in a bucket, behind one interface."""

from __future__ import annotations

from pathlib import Path

from flows.errors import StoreError
from flows.places import Place
from flows.storage.access import SCHEMES, Access, NoAccess
from flows.storage.base import Storage
from flows.storage.bucket import BucketStorage
from flows.storage.local import LocalStorage
from flows.storage.objects import ObjectPath

__all__ = [
    "SCHEMES",
    "Access",
    "NoAccess",
    "ObjectPath",
    "Storage",
    "StoreError",
    "place_of",
    "storage_of",
]
_LOCAL = LocalStorage()
_BUCKETS = BucketStorage()


def storage_of(place: Place) -> Storage:
    """What writes, removes and locks where `place` lies. The only place that tells the two apart."""
    return _LOCAL if isinstance(place, Path) else _BUCKETS


def place_of(text: str | Place, access: Access | None = None) -> Place:
    """The address that a text means: a local path, or one in a bucket, reached as `access` says."""
    if not isinstance(text, str):
        return text
    return ObjectPath.of(text, access) if text.startswith(SCHEMES) else Path(text)
