"""Mistakes in the configuration, each told in one line: where, what, and the remedy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from flows.errors import Mistake
from flows.settings.http import Http
from flows.settings.model import Settings, Signal, Thresholds
from flows.settings.planning import Terms
from flows.settings.source import TableSource
from flows.settings.sql import Database, SqlTable
from transforms.contracts import CONFIG_KEYS
from transforms.mapping_spec import ColumnMap, Condition, Lookup, Route, RowFilter

_PLAIN = {
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "string_type": "must be text in quotes",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list in brackets",
    "dict_type": "must be a table of keys",
    "model_type": "must be a table of keys",
    "path_type": "must be a path in quotes",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
}
_NESTED: Mapping[str, type[BaseModel]] = {
    "map": ColumnMap,
    "filter": RowFilter,
    "route": Route,
    "lookup": Lookup,
    "drop": Condition,
    "keep": Condition,
    "when": Condition,
}


class SettingsError(Mistake):
    """A configuration that can't be used; the message is one line with file, key and remedy."""


def explain(error: ValidationError, raw: Mapping[str, Any]) -> str:
    """One line for the first mistake that pydantic found in `raw`."""
    found = error.errors(include_url=False)
    # A list whose items are wrong is also "too short"; a key that is unknown explains a missing one.
    details = [one for one in found if one["type"] != "too_short"] or found
    rank = {"extra_forbidden": -1, "missing": 1}
    details.sort(key=lambda one: rank.get(one["type"], 0))
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    return f"{_line(details[0], raw)}{more}"


def _line(detail: ErrorDetails, raw: Mapping[str, Any]) -> str:
    section, key = _place(list(detail["loc"]), raw)
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(section, str(detail["loc"][-1]), key, _known(detail["loc"]))
    if kind == "value_error":
        said = str(context["error"])
    elif kind == "missing":
        said = "is missing"
    elif kind == "tuple_type" and detail["loc"] in (("sources",), ("signals",)):
        said = f"is a list: write [[{detail['loc'][0]}]] with two brackets"
    elif kind in _PLAIN:
        said = f"{_PLAIN[kind]} (got {_shown(detail['input'])})"
    elif kind == "literal_error":
        said = _choices(detail["input"], str(context["expected"]))
    else:
        said = f"{_lowered(detail['msg'])} (got {_shown(detail['input'])})"
    return " ".join(part for part in (section, key, said) if part)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _lowered(message: str) -> str:
    return message.removeprefix("Input ").rstrip(".")


def _choices(given: object, expected: str) -> str:
    names = expected.replace("'", "").replace(" or ", ", ").split(", ")
    near = get_close_matches(str(given), names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"choose from {', '.join(names)}"
    return f"can't be {_shown(given)}; {hint}"


def _unknown_key(section: str, name: str, path: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(sorted(known))}"
    if not section.startswith("["):
        return f"[{name}] is not a known section; {hint}"
    return f"{section} {path} is not a known key; {hint}"


def _place(loc: list[int | str], raw: Mapping[str, Any]) -> tuple[str, str]:
    """The section as TOML writes it, and the key path within it."""
    if not loc:
        return "", ""
    head, rest = str(loc[0]), loc[1:]
    if head in ("sources", "signals"):
        section = f"[[{head}]]"
        if rest and isinstance(rest[0], int):
            section += f" {_called(raw, head, rest[0])}"
            rest = rest[1:]
        if rest[:1] in (["database"], ["http"]):
            rest = rest[1:]
        if rest[:1] in (["tables"], ["queries"]):
            rest = rest[1:]
            rest = [CONFIG_KEYS.get(str(rest[0]), rest[0]), *rest[1:]] if rest else rest
    elif len(loc) == 1:
        return ("", "") if head not in Settings.model_fields else (f"[{head}]", "")
    else:
        section = f"[{head}]"
    key = ""
    for part in rest:
        key += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if key else str(part)
    return section, key


def _called(raw: Mapping[str, Any], section: str, index: int) -> str:
    """The name of the entry where it has one, else its number from 1."""
    try:
        entry = raw[section][index]
        name = entry.get("name") or entry.get("kind")
    except (KeyError, IndexError, AttributeError, TypeError):
        name = None
    return f"'{name}'" if isinstance(name, str) else f"#{index + 1}"


def _known(loc: Sequence[int | str]) -> list[str]:
    """Keys that are allowed beside the unknown one at `loc`."""
    names = [str(part) for part in loc[:-1] if isinstance(part, str)]
    if not names:
        return [name for name in Settings.model_fields if name != "file"]
    for name in reversed(names):
        if name in _NESTED:
            return [field.rstrip("_") for field in _NESTED[name].model_fields]
    return _keys_below(names)


def _keys_below(names: Sequence[str]) -> list[str]:
    if names[0] == "sources":
        for place, plan in (("tables", TableSource), ("queries", SqlTable)):
            if place in names:
                return list(plan.model_fields)
        own = ["name", "kind", "latency_days", "path", *Database.model_fields, *Http.model_fields]
        return [*own, *CONFIG_KEYS.values()]
    if names[0] == "signals":
        return list(Signal.model_fields)
    if names[:2] == ["validation", "tables"]:
        return list(Thresholds.model_fields)
    if names[0] == "planning" and len(names) > 1:
        return list(Terms.model_fields)
    section = Settings.model_fields[names[0]].annotation
    return list(section.model_fields) if section is not None else []
