"""A night's tables into one snapshot, judged as read back, and only then pointed to."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import polars as pl

from flows.data_docs import write_data_docs
from flows.errors import Refusal, where
from flows.exports import Snapshot, discard, note_afterwards, prune, publish, write_snapshot
from flows.lineage import lineage
from flows.night import Night
from flows.places import Place
from flows.provenance import provenance
from flows.stopwatch import laps
from flows.storage import storage_of
from transforms.contracts import EXPORTS
from transforms.expectations import Verdicts, judge_exports

LOG = logging.getLogger("hearcast")
TONIGHTS = ("series_listed", "signal_evidence")
STATUS_FULL = "Published"
STATUS_DEGRADED = "PublishedDegraded"


class NotFitToPublish(Refusal):
    """The files just written contradict their contract; nothing was pointed to them."""


@dataclass(frozen=True, slots=True)
class Account:
    """What a night has to say about itself beside its tables.

    `rungs`: table to the rung it was made on. `left_out`: table to why it is not there. `held`:
    input table to why its new rows were held back. `notes`: lines for people. `skipped`: table to
    why there is nothing to show in it, such as an input that is not given; that is no failure.
    `troubles`: what was wrong around the night, such as a folder that is gone.
    """

    rungs: Mapping[str, str]
    left_out: Mapping[str, str]
    held: Mapping[str, str]
    why: tuple[str, ...]
    notes: tuple[str, ...]
    skipped: Mapping[str, str] = field(default_factory=dict)
    troubles: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        """Whether the night stepped down anywhere."""
        return STATUS_DEGRADED if self.reasons else STATUS_FULL

    @property
    def reasons(self) -> tuple[str, ...]:
        """Everything for which the night is not a full one, for people; empty where it is."""
        held = [f"{table} held back: {why}" for table, why in sorted(self.held.items())]
        left = [f"{table} left out: {why}" for table, why in sorted(self.left_out.items())]
        down = sorted({rung for rung in self.rungs.values() if rung != "full"})
        lower = [f"rung {rung}: {self._on(rung)}" for rung in down]
        return (*self.troubles, *held, *self.why, *lower, *left)

    def _on(self, rung: str) -> str:
        return ", ".join(sorted(table for table, one in self.rungs.items() if one == rung))


def publish_night(
    night: Night, tables: dict[str, pl.DataFrame], account: Account, inputs: Verdicts
) -> Snapshot:
    """Writes, reads back, judges and publishes. What is written is taken out of `tables`.

    Raises NotFitToPublish, with nothing visible and nothing left: what was refused may hold what
    nobody may read.
    """
    settings = night.settings
    exports = settings.paths.exports
    snapshot = write_snapshot(exports, tables, _manifest(night, account, tables))
    names, storage = [*tables], storage_of(exports)
    tables.clear()  # else all are held twice
    read_back = {name: storage.read_parquet(snapshot.path / f"{name}.parquet") for name in names}
    if "stale" in account.rungs.values():
        # Last night's rows were judged with last night's lists of series and evidence.
        read_back = {n: f for n, f in read_back.items() if n not in TONIGHTS}
    verdicts = judge_exports(read_back, horizon=settings.forecast.horizon_weeks)
    docs = exports / "data_docs" / f"as_of={night.as_of}"
    if settings.run.data_docs or verdicts.held:
        with storage.filling(docs) as folder:
            write_data_docs([inputs, verdicts], folder, as_of=night.as_of)
    if verdicts.held:
        discard(exports, snapshot)
        raise NotFitToPublish(
            f"{', '.join(sorted(verdicts.held))} would contradict the contract "
            f"({'; '.join(verdicts.hold_reasons[:3])}); see {docs / 'index.html'}"
        )
    run = {"run_id": night.run_id, "status": account.status}
    publish(exports, snapshot, night.as_of, run)
    prune(exports, settings.run.keep_nights)
    _prune_docs(exports)
    return snapshot


def note_stages(night: Night) -> None:
    """Leaves in the night's pointers what each stage took, those after the manifest too.

    No trouble in doing so undoes a night that is published.
    """
    told = {"stages": [asdict(one) for one in laps(night.work)]}
    try:
        note_afterwards(night.settings.paths.exports, night.as_of, night.run_id, told)
    except Exception as error:  # noqa: BLE001 - as said above
        LOG.warning("the stages' times could not be noted beside the night: %s", where(error))


def _prune_docs(exports: Place) -> None:
    """Removes the Data Docs of nights that are no longer kept."""
    kept = {path.stem for path in (exports / "pointers").glob("as_of=*.json")}
    for folder in (exports / "data_docs").glob("as_of=*"):
        if folder.name not in kept:
            storage_of(folder).remove(folder)


def _manifest(night: Night, account: Account, tables: Mapping[str, pl.DataFrame]) -> dict[str, Any]:
    settings = night.settings
    entries: dict[str, dict[str, Any]] = {}
    for name in EXPORTS:
        if name in account.left_out:
            entries[name] = {"left_out": True, "why": account.left_out[name]}
        elif name in account.skipped:
            entries[name] = {"left_out": True, "why": account.skipped[name]}
        else:
            entries[name] = {"rung": account.rungs.get(name, "full")}
    return {
        "as_of": night.as_of.isoformat(),
        "restated": night.restated,
        "run_id": night.run_id,
        "status": account.status,
        "held_inputs": dict(account.held),
        "why": list(account.why),
        "troubles": list(account.troubles),
        "notes": list(account.notes),
        **provenance(settings),
        **lineage(night.lake, night.as_of, tables),
        "stages": [asdict(one) for one in laps(night.work)],
        "started_at": night.started_at.isoformat(),
        "finished_at": datetime.now(UTC).isoformat(),
        "tables": entries,
    }
