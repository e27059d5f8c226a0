"""An address in a bucket that reads like a path, and the few requests that everything is made of."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fnmatch import translate
from io import BytesIO
from typing import Any, Literal

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)

from flows.errors import StoreError
from flows.storage.access import SCHEMES, Access, client

_MAGIC = re.compile(r"[*?\[]")
_ENDPOINTS = {"s3://": "AWS_ENDPOINT_URL", "az://": "AZURE_STORAGE_ENDPOINT"}
"""What names a server of one's own in the environment."""


class ChangedMeanwhile(Exception):  # noqa: N818 - named for what happened
    """Somebody else wrote the object since it was read."""


@dataclass(frozen=True, slots=True)
class Stat:
    """Size and time of an object."""

    st_size: int
    st_mtime: float


@dataclass(frozen=True, slots=True)
class Tagged:
    """An object's bytes and the tag of that version, by which a write can be made conditional."""

    content: bytes
    tag: Mapping[str, str]
    written: float


@dataclass(frozen=True, slots=True)
class Listed:
    """An object in a listing."""

    path: ObjectPath
    tag: str
    size: int
    written: float


@dataclass(frozen=True, slots=True)
class ObjectPath:
    """An address in a bucket. `bucket` is its URL, `key` the rest; a folder is a prefix of keys."""

    bucket: str
    key: str
    access: Access = field(default=Access(), repr=False)

    @classmethod
    def of(cls, url: str, access: Access | None = None) -> ObjectPath:
        """The address of an URL such as s3://bucket/folder. ValueError where it is none."""
        scheme = next((one for one in SCHEMES if url.startswith(one)), None)
        if scheme is None:
            raise ValueError(f"{url!r} is none of s3://, gs://, az://")
        name, _, key = url.removeprefix(scheme).partition("/")
        if not name:
            raise ValueError(f"{url!r} names no bucket; write {scheme}bucket/folder")
        return cls(f"{scheme}{name}", _plain(key), access or Access())

    # -- as pathlib has it ----------------------------------------------------------------------
    @property
    def parts(self) -> tuple[str, ...]:
        """Bucket and folders."""
        return (self.bucket, *(self.key.split("/") if self.key else ()))

    @property
    def name(self) -> str:
        """The last part; empty for the bucket itself."""
        return self.key.rpartition("/")[2]

    @property
    def suffix(self) -> str:
        """The ending of the name, with its dot."""
        at = self.name.rfind(".")
        return self.name[at:] if 0 < at < len(self.name) - 1 else ""

    @property
    def stem(self) -> str:
        """The name without its ending."""
        return self.name.removesuffix(self.suffix) if self.suffix else self.name

    @property
    def parent(self) -> ObjectPath:
        """The folder of it."""
        return replace(self, key=self.key.rpartition("/")[0])

    def __truediv__(self, key: str) -> ObjectPath:
        return replace(self, key=_plain(f"{self.key}/{key}"))

    def __lt__(self, other: ObjectPath) -> bool:
        return self.parts < other.parts

    def __str__(self) -> str:
        return f"{self.bucket}/{self.key}" if self.key else self.bucket

    def read_bytes(self) -> bytes:
        """All of the object."""
        return self.read_tagged().content

    def open(self, _mode: Literal["rb"] = "rb", /) -> BytesIO:
        """The object to read from."""
        return BytesIO(self.read_bytes())

    def exists(self) -> bool:
        """Whether an object is there, or anything below."""
        return self.is_file() or self.is_dir()

    def is_file(self) -> bool:
        """Whether an object is there."""
        try:
            self.stat()
        except FileNotFoundError:
            return False
        return True

    def is_dir(self) -> bool:
        """Whether anything lies below."""
        with told(self):
            for page in obstore.list(self._client(), prefix=self.key or None, chunk_size=1):
                if page:
                    return True
        return False

    def stat(self) -> Stat:
        """Size and time of the object."""
        with told(self):
            meta = obstore.head(self._client(), self.key)
        return Stat(meta["size"], meta["last_modified"].timestamp())

    def resolve(self) -> ObjectPath:
        """Itself: a bucket has no links."""
        return self

    def glob(self, pattern: str) -> Iterator[ObjectPath]:
        """Objects and folders that match: `*`, `?` and `[…]` within a part."""
        first, _, rest = pattern.partition("/")
        if _MAGIC.search(first):
            match = re.compile(translate(first)).match
            steps = [one for one in self._children(folders=True) if match(one.name)]
            if not rest:
                objects = [one for one in self._children(folders=False) if match(one.name)]
                steps = sorted({*steps, *objects})
        else:
            steps = [self / first]
            if not rest:
                steps = [one for one in steps if one.exists()]
        for step in steps:
            yield from step.glob(rest) if rest else (step,)

    # -- beyond pathlib -------------------------------------------------------------------------
    def read_tagged(self) -> Tagged:
        """The object with its tag."""
        with told(self):
            got = obstore.get(self._client(), self.key)
            content, meta = bytes(got.bytes()), got.meta
        return Tagged(content, _tag(meta), meta["last_modified"].timestamp())

    def listed(self) -> list[Listed]:
        """Every object below, in order of key; one request for each thousand."""
        with told(self):
            found = [
                Listed(
                    replace(self, key=meta["path"]), str(meta.get("e_tag")), meta["size"],
                    meta["last_modified"].timestamp(),
                )
                for page in obstore.list(self._client(), prefix=self.key or None)
                for meta in page
            ]  # fmt: skip
        return sorted(found, key=lambda one: one.path)

    def put(self, content: bytes) -> Mapping[str, str]:
        """Writes the object, whatever was there; its tag."""
        with told(self, writing=True):
            return _tag(obstore.put(self._client(), self.key, content))

    def create(self, content: bytes) -> Mapping[str, str]:
        """Writes the object where there is none; its tag. FileExistsError where there is one.

        An answer that was lost on the way may have been a yes: an object of just these bytes is
        taken for ours.
        """
        try:
            with told(self, writing=True):
                mode: Any = "create"
                return _tag(obstore.put(self._client(), self.key, content, mode=mode))
        except ChangedMeanwhile:
            found = self.read_tagged()
            if found.content == content:
                return found.tag
            raise FileExistsError(errno.EEXIST, "exists already", str(self)) from None

    def swap(self, content: bytes, tag: Mapping[str, str]) -> Mapping[str, str]:
        """Writes over the version `tag`; its new tag. ChangedMeanwhile where another one is there.

        As with `create`, an object of just these bytes is taken for ours: content that two writers
        may both come to has to say whose it is.
        """
        try:
            with told(self, writing=True):
                mode: Any = dict(tag)
                return _tag(obstore.put(self._client(), self.key, content, mode=mode))
        except ChangedMeanwhile:
            try:
                found = self.read_tagged()
            except FileNotFoundError:
                raise ChangedMeanwhile(str(self)) from None
            if found.content == content:
                return found.tag
            raise ChangedMeanwhile(str(self)) from None

    def delete(self) -> None:
        """Removes the object; none is fine."""
        try:
            with told(self):
                obstore.delete(self._client(), self.key)
        except FileNotFoundError:
            pass

    def _children(self, *, folders: bool) -> list[ObjectPath]:
        with told(self):
            found = obstore.list_with_delimiter(self._client(), prefix=self.key or None)
        keys = found["common_prefixes"] if folders else [one["path"] for one in found["objects"]]
        return sorted(replace(self, key=key) for key in keys)

    def _client(self) -> Any:  # noqa: ANN401 - one of three kinds of store
        return client(self.bucket, self.access)


