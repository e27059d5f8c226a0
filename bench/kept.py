"""What peers told, kept on disk: ours can then be judged again without measuring them again."""

from __future__ import annotations

import hashlib
import pickle
from importlib.metadata import version
from pathlib import Path

from bench.judge import Method
from bench.panels import Case

CODE = ("libraries.py", "peers.py", "arrays.py", "accuracy.py")
PACKAGES = ("lightgbm", "mlforecast", "pandas", "statsforecast", "statsmodels")


def key_of(
    case: Case, *, quick: bool, skip: str | None = None, packages: tuple[str, ...] = PACKAGES
) -> str:
    """A name that changes with the panel, the cutoffs, the peers, their versions and code here."""
    found = hashlib.sha256()
    for part in (case.cutoffs, case.rehearsals, quick, skip, [(p, version(p)) for p in packages]):
        found.update(repr(part).encode())
    found.update(case.outcome.panels["units"].y.tobytes())
    found.update(b"" if case.truth is None else case.truth.tobytes())
    for name in CODE:
        found.update((Path(__file__).parent / name).read_bytes())
    return found.hexdigest()[:16]


def load(folder: Path, key: str) -> dict[str, Method] | None:
    """What was kept under a key, or None. Reads only what this programme wrote."""
    file = folder / f"{key}.pickle"
    if not file.exists():
        return None
    methods: dict[str, Method] = pickle.loads(file.read_bytes())
    return methods


def save(folder: Path, key: str, methods: dict[str, Method]) -> None:
    """Keep what peers told under a key."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{key}.pickle").write_bytes(pickle.dumps(methods))
