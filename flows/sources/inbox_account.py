"""The account of one file of an inbox: per canonical table where each of its rows went."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace

import polars as pl

from flows.settings import Settings
from flows.sources.accounting import span
from flows.sources.base import NO_TABLE, QUARANTINE, FileKey, FileReport, Status
from flows.sources.records import Records
from transforms.contracts import INPUTS, Reason
from transforms.quarantine import QUARANTINED, WITHHELD, withheld_lines
from transforms.readers.layout import Layout
from transforms.readers.read import Read
from transforms.readers.stack import Stack
from transforms.readers.unwrap import MESSAGE
from transforms.shown_columns import shown_name
from transforms.validation import split

_PASSED_OVER = "not read: "
"""How the rule begins under which records of streams are counted that nobody needs."""


@dataclass(slots=True)
class _Entry:
    """What came to one table."""

    good: pl.DataFrame | None = None
    bad: list[pl.DataFrame] = field(default_factory=list)
    duplicates: int = 0
    filtered: dict[str, int] = field(default_factory=dict)
    unmapped: tuple[str, ...] = ()
    problems: list[str] = field(default_factory=list)
    status: Status = "read"


class InboxAccount:
    """Gathers what became of a file's records; what is not rows of a table counts for its first one."""

    def __init__(self, key: FileKey, found: Records, settings: Settings) -> None:
        self.key = key
        self.found = found
        self.settings = settings
        self.good: dict[str, pl.DataFrame] = {}
        self._entries: dict[str, _Entry] = {}
        self._titles: list[str] = []
        self._unread: list[tuple[Stack, Layout | None, str]] = []
        self._notes: list[str] = list(found.notes)

    def recognised(self, layout: Layout) -> None:
        """Notes that a stack is of this layout; its main table answers for the file."""
        self._titles.append(layout.title)
        self._entry(layout.table)

    def note(self, *lines: str) -> None:
        """Adds remarks on the file."""
        self._notes += lines

    def refuse(self, stack: Stack, nearest: Layout | None, problem: str) -> None:
        """Notes a stack that is not read, with the line that says why."""
        self._unread.append((stack, nearest, problem))

    def judge(self, read: Read) -> None:
        """Splits the rows of one table by its contract."""
        business, shown = self.settings.business, self.settings.privacy.quarantine_chars
        judged = split(
            read.rows, INPUTS[read.table], timezone=business.timezone, max_chars=shown
        ) if read.rows.height else None  # fmt: skip
        entry = self._entry(read.table)
        entry.filtered.update(read.filtered)
        entry.unmapped = read.unmapped
        if judged is None:
            return
        entry.good = self.good[read.table] = judged.good
        entry.duplicates = judged.duplicates
        entry.bad.append(_contract_only(judged.quarantined, read.table))
        if judged.problem is not None:
            entry.problems.append(judged.problem)
            entry.status = "refused"

    def quarantined(self) -> pl.DataFrame:
        """All quarantined rows of the file, with the columns of QUARANTINE."""
        self._settle()
        frames = [
            rows.select(
                pl.lit(name).alias("table"),
                pl.lit(self.key.source).alias("source"),
                pl.lit(self.key.file).alias("file"),
                pl.all(),
            )
            for name, entry in self._entries.items()
            for rows in entry.bad
            if rows.height
        ]
        return pl.concat(frames) if frames else pl.DataFrame(schema=QUARANTINE)

    def reports(self) -> tuple[FileReport, ...]:
        """One report per table, that of the first recognised stack first."""
        self._settle()
        found = [self._report(name, one) for name, one in self._entries.items()]
        return tuple(one for one in found if one.rows_in or one.problem or one is found[0])

    def _entry(self, table: str) -> _Entry:
        return self._entries.setdefault(table, _Entry())

    def _settle(self) -> None:
        """Counts what is not rows of a table; once."""
        unread, self._unread = self._unread, []
        for stack, nearest, problem in unread:
            self._pass_over(stack, nearest, problem)
        first = next(iter(self._entries), NO_TABLE)
        if self.found.bad.height:
            bad, self.found = self.found.bad, _without_bad(self.found)
            self._entry(first).bad.append(withheld_lines(bad))
        if self.found.messages:
            rules = self._entry(first).filtered
            rules[MESSAGE] = self.found.messages
        if self.found.left_out:
            self._entry(first).filtered.update(self.found.left_out)
        if not self._entries:
            self._entry(NO_TABLE)

    def _pass_over(self, stack: Stack, nearest: Layout | None, problem: str) -> None:
        known = nearest is not None
        if not known and self._titles:
            # A stream that nobody needs beside others that are read.
            rule = f"{_PASSED_OVER}{shown_name(stack.stream) or 'other records'}"
            rules = self._entry(next(iter(self._entries))).filtered
            rules[rule] = rules.get(rule, 0) + stack.height
            return
        table = nearest.table if nearest is not None else NO_TABLE
        entry = self._entry(table)
        entry.problems.append(problem)
        entry.status = "refused" if known else "unrecognised"
        reason = Reason.MISSING_COLUMN if known else Reason.UNRECOGNISED
        entry.bad.append(_all_of(stack, reason))

    def _report(self, name: str, entry: _Entry) -> FileReport:
        bad = pl.concat(entry.bad) if entry.bad else pl.DataFrame(schema=QUARANTINED)
        good = entry.good.height if entry.good is not None else 0
        earliest, latest = (
            span(entry.good, INPUTS[name]) if entry.good is not None else (None, None)
        )
        left_out = sum(entry.filtered.values())
        first = name == next(iter(self._entries))
        problem = "; ".join(entry.problems)
        return FileReport(
            source=self.key.source,
            table=name,
            file=self.key.file,
            sha256=self.key.sha256,
            status=entry.status,
            rows_in=good + bad.height + entry.duplicates + left_out,
            rows_good=good,
            rows_quarantined=bad.height,
            rows_duplicate=entry.duplicates,
            rows_filtered=left_out,
            reasons=dict(sorted(Counter(bad["reason"].to_list()).items())),
            filtered_by=dict(sorted(entry.filtered.items())),
            unmapped_columns=tuple(shown_name(one) for one in entry.unmapped),
            min_event_at=earliest,
            max_event_at=latest,
            problem=f"{self.key.file}: {problem}" if problem else None,
            notes=tuple(f"{self.key.file}: {one}" for one in self._notes) if first else (),
        )


def _without_bad(found: Records) -> Records:
    return replace(found, bad=found.bad.clear())


def _all_of(stack: Stack, reason: Reason) -> pl.DataFrame:
    """Every record of a stack in quarantine; nothing is shown, as nobody knows what stands where."""
    rows = {
        "row_number": list(stack.row_numbers()),
        "reason": [reason.value] * stack.height,
        "column": [None] * stack.height,
        "row": [json.dumps({"line": WITHHELD})] * stack.height,
    }
    return pl.DataFrame(rows, schema=QUARANTINED)


def _contract_only(bad: pl.DataFrame, table: str) -> pl.DataFrame:
    """`bad` without what their rows say beside the contract's columns."""
    names = INPUTS[table].names
    rows = [
        json.dumps({k: v for k, v in json.loads(row).items() if k in names}, ensure_ascii=False)
        for row in bad["row"]
    ]
    return bad.with_columns(pl.Series("row", rows, pl.String))