def _plain(key: str) -> str:
    return "/".join(part for part in key.split("/") if part not in ("", "."))


def _tag(meta: Mapping[str, Any]) -> Mapping[str, str]:
    """What tells a version: S3 and Azure go by the tag, Google by the version."""
    return {name: meta[name] for name in ("e_tag", "version") if meta.get(name)}


@contextmanager
def told(place: ObjectPath, *, writing: bool = False) -> Iterator[None]:
    """Turns what a cloud's library raises into errors of files, in one line and without secrets."""
    try:
        yield
    except FileNotFoundError:
        if writing:
            raise StoreError(
                errno.ENOENT, f"{place}: there is no such bucket; create it, or check [paths]"
            ) from None
        raise FileNotFoundError(errno.ENOENT, "no such object", str(place)) from None
    except (AlreadyExistsError, PreconditionError):
        raise ChangedMeanwhile(str(place)) from None
    except (PermissionDeniedError, UnauthenticatedError):
        raise StoreError(
            errno.EACCES, f"{place}: access denied; check the credentials and what they may do"
        ) from None
    except BaseError as error:
        raise StoreError(errno.EIO, f"{place}: {_short(error, place.bucket)}") from None


def _short(error: BaseError, bucket: str) -> str:
    """Why a request failed, in a few words: the whole may quote a request."""
    status = re.search(r"status code: (\d{3}[ A-Za-z]*)", str(error))
    if status and status.group(1).startswith("404"):
        return "there is no such bucket; create it, or check [paths]"
    if status and status.group(1).startswith(("401", "403")):
        return "access denied; check the credentials and what they may do"
    if status:
        return f"the storage answered {status.group(1).strip()}; try again later"
    named = [name for scheme, name in _ENDPOINTS.items() if bucket.startswith(scheme)]
    return (
        f"the storage cannot be reached; check {', '.join(['the network', *named])} and [storage]"
    )
