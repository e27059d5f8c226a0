"""Nights for tests: small brands on disk, one Prefect server for the whole session."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flows import environment

# Before Prefect is imported: it reads its settings once.
environment.prepare(2)

from prefect.settings import PREFECT_API_URL  # noqa: E402
from prefect.testing.utilities import prefect_test_harness  # noqa: E402

from flows.commands import one_night  # noqa: E402
from flows.simulate import write_brand  # noqa: E402
from tests.flows.listeners import Hook, Monitor  # noqa: E402
from tests.flows.postgres import running_server  # noqa: E402
from tests.flows.tiny import END, tiny_shop  # noqa: E402
from tests.flows.written import write_config  # noqa: E402

AS_OF = "2026-11-17"
PAGES = "HEARCAST_RUN__DATA_DOCS"
# What costs a third of a small night is left to the tests of it: Data Docs, and most of the audit.
os.environ.setdefault(PAGES, "false")
os.environ.setdefault("HEARCAST_FORECAST__AUDIT_SERIES", "2")


@pytest.fixture(scope="module")
def data_docs() -> Iterator[None]:
    """Nights of this module leave Great Expectations' pages."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(PAGES, "true")
        yield


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[str]:
    """The address of a real Prefect server, shared: it takes some ten seconds to start."""
    with prefect_test_harness(server_startup_timeout=180):
        yield str(PREFECT_API_URL.value())


@pytest.fixture(scope="session")
def brand_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of a small simulated brand: 12 SKUs, 80 weeks, ends on AS_OF."""
    folder = tmp_path_factory.mktemp("brand")
    write_brand(folder, skus=12, weeks=80, seed=11)
    return folder


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hook]:
    """A channel that alerts go to."""
    made = Hook()
    monkeypatch.setenv("HEARCAST_ALERT_URLS", made.url)
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def monitor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Monitor]:
    """A monitor that nights ping."""
    made = Monitor()
    monkeypatch.setenv("HEARCAST_PING_URL", made.url)
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """A real PostgreSQL server; skips where its programs are not installed."""
    with running_server() as server:
        yield server


SOURCES = {
    "order_lines": "order_lines.parquet",
    "refunds": "refunds.csv.gz",
    "tickets": "tickets.parquet",
    "conversations": "conversations.jsonl.gz",
    "passages": "passages.jsonl.gz",
    "products": "products.csv",
    "inventory_daily": "inventory_daily.parquet",
}


@pytest.fixture
def config(tmp_path: Path, brand_folder: Path) -> Path:
    """A configuration over the small brand, with a lake and exports of its own."""
    sources = {table: str(brand_folder / name) for table, name in SOURCES.items()}
    backtest = "[forecast]\nhorizon_weeks = 6\nbacktest_origins = 3\n"
    return write_config(tmp_path, sources, backtest)


@pytest.fixture(scope="session")
def run_night() -> Callable[..., Any]:
    """Runs a night in this process; returns its final Prefect state."""

    def run(config: Path, as_of: str = AS_OF, *, restated: bool = False) -> Any:
        return one_night(str(config), as_of, restated=restated)

    return run


@pytest.fixture(scope="session")
def _tiny_night(tmp_path_factory: pytest.TempPathFactory, prefect_server: None) -> Path:  # noqa: ARG001
    folder = tmp_path_factory.mktemp("tiny") / "shop"
    state = one_night(str(tiny_shop(folder)), END.isoformat())
    assert state.name == "Completed"
    return folder


@pytest.fixture
def tiny_night(_tiny_night: Path, tmp_path: Path) -> Path:
    """The configuration of a tiny shop of the test's own that has published END."""
    shutil.copytree(_tiny_night, tmp_path / "shop", symlinks=True)
    return tmp_path / "shop" / "hearcast.toml"


def digests(folder: Path, pattern: str = "*.parquet") -> dict[str, str]:
    """sha256 of each file below `folder`, by relative path."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob(pattern))
        if path.is_file()
    }


def child_environment(home: Path) -> dict[str, str]:
    """Environment of a `hearcast` process with a home of its own."""
    home.mkdir(parents=True, exist_ok=True)
    keep = ("PATH", "LANG", "LC_ALL", "HEARCAST_EXAMPLES_DATA", "POLARS_MAX_THREADS", PAGES)
    return {name: os.environ[name] for name in keep if name in os.environ} | {"HOME": str(home)}
