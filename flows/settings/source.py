"""What a `[[sources]]` section may say: which files feed which table, and how they are read."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, Strict, field_validator, model_validator

from flows.settings.values import LocalPattern, known_timezone
from transforms.contracts import CONFIG_KEYS, INPUTS
from transforms.contracts.review_inputs import HEARD_AS, REVIEWS
from transforms.mapping_spec import ColumnMap, Spec, TableMap

SourceName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=100)]
KINDS = ("files", "inbox")
LATER_KINDS = ("sql", "http")


def _files(value: object) -> object:
    return {"path": value} if isinstance(value, str | list) else value


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


class TableSource(TableMap):
    """The files of one table and how to read them; paths are absolute once loaded."""

    path: Annotated[tuple[LocalPattern, ...], BeforeValidator(_listed), Field(min_length=1)]
    mode: Literal["append", "snapshot"] = "append"

    @property
    def mapping(self) -> TableMap:
        """The part that shapes rows: a change of it means that files must be read again."""
        return TableMap.model_validate(
            {name: getattr(self, name) for name in TableMap.model_fields}
        )


class Source(Spec):
    """One system that gives us tables; of an inbox, a folder of whatever there is (`path`)."""

    name: SourceName
    kind: str
    latency_days: Annotated[int, Strict(), Field(ge=0, le=366)] = 0
    path: Annotated[tuple[LocalPattern, ...], BeforeValidator(_listed)] = ()
    tables: dict[str, Annotated[TableSource, BeforeValidator(_files)]]

    @model_validator(mode="before")
    @classmethod
    def _gather_tables(cls, given: object) -> object:
        """Table keys stand beside the source's own keys in TOML; here they are one mapping."""
        if not isinstance(given, Mapping) or "tables" in given:
            return given
        names = {key: table for table, key in CONFIG_KEYS.items()}
        kept: dict[str, object] = {k: v for k, v in given.items() if k not in names}
        kept["tables"] = {names[k]: v for k, v in given.items() if k in names}
        kept.setdefault("kind", "files")
        kept.setdefault("name", kept["kind"])
        return kept

    @field_validator("kind")
    @classmethod
    def _known_kind(cls, kind: str) -> str:
        if kind in LATER_KINDS:
            raise ValueError(f"'{kind}' is not supported by this version; use 'files' or 'inbox'")
        if kind not in KINDS:
            raise ValueError(f"'{kind}' is not a kind of source; use 'files' or 'inbox'")
        return kind

    @model_validator(mode="after")
    def _sound_tables(self) -> Self:
        if self.kind == "inbox":
            return self._sound_inbox()
        if self.path:
            raise ValueError('path goes with kind = "inbox"; give each table its own, or that kind')
        if not self.tables:
            raise ValueError('names no table; add one, e.g. order_lines = "in/order_lines*.csv"')
        for table, plan in self.tables.items():
            _check_columns(table, "map", plan.map)
            if table == REVIEWS.name and plan.mode == "snapshot":
                raise ValueError(
                    "reviews: mode must be append: reviews are heard among other conversations, of "
                    "which a snapshot of reviews says nothing"
                )
            for route in plan.route:
                _check_route(route.to, self.tables)
                _check_columns(route.to, f"route to {route.to}: map", route.map)
            fed = {table, *(route.to for route in plan.route)}
            if REVIEWS.name in fed and fed & set(HEARD_AS):
                raise ValueError(
                    f"{table}: reviews are heard as conversations and passages; give those in files "
                    "of their own"
                )
        return self

    def _sound_inbox(self) -> Self:
        if self.tables:
            key = CONFIG_KEYS[next(iter(self.tables))]
            raise ValueError(
                f"{key}: an inbox tells files apart itself; give path alone, and put tables into a "
                "second [[sources]]"
            )
        if not self.path:
            raise ValueError('names no folder; add one, e.g. path = "in"')
        return self


def _check_route(to: str, tables: Mapping[str, TableSource]) -> None:
    if to not in INPUTS:
        near = get_close_matches(to, INPUTS, n=1) or ["refunds"]
        raise ValueError(f"route to '{to}': no such table; did you mean {near[0]}?")
    if to in tables:
        raise ValueError(
            f"route to '{to}': this source has {to} of its own; put those in a second [[sources]]"
        )


def _check_columns(table: str, where: str, maps: Mapping[str, ColumnMap]) -> None:
    names = INPUTS[table].names
    for name, plan in maps.items():
        if name not in names:
            near = get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]}?" if near else f"columns: {', '.join(names)}"
            raise ValueError(f"{table}.{where}.{name} is not a column of {table}; {hint}")
        if plan.timezone is not None:
            known_timezone(plan.timezone)
