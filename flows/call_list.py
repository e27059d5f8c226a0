"""`hearcast call-list`: tonight's list as people use it; with --reveal beside it whom to dial.

Contact details stand in no published table. They are joined here, from the lake, of those only who
may still be called now, and go to the terminal or to a file that only its owner can read. That it was
done stands in the log and in the lake (calls/reveals.jsonl): when, how many, where; never who.
"""

from __future__ import annotations

import argparse
import io
import json
import logging
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl

from flows.atomic import write_atomic
from flows.errors import Refusal
from flows.forget.person import read_graph
from flows.identity import hasher
from flows.keys import keyring
from flows.lake import Lake
from flows.night import yesterday
from flows.reader import read_table
from flows.settings import Settings
from transforms.asof import visible
from transforms.contracts import INPUTS
from transforms.customers import joined
from transforms.hashed import Hasher, hashed_frames
from transforms.identity import FORGOTTEN, Persons
from transforms.office import cohorts, contacts, listing

LOG = logging.getLogger("hearcast")
SHOWN = (
    "programme",
    "priority",
    "customer_key",
    "reason",
    "question",
    "signal",
    "last_contacted_on",
)
CONTACT = ("customer_id", "email", "phone")


class CallListRefusal(Refusal):
    """A user's mistake; the message is one line with the remedy."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the list is wanted, and where it goes; `out` None: the terminal."""

    as_of: str | None
    programme: str | None
    reveal: bool
    out: Path | None


def run(arguments: argparse.Namespace, settings: Settings) -> list[str]:
    """Lines for the terminal. Raises CallListRefusal where the user has to put something right."""
    asked = Asked(arguments.as_of, arguments.programme, arguments.reveal, arguments.out)
    if asked.out is not None:
        _refuse_exports(asked.out, settings)
    listed = _published(settings, asked)
    if not asked.reveal:
        hint = "contact details are shown with --reveal only"
        return _given_out(listed.select(SHOWN), asked, hint)
    lake = Lake(settings.paths.lake)
    rows, dropped = _revealed(settings, lake, listed)
    lines = _given_out(rows, asked, _told(rows.height, dropped))
    _noted(lake, asked, rows.height, dropped)
    return lines


def _refuse_exports(out: Path, settings: Settings) -> None:
    whole = out.resolve()
    for name in ("exports", "lake"):
        folder = getattr(settings.paths, name).resolve()
        if whole.parts[: len(folder.parts)] == folder.parts:
            raise CallListRefusal(
                f"--out {out} lies in the {name} {folder}; give a file outside it"
            )
    if out.is_dir():
        raise CallListRefusal(f"--out {out} is a folder; give a file")


def _published(settings: Settings, asked: Asked) -> pl.DataFrame:
    """The rows of the published list that are still to be called."""
    try:
        table = read_table(settings.paths.exports, "call_list", asked.as_of)
    except (FileNotFoundError, KeyError) as error:
        raise CallListRefusal(str(error.args[0] if error.args else error)) from None
    mine = table if asked.programme is None else table.filter(programme=asked.programme)
    return mine.filter(pl.col("status").is_in(["to_call", "attempted"])).sort(
        "programme", "priority"
    )


def _revealed(
    settings: Settings, lake: Lake, listed: pl.DataFrame
) -> tuple[pl.DataFrame, dict[str, int]]:
    """The list with contact details, and how many were left out and why.

    Everything that the lake knows by now counts: who refused, was reached, was forgotten or is now one
    person with another of the list since the night is left out.
    """
    by = hasher(settings, keyring(settings, lake).current)
    persons = read_graph(lake, settings, by).persons
    named = listed.with_columns(pl.col("customer_key").alias("customer_id"))
    people = joined({"": named}, persons.persons)[""]
    now = _now(settings, lake, by, persons)
    rules = settings.office.calls.rules()
    today = yesterday(settings.business.timezone) + timedelta(days=1)
    nobody = pl.DataFrame(schema={"customer_id": pl.String, "last_listed_on": pl.Date})
    contacted = cohorts.last_contact(now["call_attempts"], settings.business.timezone)
    consent = cohorts.consent_of(now["consents"], rules.purposes, today)
    known = cohorts.Known(consent, contacted, None, nobody)
    judged = cohorts.barred(
        people.drop("status", "consent", "last_contacted_on"), known, rules, today
    )
    state = listing.status_of(
        judged,
        now["call_attempts"],
        judged.select("customer_id", "barred"),
        settings.business.timezone,
    )
    book = contacts.book(now["customers"])
    once = state.unique("customer_id", keep="first", maintain_order=True)
    open_ = once.filter(pl.col("status").is_in(["to_call", "attempted"]))
    rows = open_.rename({"customer_id": "_person"}).join(
        book, left_on="_person", right_on="person", how="left", maintain_order="left"
    )
    there = rows.filter(pl.col("phone").is_not_null() | pl.col("email").is_not_null())
    dropped = {
        "not to be called any more": listed.height - open_.height,
        "without contact details": open_.height - there.height,
    }
    order = ["programme", "priority", "customer_key"]
    return there.sort(order).select(*SHOWN[:3], *CONTACT, *SHOWN[3:]), dropped


def _now(settings: Settings, lake: Lake, by: Hasher, persons: Persons) -> dict[str, pl.DataFrame]:
    """consents, call_attempts and customers as known now, by person; customers keep their raw details."""
    raw = {}
    for name in ("consents", "call_attempts", "customers"):
        versions = lake.versions(name, date.max)
        zone = settings.business.timezone
        raw[name] = visible(versions, INPUTS[name], date.max, zone).collect()
    made = joined(hashed_frames(raw, by), persons.persons)
    beside = raw["customers"].filter(~pl.col("customer_id").str.starts_with(FORGOTTEN))
    person = joined(hashed_frames({"customers": beside}, by), persons.persons)["customers"]
    made["customers"] = beside.with_columns(person["customer_id"].alias("person"))
    return made


def _given_out(rows: pl.DataFrame, asked: Asked, told: str) -> list[str]:
    text = io.StringIO()
    contacts.sheet(rows).write_csv(text)
    if asked.out is None:
        return [text.getvalue().rstrip("\n"), *((told,) if not asked.reveal else ())]
    try:
        write_atomic(asked.out, text.getvalue().encode(), mode=0o600)
    except OSError as problem:
        raise CallListRefusal(
            f"--out {asked.out}: {problem.strerror}; give a file that can be written"
        ) from None
    return [f"{asked.out} is written, {rows.height} customers, for its owner only; {told}"]


def _told(shown: int, dropped: dict[str, int]) -> str:
    left = [f"{count} {why}" for why, count in dropped.items() if count]
    return f"contact details of {shown} customers" + (
        f"; left out: {', '.join(left)}" if left else ""
    )


def _noted(lake: Lake, asked: Asked, shown: int, dropped: dict[str, int]) -> None:
    """Says in the log and in the lake that contact details were joined, naming nobody."""
    file = lake.root / "calls" / "reveals.jsonl"
    lake.storage.private(lake.root, file.parent)
    before = file.read_bytes() if file.is_file() else b""
    row = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "as_of": asked.as_of or "latest",
        "programme": asked.programme or "all",
        "customers": shown,
        "left_out": sum(dropped.values()),
        "out": None if asked.out is None else str(asked.out.resolve()),
    }
    lake.storage.write(file, before + json.dumps(row).encode() + b"\n", mode=0o600)
    LOG.info("call-list: %s shown; noted in %s", _told(shown, dropped), file)
