"""Configurations written for tests."""

from __future__ import annotations

from pathlib import Path


def write_config(folder: Path, sources: dict[str, str], extra: str = "") -> Path:
    """A hearcast.toml in `folder` over the given patterns."""
    tables = "\n".join(f'{table} = "{pattern}"' for table, pattern in sources.items())
    path = folder / "hearcast.toml"
    path.write_text(
        "[business]\nname = 'Test'\ntimezone = 'America/New_York'\n"
        "[paths]\nlake = 'lake'\nexports = 'exports'\n"
        f"[[sources]]\nname = 'main'\nkind = 'files'\n{tables}\n{extra}"
    )
    return path
