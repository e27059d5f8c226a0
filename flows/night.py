"""One night: its settings, its date, and the folder in which its stages leave their results."""

from __future__ import annotations

import os
import shutil
import time
import tomllib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from flows.atomic import private_dir
from flows.knowledge import Rules
from flows.known_signals import check_signals
from flows.lake import Lake
from flows.settings import Settings, SettingsError, load_settings
from flows.stopwatch import note
from flows.storage import storage_of
from flows.tagger_files import check_tagger
from models.spec import ForecastSpec, SignalSpec
from transforms.tagging import PhraseBook, parse_phrases

TURN_SECONDS = 0.2
PHRASES = Path(__file__).resolve().parent.parent / "data" / "phrases"


@dataclass(frozen=True, slots=True)
class Night:
    """What every stage is given; plain values, so that a worker elsewhere can rebuild the rest."""

    config: str
    as_of: date
    run_id: str
    work: str
    started_at: datetime
    restated: bool = False
    asked: bool = True
    """Whether somebody gave the date; else the machine's clock says which day was yesterday."""
    without: Mapping[str, str] = field(default_factory=dict)
    """Damaged files of the lake that are not read, to what befell them."""

    turn: str | None = None
    """A file without which the night must not look at those published before it; None: it may."""

    @property
    def settings(self) -> Settings:
        """The night's settings, read again where its file or the environment is another."""
        return _settings(self.config, _stamp(Path(self.config)), tuple(os.environ.items()))

    @property
    def lake(self) -> Lake:
        """The lake that the settings name."""
        return Lake(self.settings.paths.lake, self.without)

    def path(self, name: str) -> Path:
        """Where a stage leaves the frame `name` for the stages after it."""
        return Path(self.work) / f"{name}.parquet"

    def keep(self, frames: Mapping[str, pl.DataFrame]) -> None:
        """Leaves frames for the stages after this one."""
        for name, frame in frames.items():
            frame.write_parquet(self.path(name), compression="lz4", statistics=False)

    def take(self, name: str) -> pl.DataFrame:
        """A frame that an earlier stage left."""
        return pl.read_parquet(self.path(name))

    def wait_for_turn(self) -> None:
        """Returns once all nights that this one looks back to are published."""
        while self.turn is not None and not Path(self.turn).exists():
            time.sleep(TURN_SECONDS)

    def close(self) -> None:
        """Removes the night's folder; what is worth keeping is published or in the lake."""
        shutil.rmtree(self.work, ignore_errors=True)


def yesterday(timezone: str) -> date:
    """The last day that is over in the business time zone."""
    return datetime.now(ZoneInfo(timezone)).date() - timedelta(days=1)


def night_of(settings: Settings, as_of: str | None) -> date:
    """The date of a night: the one asked for, else yesterday in the business time zone.

    Raises SettingsError where what was asked for is no date.
    """
    try:
        return date.fromisoformat(as_of) if as_of else yesterday(settings.business.timezone)
    except ValueError:
        raise SettingsError(f"as_of: {as_of!r} is not a date like 2026-11-17") from None


def open_night(config: str, as_of: str | None, *, restated: bool = False) -> Night:
    """A night ready to run. Raises SettingsError where the configuration is wrong."""
    settings = load_settings(Path(config), os.environ)
    check_words(settings)
    day = night_of(settings, as_of)
    run_id = uuid.uuid4().hex[:12]
    root = storage_of(settings.paths.lake).workroom(settings.paths.lake)
    shutil.rmtree(root, ignore_errors=True)
    storage_of(settings.paths.lake).remove(settings.paths.lake / "work")
    work = root / run_id
    private_dir(root.parent, work)
    note(run_id=run_id, as_of=day.isoformat(), config=str(settings.file))
    began = datetime.now(UTC)
    return Night(str(settings.file), day, run_id, str(work), began, restated, bool(as_of))


def rules_of(settings: Settings) -> Rules:
    """What of the settings decides how events become weeks and series."""
    return Rules(
        timezone=settings.business.timezone,
        week_start=settings.business.week_start,
        levels=settings.forecast.levels,
        signals=tuple(signal.name for signal in settings.signals),
        latency_days=max((source.latency_days for source in settings.sources), default=0),
        upstream=settings.tagging.upstream,
        horizon_weeks=settings.forecast.horizon_weeks,
        country=settings.business.country,
        max_shared=settings.identity.max_shared,
        max_emails=settings.identity.max_emails,
        max_phones=settings.identity.max_phones,
        max_ids=settings.identity.max_ids,
    )


def spec_of(settings: Settings) -> ForecastSpec:
    """What the settings ask of a forecast."""
    return ForecastSpec(
        horizon=settings.forecast.horizon_weeks,
        season_weeks=settings.forecast.season_weeks,
        levels=settings.forecast.levels,
        signals=tuple(
            SignalSpec(signal.name, signal.targets, signal.max_lag_weeks)
            for signal in settings.signals
        ),
        audit_series=settings.forecast.audit_series,
    )


def phrase_books(settings: Settings) -> list[PhraseBook]:
    """The phrase files of the configured languages. Raises SettingsError where there is none."""
    books = []
    for language in settings.tagging.languages:
        path = PHRASES / f"{language}.toml"
        if not path.is_file():
            there = ", ".join(sorted(p.stem for p in PHRASES.glob("*.toml")))
            raise SettingsError(
                f"{settings.file}: [tagging] languages: there is no phrase file for '{language}' (there are: {there})"
            )
        books.append(_book(language, path.read_text(encoding="utf-8")))
    return books


def check_words(settings: Settings) -> None:
    """Raises SettingsError where what customers say cannot be tagged as the settings ask."""
    check_signals(settings, phrase_books(settings))
    check_tagger(settings)


def _stamp(file: Path) -> tuple[int, int]:
    """What changes when the file is written again; zeros where there is none."""
    try:
        told = file.stat()
    except OSError:
        return 0, 0
    return told.st_mtime_ns, told.st_size


@lru_cache(maxsize=8)
def _settings(
    config: str,
    stamp: tuple[int, int],  # noqa: ARG001 - part of what is asked
    environ: tuple[tuple[str, str], ...],
) -> Settings:
    return load_settings(Path(config), dict(environ))


@cache
def _book(language: str, text: str) -> PhraseBook:
    """A phrase file, read once a process: a night asks for it at three places."""
    return parse_phrases(language, tomllib.loads(text))
