"""The command: who is asked for, whether they are known, and what was erased."""

from __future__ import annotations

from datetime import UTC, datetime

from flows.forget.amend import check_nights
from flows.forget.erase import erase
from flows.forget.journal import (
    Erasure,
    finish_begun,
    new_erasure,
    read_erasures,
    write_erasure,
)
from flows.forget.leftovers import clear_leftovers
from flows.forget.person import as_asked, find, read_graph
from flows.forget.request import CannotForget, Request, read_request
from flows.identity import hasher
from flows.keys import keyring
from flows.lake import Lake
from flows.settings import Settings
from flows.storage import storage_of


def forget(settings: Settings, told: str) -> list[str]:
    """Erases the person whom `told` names; lines of the report, with counts only.

    Raises CannotForget for nobody, or for several people. Asked again it finishes what a kill cut
    short, and says that the person is forgotten already.
    """
    request = read_request(told, tuple(source.name for source in settings.sources))
    lake = Lake(settings.paths.lake)
    if not lake.landings():
        raise CannotForget(f"nothing has landed in the lake {lake.root}; check [paths] lake")
    with lake.storage.alone(lake.root):
        check_nights(settings.paths.exports)
        lake.keep_words_apart()
        clear_leftovers(lake)
        ring = keyring(settings, lake)
        before = finish_begun(lake, settings, read_erasures(lake, settings, ring))
        found = [read_graph(lake, settings, hasher(settings, key)) for key in ring.all]
        try:
            people = tuple(find(graph, request, settings) for graph in found)
        except CannotForget:
            old = _covered(before, request)
            if old is None:
                raise
            return ["this person was forgotten already", *_lines(old)]
        one = new_erasure(request.kind, datetime.now(UTC).isoformat(timespec="seconds"), people)
        write_erasure(lake, one)
        return [*_lines(erase(lake, settings, one)), *_versions(settings)]


def _versions(settings: Settings) -> list[str]:
    """What is to be done where a bucket keeps what was written over: we cannot reach it."""
    places = (settings.paths.lake, settings.paths.exports)
    return [
        f"  NOT GONE YET: the bucket of {place} keeps earlier versions of what was rewritten; delete "
        "them there, or let a rule of the bucket do it (docs/operations.md)"
        for place in places
        if storage_of(place).keeps_versions(place)
    ]


def _covered(erasures: list[Erasure], request: Request) -> Erasure | None:
    """The erasure that has covered a request already."""
    for one in erasures:
        asked = as_asked(request, one.who.by)
        pairs = (
            (asked.customers, one.who.customers),
            (asked.emails, one.who.emails),
            (asked.phones, one.who.phones),
        )
        if any(a & b for a, b in pairs):
            return one
    return None


def _lines(one: Erasure) -> list[str]:
    report = one.report
    rows = ", ".join(f"{count:,} of {name}" for name, count in report["rows"].items()) or "none"
    return [
        f"erasure {one.id} ({one.kind}): done",
        f"  rows made anonymous in the lake: {rows}",
        f"  passages without their words: {report['passages_without_words']:,}",
        f"  quarantined rows blanked: {report['quarantined_rows']:,}; lines of audit sheets: "
        f"{report['sheet_lines']:,} (sheets that could not be opened: {report['sheets_not_reached']:,})",
        f"  published nights amended: {report['nights_amended']:,}; superseded snapshots removed: "
        f"{report['old_snapshots_removed']:,}; published rows removed: {report['published_rows']:,}; quotes and examples: "
        f"{report['published_quotes']:,}",
        "  review pages are removed: `hearcast review` draws them again",
        "  quantities, counts and tags stay without the person; a tombstone of keyed hashes keeps "
        "them out of later deliveries",
        "  not reached: backups, source systems, and copies of exports and audit sheets made elsewhere",
    ]
