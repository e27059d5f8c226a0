"""One http source on one night: every endpoint brought up to now, read, and what may be committed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from flows.lake import Lake
from flows.settings import Settings, Source
from flows.settings.http import Http
from flows.sources.base import FileKey, FilePull, FileReport
from flows.sources.http.fetch import base_of, fetch
from flows.sources.http.problem import WHOLE, PullProblem
from flows.sources.http.reading import Come, read_pages
from flows.sources.http.staging import KEEP, Chain, sweep
from flows.sources.http.tokens import secret
from flows.sources.inbox import INBOX
from transforms.pulls.endpoint import Endpoint
from transforms.pulls.systems import SYSTEMS, tables_of

if TYPE_CHECKING:
    from flows.sources.http.client import Api


@dataclass(slots=True)
class Brought:
    """What came of a source.

    `cursors`: endpoint to the time up to which it is complete; `files`: endpoint to the keys of
    what was read of it. A cursor may be committed where all of the endpoint's files landed.
    """

    pulls: list[FilePull] = field(default_factory=list)
    cursors: dict[str, str] = field(default_factory=dict)
    files: dict[str, list[FileKey]] = field(default_factory=dict)
    chains: dict[str, Chain] = field(default_factory=dict)

    def settle(self, committed: Mapping[str, str]) -> None:
        """Removes the pages of what has been committed."""
        for name in committed:
            self.chains[name].clear()


def pull_http(
    source: Source,
    settings: Settings,
    lake: Lake,
    taken: Mapping[str, str],
    environ: Mapping[str, str],
) -> Brought:
    """Asks for what has changed since the cursors in the lake's log, and reads it.

    Endpoints of a group come whole or not at all: of one that did not get through there is a report
    that holds its tables back, its pages stay for the next night, and its cursor does not move.
    """
    http = http_of(source)
    system, brought = SYSTEMS[http.system], Brought()
    endpoints = [system.by_name[name] for name in http.chosen]
    try:
        api = open_api(http, environ)
    except PullProblem as problem:
        brought.pulls = [absent(source, one, problem) for one in endpoints]
        return brought
    job = _Job(source, settings, lake, taken, api, lake.cursors().get(source.name, {}))
    trouble: PullProblem | None = None
    for group in dict.fromkeys(one.group for one in endpoints):
        ones = [one for one in endpoints if one.group == group]
        if trouble is not None and trouble.why in WHOLE:
            brought.pulls += [absent(source, one, trouble) for one in ones]
        else:
            trouble = job.bring(ones, brought)
    return brought


def sweep_pages(settings: Settings, lake: Lake) -> None:
    """Removes pages that nobody will read any more; none wait longer than words may stay anywhere."""
    kept = {one.name: one.http.chosen for one in settings.sources if one.http is not None}
    days = settings.privacy.text_retention_days
    keep = KEEP if days is None else min(KEEP, timedelta(days=days))
    sweep(lake, kept, datetime.now(UTC), keep)


def http_of(source: Source) -> Http:
    """The part of the configuration that only this kind has."""
    if source.http is None:
        raise TypeError(f"{source.name} is of kind {source.kind}")
    return source.http


def open_api(http: Http, environ: Mapping[str, str]) -> Api:
    """The API of the account. PullProblem where the token or the library is not there."""
    secret(http, environ)
    from flows.sources.http.client import Api  # noqa: PLC0415 - optional, half a second to import

    return Api(http, environ)


@dataclass(frozen=True, slots=True)
class _Job:
    """What the groups of a source share."""

    source: Source
    settings: Settings
    lake: Lake
    taken: Mapping[str, str]
    api: Api
    cursors: Mapping[str, str]

    def bring(self, group: Sequence[Endpoint], brought: Brought) -> PullProblem | None:
        """Adds what one group gave, or why it gave nothing, which is also returned."""
        known = [self.cursors.get(one.name) for one in group]
        told = [datetime.fromisoformat(one) for one in known if one]
        cursor = min(told) if len(told) == len(group) else None
        come: list[Come] = []
        cursors: dict[str, str] = {}
        for one in group:
            chain = Chain(self.lake, self.source.name, one.name)
            base = base_of(self.api.http, one, cursor)
            chain.open(base)
            try:
                until = fetch(self.api, one, chain, base, cursor)
            except PullProblem as problem:
                brought.pulls += self._nothing(group, one, problem, chain)
                return problem
            come.append(Come(one, chain.bodies))
            cursors[one.name] = until.isoformat()
            brought.chains[one.name] = chain
        brought.cursors |= cursors
        for name, pulled in read_pages(self.source, self.settings, come, self.taken):
            brought.pulls.append(pulled)
            brought.files.setdefault(name, []).append(pulled.key)
        return None

    def _nothing(
        self, group: Sequence[Endpoint], late: Endpoint, problem: PullProblem, chain: Chain
    ) -> Iterator[FilePull]:
        for one in group:
            yield absent(self.source, one, problem, late, chain.count)


def absent(
    source: Source,
    endpoint: Endpoint,
    problem: PullProblem,
    late: Endpoint | None = None,
    pages: int = 0,
) -> FilePull:
    """An endpoint without rows: a report for each of its tables, which holds the table back."""
    http = http_of(source)
    what = SYSTEMS[http.system].title
    if problem.why == "secret":
        line = f"{source.name}: {what} was not asked: {problem}"
    else:
        place = "" if late is None or problem.why == "account" else f" ({late.name})"
        line = f"{source.name}: {what} at {http.address}{place} {problem}"
    if pages:
        line += f"; {pages} pages that came are kept, and the next night goes on from there"
    key = FileKey(source.name, INBOX, endpoint.name, "", "")
    reports = tuple(
        FileReport(source.name, table, endpoint.name, "", status="unreadable", problem=line)
        for table in tables_of(endpoint)
    )
    return FilePull(key, "append", source.latency_days, reports=reports)
