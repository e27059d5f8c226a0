"""A published snapshot made of frames, its review, and one browser for all tests of the pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from flows.exports import publish, write_snapshot
from flows.settings import Settings, load_settings
from tests import review_frames as made
from tests.browser import Browser, browser
from tests.flows.written import write_config
from transforms.contracts import EXPORTS

MISSING = "SKU-00003"
SKUS = 40


@pytest.fixture(scope="session")
def tables() -> dict[str, pl.DataFrame]:
    """All tables that the review draws; some of later nights' contracts."""
    return made.every_table(SKUS, missing=(MISSING,))


def publish_frames(folder: Path, tables: dict[str, pl.DataFrame]) -> Settings:
    """Publishes those of `tables` whose whole contract is kept; returns the settings."""
    settings = load_settings(write_config(folder, {"order_lines": "in/*"}), {})
    whole = {
        n: f for n, f in tables.items() if n in EXPORTS and set(EXPORTS[n].names) == set(f.columns)
    }
    told = {n: {"rung": "full"} for n in whole} | {
        n: {"left_out": True, "why": "not asked for"} for n in EXPORTS if n not in whole
    }
    manifest = {
        "as_of": made.AS_OF.isoformat(),
        "status": "Published",
        "tables": told,
        "run_id": "r",
    }
    snapshot = write_snapshot(settings.paths.exports, whole, manifest)
    publish(settings.paths.exports, snapshot, made.AS_OF, {"run_id": "r", "status": "Published"})
    return settings


@pytest.fixture(scope="session")
def published(
    tables: dict[str, pl.DataFrame], tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """Exports with one night in them."""
    return publish_frames(tmp_path_factory.mktemp("published"), tables)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for the session: it takes seconds to start."""
    with browser(tmp_path_factory.mktemp("profile")) as started:
        yield started
