"""What an endpoint of an API is: what is asked of it, where its records stand, which layout reads them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Paging = Literal["cursor", "graphql", "stream"]
"""How the next page is named: by a cursor for the query, by GraphQL's pageInfo, by a whole address."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. `path` is below the system's address, or a whole URL that an answer named."""

    path: str
    method: Literal["GET", "POST"] = "GET"
    params: Mapping[str, str] | None = None
    body: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """The request as plain values; it holds no token."""
        plain = {"path": self.path, "method": self.method, "params": self.params, "body": self.body}
        return copy.deepcopy(plain)


def ask_of(told: Mapping[str, Any]) -> Ask:
    """The request that `as_json` wrote down."""
    return Ask(told["path"], told["method"], told["params"], told["body"])


@dataclass(frozen=True, slots=True)
class Window:
    """What a request is limited to: what changed at or after `since` (None: everything), by pages of `size`."""

    since: datetime | None
    size: int
    version: str = ""


@dataclass(frozen=True, slots=True)
class Stream:
    """Records of one kind on an endpoint's pages.

    `at` is the path to them; lists on the way are entered. `carry` names values of the record
    around that each gets where it has none; `only` is a (name, value) that it must bear. `seconds`
    names a time around in seconds since 1970 that becomes created_at where nobody tells it otherwise.
    """

    at: str
    layout: str
    carry: tuple[str, ...] = ()
    only: tuple[str, str] | None = None
    seconds: str = ""


@dataclass(frozen=True, slots=True)
class Nested:
    """A list within a GraphQL record that may go on beyond the page.

    `owner` is the record's type, `selection` what is asked of each item. A `plain` list has no
    pages: it is whole where it is shorter than `first`, else it is asked for anew.
    """

    owner: str
    field: str
    selection: str
    first: int
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One list that a system gives.

    Endpoints of one `group` land together or not at all, in this order. Records come oldest change
    first, unless `newest_first` names the time by which the newest come first: then a pull stops at
    what is older than its window. `again_days` is how far back records change without a sign.
    """

    name: str
    group: str
    paging: Paging
    first: Callable[[Window], Ask]
    streams: tuple[Stream, ...]
    size: int
    cursor_at: str = ""
    newest_first: str = ""
    again_days: int = 0
    nested: tuple[Nested, ...] = ()


@dataclass(frozen=True, slots=True)
class System:
    """One system's API: endpoints, default pace, and what people do when its token is refused.

    `host` completes a bare account name; `per_minute` is what the vendor allows at least.
    """

    key: str
    title: str
    endpoints: tuple[Endpoint, ...]
    per_minute: int
    renew: str
    host: str = ""
    by_name: Mapping[str, Endpoint] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {one.name: one for one in self.endpoints})
