"""Kinds of value that several sections share."""

from __future__ import annotations

import os
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Annotated, cast
from zoneinfo import available_timezones

from pydantic import BeforeValidator, Field, PlainValidator

from flows.places import Place
from flows.storage import SCHEMES, place_of
from transforms.mapping_spec import TableMap


def _reachable(value: object) -> object:
    if isinstance(value, str) and "://" in value:
        if not value.startswith(SCHEMES):
            raise ValueError(f"is none of {', '.join(SCHEMES)}; give one of these or a local path")
        place_of(value)
    return value


def _address(value: object) -> Place:
    if isinstance(value, str):
        _reachable(value)
        return place_of(value)
    if hasattr(value, "read_bytes"):
        return cast(Place, value)
    raise ValueError("is not a text; give a local path, or s3://bucket/folder")


Address = Annotated[Place, PlainValidator(_address)]
"""A local folder, or one in a bucket."""
Pattern = Annotated[str, BeforeValidator(_reachable), Field(min_length=1)]
"""A local file or pattern, or one in a bucket."""


def apart(lake: Place, exports: Place) -> None:
    """ValueError where lake and exports are one folder, or one lies in the other, links followed."""
    of_lake, of_exports = _led_to(lake), _led_to(exports)
    why = "exports are readable for all, the lake holds customers' words; give each a folder of its own"
    if of_lake == of_exports:
        raise ValueError(f"lake and exports are the same folder: {why}, side by side")
    for inner, outer, names in (
        (of_exports, of_lake, ("exports", "lake")),
        (of_lake, of_exports, ("lake", "exports")),
    ):
        if inner[: len(outer)] == outer:
            raise ValueError(f"{names[0]} lies inside {names[1]}: {why}, side by side")


def _led_to(place: Place) -> tuple[str, ...]:
    """The parts of the address that links lead to, there or not."""
    return Path(os.path.realpath(place)).parts if isinstance(place, Path) else place.parts


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - {"localtime", "Factory"})


def known_timezone(name: str) -> str:
    """`name` where it is an IANA time zone; ValueError with the nearest one where it is not."""
    if name in _zones():
        return name
    near = get_close_matches(name, sorted(_zones()), n=1, cutoff=0.5) or ["Europe/London"]
    raise ValueError(f"{name!r} is not a known time zone; give an IANA name such as {near[0]}")


def known_country(name: str) -> str:
    """`name` where there is a calendar of it, or "none"; else ValueError with what there is."""
    if name != "none":
        # Loading the calendars takes a fifth of a second: only those pay it who want one.
        from models.feasts import calendar_of  # noqa: PLC0415

        calendar_of(name)
    return name


class MappedTable(TableMap):
    """One table of a source: where its rows come from stands beside how they are shaped."""

    @property
    def mapping(self) -> TableMap:
        """The part that shapes rows: a change of it means that everything is read again."""
        return TableMap.model_validate(
            {name: getattr(self, name) for name in TableMap.model_fields}
        )
