"""The account of one file: where each of its rows went, per table that it fed."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time

import polars as pl

from flows.sources.base import QUARANTINE, FileKey, FileReport, RawFile
from transforms.contracts import Table
from transforms.mapping import Mapped
from transforms.quarantine import withheld_lines
from transforms.shown_columns import shown_name
from transforms.validation import Split


class Account:
    """Gathers what became of a file's rows; the file's own bad rows count for its first table."""

    def __init__(self, key: FileKey, table: Table, raw: RawFile) -> None:
        self.key = key
        self.table = table
        self.raw = raw
        self.good: dict[str, pl.DataFrame] = {}
        self._mapped: Mapped | None = None
        self._splits: dict[str, tuple[Table, int, Split]] = {}
        self._handed: set[str] = set()

    def set_aside(self, mapped: Mapped) -> None:
        """Notes what the mapping filtered, routed and did not know."""
        self._mapped = mapped

    def add(self, table: Table, rows_in: int, judged: Split) -> None:
        """Notes what validation made of the `rows_in` rows that came to `table`."""
        self._splits[table.name] = (table, rows_in, judged)
        self.good[table.name] = judged.good

    def hand_on(self, table: Table) -> pl.DataFrame:
        """The good rows of `table`, which now count as routed: other tables take them."""
        self._handed.add(table.name)
        return self.good.pop(table.name)

    def quarantined(self) -> pl.DataFrame:
        """All quarantined rows of the file, with the columns of QUARANTINE."""
        unread = self.raw.bad_rows
        parts = [(self.table.name, withheld_lines(unread) if self.table.text else unread)]
        parts += [(name, judged.quarantined) for name, (_, _, judged) in self._splits.items()]
        frames = [
            rows.select(
                pl.lit(name).alias("table"),
                pl.lit(self.key.source).alias("source"),
                pl.lit(self.key.file).alias("file"),
                pl.all(),
            )
            for name, rows in parts
            if rows.height
        ]
        return pl.concat(frames) if frames else pl.DataFrame(schema=QUARANTINE)

    def reports(self) -> tuple[FileReport, ...]:
        """One report per table, the configured one first."""
        if self.table.name not in self._splits:
            return (self._report(self.table, 0, None),)
        return tuple(self._report(*entry) for entry in self._splits.values())

    def _report(self, table: Table, rows: int, judged: Split | None) -> FileReport:
        first = table.name == self.table.name
        mapped = self._mapped
        unread = self.raw.bad_rows if first else self.raw.bad_rows.clear()
        set_aside = judged.quarantined if judged is not None else self.raw.bad_rows.clear()
        filtered = mapped.filtered if mapped is not None and first else {}
        routed = mapped.routed(table.name) if mapped is not None and first else 0
        good = judged.good if judged is not None else table.empty()
        handed = good.height if table.name in self._handed else 0
        problem = judged.problem if judged is not None else None
        reasons = Counter([*unread["reason"], *set_aside["reason"]])
        earliest, latest = span(good, table)
        return FileReport(
            source=self.key.source,
            table=table.name,
            file=self.key.file,
            sha256=self.key.sha256,
            status="read" if problem is None else "refused",
            rows_in=rows + unread.height + sum(filtered.values()) + routed,
            rows_good=good.height - handed,
            rows_quarantined=unread.height + set_aside.height,
            rows_duplicate=judged.duplicates if judged is not None else 0,
            rows_filtered=sum(filtered.values()),
            rows_routed=routed + handed,
            reasons=dict(sorted(reasons.items())),
            filtered_by=dict(filtered),
            unmapped_columns=tuple(
                shown_name(name)
                for name in (mapped.unmapped.get(table.name, ()) if mapped is not None else ())
            ),
            min_event_at=earliest,
            max_event_at=latest,
            problem=None if problem is None else f"{self.key.file}: {problem}",
            notes=self._notes(table),
        )

    def _notes(self, table: Table) -> tuple[str, ...]:
        """Remarks on the file, each with its name; they stand in the first table's report."""
        if table.name != self.table.name:
            return ()
        said = (*self.raw.notes, *(self._mapped.notes if self._mapped is not None else ()))
        return tuple(f"{self.key.file}: {note}" for note in said)


def span(good: pl.DataFrame, table: Table) -> tuple[datetime | None, datetime | None]:
    """First and last event time; a day counts from its midnight in UTC."""
    if table.event_time is None or good.is_empty():
        return None, None
    times = good[table.event_time]
    return _instant(times.min()), _instant(times.max())


def _instant(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, date):
        return None
    return datetime.combine(value, time.min, tzinfo=UTC)
