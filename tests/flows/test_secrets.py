"""No key or address in anything that a command leaves behind: planted, and searched for after."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flows.cli import EXIT_PUBLISHED
from tests.flows.conftest import PAGES, child_environment
from tests.flows.listeners import Hook, Monitor
from tests.flows.tiny import END, tiny_shop

ROOT = Path(__file__).resolve().parents[2]
PLANTED = ("hush-key-7f3a", "hush-old-9c1d", "hush-token", "hush-ping")
COMMANDS = (
    ["nightly", "--as-of", str(END), "--json-logs"],
    ["fresh"],
    ["backfills"],
    ["repull"],
    ["doctor"],
    ["review"],
    ["explain", "--sku", "S1"],
    ["forget", "--customer", "nobody@example.com"],
    ["nightly", "--as-of", "hush-key"],
)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    """Every command with secrets in its environment: the folder left behind and what was said."""
    folder = tmp_path_factory.mktemp("secrets")
    config, hook, monitor = tiny_shop(folder / "shop"), Hook(), Monitor()
    hook.status = monitor.status = 500  # errors are what quotes addresses
    environ = child_environment(folder / "home") | {
        "HEARCAST_HMAC_KEY": PLANTED[0],
        "HEARCAST_HMAC_KEY_OLD": PLANTED[1],
        "HEARCAST_ALERT_URLS": f"{hook.url} nonsense://{PLANTED[2]}",
        "HEARCAST_PING_URL": monitor.url,
        PAGES: "true",
    }
    found = {}
    for command in COMMANDS:
        done = subprocess.run(
            [sys.executable, "-m", "flows.cli", command[0], "--config", str(config), *command[1:]],
            cwd=ROOT, env=environ, capture_output=True, timeout=500, check=False,
        )  # fmt: skip
        found[" ".join(command)] = done.stdout + done.stderr
        if command is COMMANDS[0]:
            assert done.returncode == EXIT_PUBLISHED, done.stderr.decode()
            assert monitor.asked == ["/hush-ping"], "the address was used"
    for one in (hook, monitor):
        one.server.shutdown()
        one.server.server_close()
    return folder, found


@pytest.mark.soak
def test_no_command_says_a_secret(said: tuple[Path, dict[str, bytes]]) -> None:
    for command, text in said[1].items():
        told = [one for one in PLANTED if one.encode() in text]
        assert told == [], command
    assert b"could not be told of this night" in said[1][" ".join(COMMANDS[0])]


@pytest.mark.soak
def test_no_file_holds_a_secret(said: tuple[Path, dict[str, bytes]]) -> None:
    """Lake, exports, manifest, pages, and Prefect's database with its artifacts and logs."""
    files = [path for path in said[0].rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in files)
    assert any(path.name == "manifest.json" for path in files)
    assert any(path.name == "review.html" for path in files)
    for path in files:
        content = path.read_bytes()
        assert [one for one in PLANTED if one.encode() in content] == [], path.name
