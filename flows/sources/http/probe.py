"""What `hearcast doctor` finds out about an http source: one small request per endpoint, nothing kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from flows.lake import Lake
from flows.settings import Settings, Source
from flows.sources.base import FilePull
from flows.sources.http.problem import WHOLE, PullProblem
from flows.sources.http.reading import Come, read_pages
from flows.sources.http.source import absent, http_of, open_api
from transforms.pulls.endpoint import Endpoint, Window
from transforms.pulls.records import is_page, load, numbered
from transforms.pulls.systems import SYSTEMS

if TYPE_CHECKING:
    from flows.sources.http.client import Api

SAMPLE, DAYS = 10, 30
"""Records that are asked for, and how recently they should have changed."""


@dataclass(slots=True)
class Probed:
    """Lines for people, tables that a night would hold back, and rows of the samples."""

    system: str
    lines: list[str] = field(default_factory=list)
    held: dict[str, str] = field(default_factory=dict)
    pulls: list[FilePull] = field(default_factory=list)

    def fail(
        self, source: Source, ones: Sequence[Endpoint], problem: PullProblem, *, quiet: bool = False
    ) -> None:
        """Notes that a night would hold back what rests on these endpoints."""
        reports = [r for one in ones for r in absent(source, one, problem, one).reports]
        self.held |= {one.table: str(one.problem) for one in reports}
        if not quiet:
            self.lines += [f"! {one}" for one in dict.fromkeys(r.problem for r in reports)][:1]


def probe(source: Source, settings: Settings, lake: Lake, environ: Mapping[str, str]) -> Probed:
    """Whether each endpoint answers and takes the token, up to when it has landed, and a sample."""
    http, now = http_of(source), datetime.now(UTC)
    system, told = SYSTEMS[http.system], Probed(http.system)
    endpoints = [system.by_name[name] for name in http.chosen]
    told.lines.append(f"{system.title} at {http.address}")
    cursors = lake.cursors().get(source.name, {})
    come: list[Come] = []
    try:
        api = open_api(http, environ)
    except PullProblem as problem:
        told.fail(source, endpoints, problem)
        return told
    for number, one in enumerate(endpoints):
        try:
            body = _asked(api, one, now)
        except PullProblem as problem:
            told.fail(source, [one], problem)
            if problem.why in WHOLE:
                told.fail(source, endpoints[number + 1 :], problem, quiet=True)
                break
            continue
        come.append(Come(one, partial(list, [body])))
        count = sum(1 for _ in numbered([load(body)], one.streams))
        fresh = _fresh(cursors.get(one.name), now)
        told.lines.append(
            f"{one.name}: answers and takes the token; {count} records looked at; {fresh}"
        )
    if come:
        told.lines.append("what follows of tables not in the lake rests on these few records")
        told.pulls = [one for _, one in read_pages(source, settings, come, {})]
    return told


def _asked(api: Api, endpoint: Endpoint, now: datetime) -> bytes:
    """One small page; smaller where that is too costly."""
    window = Window(now - timedelta(days=DAYS), SAMPLE, api.http.api_version)
    try:
        body = api.one(endpoint.first(window))
    except PullProblem as problem:
        if problem.why != "costly":
            raise
        body = api.one(endpoint.first(replace(window, size=1)))
    if not is_page(load(body), endpoint):
        raise PullProblem("unfit", "sent what is no page of this API")
    return body


def _fresh(cursor: str | None, now: datetime) -> str:
    if cursor is None:
        return "nothing of it has landed: the first night reads all"
    until = datetime.fromisoformat(cursor)
    hours = (now - until).total_seconds() / 3600
    age = f"{hours / 24:.0f} days" if hours >= 48 else f"{hours:.0f} hours"
    return f"landed up to {until:%Y-%m-%d %H:%M} UTC, {age} ago"
