"""All pages of one endpoint that a pull needs, from where an earlier one stopped."""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from flows.settings.http import Http
from flows.sources.http.problem import PullProblem
from flows.sources.http.staging import Chain, Mark
from transforms.pulls.endpoint import Ask, Endpoint, Window
from transforms.pulls.records import Whole, add_rest, is_page, load, reached, rest_of, unfinished

LOG = logging.getLogger("hearcast")
_TOLD = 50
"""Pages after which people are told that a pull is getting on."""

if TYPE_CHECKING:  # the library behind it is optional, and takes half a second to import
    from flows.sources.http.client import Api


def base_of(http: Http, endpoint: Endpoint, cursor: datetime | None) -> str:
    """Digest of what a chain of pages began with; pages that were asked for otherwise do not fit."""
    asked = endpoint.first(Window(None, endpoint.size, http.api_version)).as_json()
    told = [
        http.address,
        asked,
        str(http.since),
        str(cursor),
        [n.selection for n in endpoint.nested],
    ]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:24]


def fetch(
    api: Api, endpoint: Endpoint, chain: Chain, base: str, cursor: datetime | None
) -> datetime:
    """Brings the chain up to now; returns the time up to which it is complete.

    A chain that was interrupted goes on where it stopped, and then, as it began on an earlier
    night, with what has changed since. Where the server no longer knows the place it begins anew.
    Raises PullProblem; what has come by then stays in the chain.
    """
    before = chain.last
    if before is not None and before.follows is not None:
        try:
            _window(api, endpoint, chain, before, before.follows)
        except PullProblem as problem:
            if problem.why != "unfit":
                raise
            chain.clear()
    known = cursor if chain.last is None else chain.last.began
    since = _start(api.http, endpoint, known)
    first = endpoint.first(Window(since, endpoint.size, api.http.api_version))
    return _window(api, endpoint, chain, Mark(base, since, _UNKNOWN, None), first)


_UNKNOWN = datetime.min.replace(tzinfo=UTC)
"""When a window began that has no page yet: the first one tells."""


def _start(http: Http, endpoint: Endpoint, known: datetime | None) -> datetime | None:
    """From when changes are asked for: some time before what is known, for late ones."""
    if known is None:
        day = http.since
        return None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)
    return known - timedelta(minutes=http.overlap_minutes, days=endpoint.again_days)


def _window(api: Api, endpoint: Endpoint, chain: Chain, mark: Mark, ask: Ask) -> datetime:
    """Adds the pages from `ask` to the end of the window; asks for less where that is too costly."""
    began = mark.began
    while True:
        try:
            for page in api.pages(ask, endpoint):
                if not is_page(load(page.body), endpoint):
                    raise PullProblem("unfit", "sent what is no page of this API")  # noqa: TRY301
                body = _whole(api, endpoint, page.body)
                if began == _UNKNOWN:
                    began = page.date or datetime.now(UTC)
                over = bool(endpoint.newest_first) and reached(load(body), endpoint, mark.since)
                follows = None if over else page.follows
                chain.add(Mark(mark.base, mark.since, began, follows), body)
                if chain.count % _TOLD == 0:
                    LOG.info("pull: %s: %s pages so far", endpoint.name, f"{chain.count:,}")
                if follows is None:
                    return began
                if follows == ask:
                    raise PullProblem("unfit", "names a page as the one that follows it")  # noqa: TRY301
                ask = follows
        except PullProblem as problem:
            if problem.why != "costly":
                raise
            ask = _smaller(ask, problem)


def _smaller(ask: Ask, problem: PullProblem) -> Ask:
    body: dict[str, Any] = ask.as_json()["body"] or {}
    size = int(body.get("variables", {}).get("first") or 1)
    if size <= 1:
        raise PullProblem("unfit", str(problem))
    body["variables"]["first"] = size // 2
    return Ask(ask.path, ask.method, ask.params, body)


def _whole(api: Api, endpoint: Endpoint, body: bytes) -> bytes:
    """A page with the rest of those lists that did not find room on it."""
    if not endpoint.nested:
        return body
    page, whole, changed = load(body), Whole(), False
    path = endpoint.first(Window(None, 1, api.http.api_version)).path
    while todo := list(unfinished(page, endpoint.nested, whole)):
        for record, nested in todo:
            try:
                add_rest(record, nested, load(api.one(rest_of(record, nested, path))))
            except (ValueError, AttributeError, KeyError, TypeError):
                said = f"did not give all {nested.field} of one {nested.owner}"
                raise PullProblem("unfit", said) from None
            if nested.plain:
                whole.add((str(record["id"]), nested.field))
            changed = True
    return json.dumps(page, ensure_ascii=False).encode() if changed else body
