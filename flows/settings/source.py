"""What a `[[sources]]` section may say: which files feed which table, and how they are read."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, Strict, field_validator, model_validator

from flows.settings import sql
from flows.settings.http import Http
from flows.settings.values import MappedTable, Pattern, known_timezone
from transforms.contracts import CONFIG_KEYS, INPUTS
from transforms.contracts.review_inputs import HEARD_AS, REVIEWS
from transforms.mapping_spec import ColumnMap, Spec

SourceName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=100)]
KINDS = ("files", "inbox", "sql", "http")


def _files(value: object) -> object:
    return {"path": value} if isinstance(value, str | list) else value


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


class TableSource(MappedTable):
    """The files of one table and how to read them; paths are absolute once loaded."""

    path: Annotated[tuple[Pattern, ...], BeforeValidator(_listed), Field(min_length=1)]
    mode: Literal["append", "snapshot"] = "append"


class Source(Spec):
    """One system that gives us tables.

    Of kind "files": `tables`; "inbox": a folder of whatever there is (`path`); "sql": `queries`
    of a `database`.
    """

    name: SourceName
    kind: str
    latency_days: Annotated[int, Strict(), Field(ge=0, le=366)] = 0
    path: Annotated[tuple[Pattern, ...], BeforeValidator(_listed)] = ()
    http: Http | None = None
    tables: dict[str, Annotated[TableSource, BeforeValidator(_files)]]
    database: sql.Database | None = None
    queries: sql.SqlTables = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _gather_tables(cls, given: object) -> object:
        """Table keys stand beside the source's own keys in TOML; here they are one mapping."""
        if not isinstance(given, Mapping) or "tables" in given:
            return given
        if given.get("kind") == "sql":
            return sql.gathered(given)
        own = Http.model_fields if given.get("kind") == "http" else ()
        if strange := sorted(set(given) & set(sql.Database.model_fields) - set(own)):
            raise ValueError(f'{strange[0]} goes with kind = "sql"')
        names = {key: table for table, key in CONFIG_KEYS.items()}
        kept: dict[str, object] = {k: v for k, v in given.items() if k not in names}
        kept["tables"] = {names[k]: v for k, v in given.items() if k in names}
        kept.setdefault("kind", "files")
        kept.setdefault("name", kept["kind"])
        if kept["kind"] == "http":
            kept["http"] = {k: kept.pop(k) for k in Http.model_fields if k in kept}
        return kept

    @field_validator("kind")
    @classmethod
    def _known_kind(cls, kind: str) -> str:
        if kind not in KINDS:
            raise ValueError(f"'{kind}' is not a kind of source; use one of {', '.join(KINDS)}")
        return kind

    @model_validator(mode="after")
    def _sound_tables(self) -> Self:
        if self.kind == "inbox":
            return self._sound_inbox()
        if self.kind == "http":
            return self._sound_http()
        if self.path and self.kind == "sql":
            raise ValueError(
                "path goes with files; name the database with url, url_env or url_block"
            )
        if self.path:
            raise ValueError('path goes with kind = "inbox"; give each table its own, or that kind')
        plans: Mapping[str, TableSource | sql.SqlTable]
        plans = self.queries if self.kind == "sql" else self.tables
        if not plans:
            example = "public.order_lines" if self.kind == "sql" else "in/order_lines*.csv"
            raise ValueError(f'names no table; add one, e.g. order_lines = "{example}"')
        for table, plan in plans.items():
            _check_columns(table, "map", plan.map)
            if table == REVIEWS.name and plan.mode == "snapshot":
                raise ValueError(
                    "reviews: mode must be append: reviews are heard among other conversations, of "
                    "which a snapshot of reviews says nothing"
                )
            for route in plan.route:
                _check_route(route.to, plans)
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

    def _sound_http(self) -> Self:
        if self.tables or self.path:
            key = "path" if self.path else CONFIG_KEYS[next(iter(self.tables))]
            raise ValueError(f"{key}: goes with another kind; put it into a second [[sources]]")
        return self


def _check_route(to: str, tables: Mapping[str, object]) -> None:
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
