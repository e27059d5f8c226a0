"""Reading `hearcast.toml`: overrides, variables, relative paths, then the checks."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from flows.settings import sql
from flows.settings.model import Settings
from flows.settings.problem import SettingsError, explain
from flows.storage import place_of
from transforms.contracts import CONFIG_KEYS

_PREFIX = "HEARCAST_"
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_TEXT_KEYS = {("business", "name"), ("paths", "lake"), ("paths", "exports")}


def load_settings(path: Path, environ: Mapping[str, str]) -> Settings:
    """The settings in the file at `path`, overridden by `HEARCAST_SECTION__KEY` in `environ`.

    `${NAME}` in paths is replaced from `environ`; relative paths are made absolute from the
    file's folder. SettingsError, in one line, for every mistake.
    """
    overridden: dict[tuple[str, ...], str] = {}
    try:
        raw = _read(path)
        overridden = _override(raw, environ)
        folder = path.absolute().parent
        _place_paths(raw, folder, environ)
        return _reached(Settings.model_validate({**raw, "file": folder / path.name}))
    except ValidationError as error:
        origin = _variable_of(error, overridden)
        raise SettingsError(f"{path}: {origin}{explain(error, raw)}") from None
    except _MistakeError as error:
        raise SettingsError(f"{path}: {error}") from None


def _reached(settings: Settings) -> Settings:
    """The settings, their addresses in buckets reached as `[storage]` says."""
    paths, access = settings.paths, settings.storage.access
    placed = {
        name: place_of(str(place), access)
        for name, place in (("lake", paths.lake), ("exports", paths.exports))
    }
    return settings.model_copy(update={"paths": paths.model_copy(update=placed)})


class _MistakeError(Exception):
    """A mistake found before the checks; the file's name is added outside."""


def _read(path: Path) -> dict[str, Any]:
    try:
        raw = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise _MistakeError("no such file; give the configuration with --config") from None
    except IsADirectoryError:
        raise _MistakeError("is a folder; give the configuration file in it") from None
    except OSError as error:
        raise _MistakeError(f"can't be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise _MistakeError(f"is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise _MistakeError(f"is not valid TOML: {' '.join(str(error).split())}") from None
    if "file" in raw:
        raise _MistakeError("[file] is not a known section")
    return raw


def _override(raw: dict[str, Any], environ: Mapping[str, str]) -> dict[tuple[str, ...], str]:
    """Values from the environment put over those of the file; key path to variable."""
    overridden: dict[tuple[str, ...], str] = {}
    for variable in sorted(environ):
        if not variable.startswith(_PREFIX) or "__" not in variable:
            continue
        *sections, key = variable.removeprefix(_PREFIX).lower().split("__")
        _check_section(variable, sections)
        at = raw
        for section in sections:
            at = at.setdefault(section, {})
            if not isinstance(at, dict):
                raise _MistakeError(f"environment {variable}: {section} is not a table of keys")
        at[key] = _value((*sections, key), environ[variable])
        overridden[(*sections, key)] = variable
    return overridden


def _variable_of(error: ValidationError, overridden: Mapping[tuple[str, ...], str]) -> str:
    """`environment NAME: ` where a mistake came from a variable, else nothing."""
    places = [tuple(str(part) for part in one["loc"]) for one in error.errors()]
    for place, variable in overridden.items():
        if any(found[: len(place)] == place for found in places):
            return f"environment {variable}: "
    return ""


def _check_section(variable: str, sections: list[str]) -> None:
    known = [name for name in Settings.model_fields if name not in ("file", "sources", "signals")]
    if sections[0] not in known:
        near = get_close_matches(sections[0], known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"sections: {', '.join(known)}"
        raise _MistakeError(f"environment {variable}: no section {sections[0]}; {hint}")


def _value(place: tuple[str, ...], text: str) -> object:
    if place in _TEXT_KEYS:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _place_paths(raw: dict[str, Any], folder: Path, environ: Mapping[str, str]) -> None:
    """Variables replaced and relative paths resolved, wherever a path may stand."""

    def placed(value: object, where: str) -> object:
        if isinstance(value, list):
            return [placed(one, where) for one in value]
        if not isinstance(value, str) or not value:
            return value
        full = _filled(value, where, environ)
        return full if "://" in full else os.path.normpath(folder / Path(full).expanduser())

    defaults = {"lake": "data/var/lake", "exports": "data/var/exports"}
    paths = raw.setdefault("paths", {})
    if isinstance(paths, dict):
        paths.update(
            {
                key: placed(paths.get(key, default), f"[paths] {key}")
                for key, default in defaults.items()
            }
        )
    sources = raw.get("sources")
    for source in sources if isinstance(sources, list) else ():
        if isinstance(source, dict) and source.get("kind") == "sql":
            _place_sql(source, placed)
        elif isinstance(source, dict):
            for key in {*CONFIG_KEYS.values(), "path"} & set(source):
                where = f"[[sources]] '{source.get('name', source.get('kind', 'files'))}' {key}"
                source[key] = _placed_table(source[key], where, placed)


def _place_sql(source: dict[str, Any], placed: Callable[[object, str], object]) -> None:
    """A database's file and lookup files; what else a table names is no path."""
    where = f"[[sources]] '{source.get('name', 'sql')}'"
    sql.place(source, placed, where)
    for key in set(CONFIG_KEYS.values()) & set(source):
        if isinstance(source[key], dict) and "path" not in source[key]:
            _placed_table(source[key], f"{where} {key}", placed)


def _placed_table(value: object, where: str, placed: Callable[[object, str], object]) -> object:
    if not isinstance(value, dict):
        return placed(value, where)
    if "path" in value:
        value["path"] = placed(value["path"], f"{where}.path")
    lookups = value.get("lookup")
    for lookup in lookups if isinstance(lookups, list) else ():
        if isinstance(lookup, dict) and "file" in lookup:
            lookup["file"] = placed(lookup["file"], f"{where}.lookup.file")
    return value


def _filled(value: str, where: str, environ: Mapping[str, str]) -> str:
    def fill(match: re.Match[str]) -> str:
        name = match.group(1)
        if not environ.get(name):
            raise _MistakeError(f"{where} uses ${{{name}}}, which is not set; set it to a folder")
        # At the start of a path a relative folder means what it means in the caller's shell.
        return str(Path(environ[name]).absolute()) if match.start() == 0 else environ[name]

    return _VARIABLE.sub(fill, value)
