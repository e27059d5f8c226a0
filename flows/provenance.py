"""What decides a night's numbers beside its data: code, libraries, phrases and configuration."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from flows.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
CODE = (
    "flows/**/*.py",
    "transforms/**/*.py",
    "models/**/*.py",
    "data/phrases/*.toml",
    "data/tagger/*.npz",
)
LIBRARIES = ("hearcast", "polars", "numpy", "numba", "scipy", "statsmodels", "pyarrow", "prefect")


def provenance(settings: Settings) -> dict[str, Any]:
    """The manifest's fields of versions and digests.

    code_sha256: code and phrase files; configuration_sha256: the configuration's file;
    settings_sha256: the settings that can change a number, wherever they were given.
    """
    return {
        "versions": {"python": platform.python_version()} | {n: version(n) for n in LIBRARIES},
        "code_sha256": code_sha256(ROOT),
        "configuration_sha256": hashlib.sha256(settings.file.read_bytes()).hexdigest(),
        "settings_sha256": settings_sha256(settings),
    }


def settings_sha256(settings: Settings) -> str:
    """Digest of the settings, those of the environment too, but for places, people and resources."""
    told = settings.model_dump(mode="json", exclude={"file", "paths", "run", "alerts"})
    text = json.dumps(told, sort_keys=True).replace(str(settings.folder), "")
    return hashlib.sha256(text.encode()).hexdigest()


def code_sha256(root: Path) -> str:
    """Digest of every source, phrase file and network below `root`, by name and content."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in CODE for path in root.glob(pattern)):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(root).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def differences(manifest: Mapping[str, Any], settings: Settings) -> list[str]:
    """What of tonight's provenance is not that of a published night's manifest; empty: the same."""
    now = provenance(settings)
    then: Mapping[str, Any] = manifest.get("versions", {})
    found = [
        f"{name} {then.get(name, 'unknown')} (now {current})"
        for name, current in now["versions"].items()
        if then.get(name) != current
    ]
    if manifest.get("code_sha256") != now["code_sha256"]:
        found.append("other code, phrase files or networks")
    if manifest.get("configuration_sha256") != now["configuration_sha256"]:
        found.append("another configuration")
    elif manifest.get("settings_sha256", now["settings_sha256"]) != now["settings_sha256"]:
        found.append("other settings in the environment")
    return found
