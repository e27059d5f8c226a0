"""The review's files beside the snapshots: whole or not there, at the night's own address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from flows.earlier import nights_before
from flows.errors import Mistake
from flows.places import Place
from flows.reader import read_manifest, snapshot_dir
from flows.review.night import read_night
from flows.review.page import review_html
from flows.review.planner_page import planner_html
from flows.review.workbook import write_workbook
from flows.review_folders import FOLDER, drop_unkept, reviews
from flows.sent import EVERYBODY, REVIEW, note_sent
from flows.settings import Settings
from flows.storage import storage_of
from transforms.review import page as page_of
from transforms.review import planner as planner_of
from transforms.review import sheets as sheets_of
from transforms.review.parts import Night

PAGE, PLANNER, WORKBOOK = "review.html", "planner.html", "review.xlsx"


class ReviewRefusal(Mistake):
    """There is no night to review; the message is one line with the remedy."""


@dataclass(frozen=True, slots=True)
class Written:
    """Where the review of a night lies, and the lines that say which SKUs are in it."""

    as_of: date
    folder: Place
    lines: tuple[str, ...]

    @property
    def report(self) -> tuple[str, ...]:
        """What people are told: where the files lie and which SKUs are in them."""
        files = [f"  {self.folder / name}" for name in (PAGE, PLANNER, WORKBOOK)]
        return (f"Review as of {self.as_of}:", *files, *self.lines)


def write_review(settings: Settings, as_of: str | None) -> Written:
    """Draws the review of a published night, default the latest, into `<exports>/review/as_of=D`.

    The pointer is resolved once, so all of it is of one night. A review that is drawn again takes
    the place of the one before; `latest` leads to that of the greatest day. Raises ReviewRefusal
    where nothing is published for that day.
    """
    exports = settings.paths.exports
    try:
        snapshot = snapshot_dir(exports, as_of)
        day = date.fromisoformat(read_manifest(snapshot)["as_of"])
    except FileNotFoundError as error:
        raise ReviewRefusal(str(error)) from None
    root = exports / FOLDER
    folder = root / f"as_of={day}"
    storage = storage_of(exports)
    with storage.locked(exports / ".review.lock"):
        storage.sweep(root / ".staging")
        with storage.staging(root / ".staging") as staging:
            lines = _draw(snapshot, settings.business.name, staging)
            _settle(staging, folder)
        drop_unkept(exports)
        newest = max((path.name for path in reviews(exports)), default=folder.name)
        storage.link(root / "latest", newest)
    _note(settings, day)
    return Written(day, folder, lines)


def _note(settings: Settings, day: date) -> None:
    """Notes that everybody has the review of `day`, as of the newest night that is published."""
    newest = max([day, *nights_before(settings.paths.exports, date.max)])
    note_sent(settings.paths.lake, newest, REVIEW, [f"review {day}"], EVERYBODY)


def _draw(snapshot: Place, business: str, folder: Path) -> tuple[str, ...]:
    """Draws all files, one after the other so that only one's tables are in memory at a time."""

    def night(names: tuple[str, ...]) -> Night:
        return read_night(snapshot, business, names)

    one = night(page_of.READ)
    found = page_of.review(one)
    text = review_html(one, found, planner=PLANNER, workbook=WORKBOOK)
    (folder / PAGE).write_text(text, encoding="utf-8")
    one = night(planner_of.READ)
    text = planner_html(one, planner_of.planner(one), review=PAGE)
    (folder / PLANNER).write_text(text, encoding="utf-8")
    write_workbook(night(sheets_of.READ), folder / WORKBOOK)
    return found.coverage.lines


def _settle(staging: Path, folder: Place) -> None:
    """Puts the files in their place; whoever opens one finds the old or the new one, whole."""
    storage = storage_of(folder)
    for path in sorted(staging.iterdir()):
        storage.put_file(path, folder / path.name)
