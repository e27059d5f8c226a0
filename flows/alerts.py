"""New exceptions told to people: e-mail, Slack, a webhook, whatever Apprise reaches, by Prefect."""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from prefect.blocks.abstract import NotificationBlock
from prefect.blocks.core import Block
from prefect.blocks.notifications import AppriseNotificationBlock
from pydantic import SecretStr

from flows.alert_ledger import Ledger
from flows.earlier import nights_before
from flows.errors import where
from flows.night import Night
from flows.places import Place
from flows.sent import EXCEPTION, note_sent
from flows.settings import Settings
from flows.storage import storage_of
from transforms.exceptions.message import body, due, rest_body, subject

LOG = logging.getLogger("hearcast")
URLS = "HEARCAST_ALERT_URLS"
"""Environment variable with Apprise addresses, split at blanks; they are secrets."""

TALKERS = ("apprise", "urllib3", "httpx", "httpcore")


class HearcastAddress(AppriseNotificationBlock):
    """An Apprise address from the environment; never saved as a block."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to reach people. `name` may be shown; `key` tells channels apart in the ledger."""

    name: str
    key: str
    block: NotificationBlock


class Unreachable(Exception):  # noqa: N818 - named for what happened
    """A message could not be delivered."""


def alert(night: Night, snapshot: Place) -> None:
    """Tells every channel of the new episodes of a published night; a failure is a warning.

    A backfill, a replay and a night that is not the newest tell nobody: it is no news. An episode
    that a channel could not be told of is tried again on the next night while it lasts.
    """
    try:
        _alert(night, snapshot)
    except Exception as error:  # noqa: BLE001 - the night is published; alerts must not undo it
        LOG.warning("alerts could not be sent: %s", where(error))


def _alert(night: Night, snapshot: Place) -> None:
    channels, problems = channels_of(night.settings, os.environ)
    for line in problems:
        LOG.warning(line)
    table = snapshot / "exceptions.parquet"
    if not channels or not table.is_file() or not _is_news(night):
        return
    rows = storage_of(table).read_parquet(table)
    ledger = Ledger(night.settings.paths.lake)
    for channel in channels:
        _tell(channel, rows, ledger, night)


def _is_news(night: Night) -> bool:
    later = nights_before(night.settings.paths.exports, date.max)
    return (
        not night.restated
        and not night.lake.is_replay(night.as_of)
        and (not later or later[-1] <= night.as_of)
    )


def _tell(channel: Channel, rows: pl.DataFrame, ledger: Ledger, night: Night) -> None:
    """Sends one message an episode, and one for all beyond the most of a night."""
    alerts = night.settings.alerts
    told, known = ledger.told(channel.key), set(rows["episode_id"].to_list())
    lasting = due(rows, alerts.min_severity)
    first = dict(lasting.select("episode_id", "first_seen").iter_rows())
    asked = told.asked(first, night.as_of)
    wanted = [row for row in lasting.iter_rows(named=True) if row["episode_id"] in set(asked)]
    owed, sent = set(asked), set[str]()
    try:
        for ids, title, text in _messages(wanted, alerts.most_a_night, night.settings):
            send(channel, title, text)
            owed -= ids
            sent |= ids
            told.sent |= ids
            ledger.save()
    except Unreachable:
        LOG.warning(
            "alerts: %s could not be reached; %s exceptions are told to it on the next night",
            channel.name, len(owed),
        )  # fmt: skip
    else:
        LOG.info("alerts: %s told of %s new exceptions", channel.name, len(asked))
    ledger.close(channel.key, night.as_of, owed, known)
    note_sent(night.settings.paths.lake, night.as_of, EXCEPTION, sent, channel.name)


def _messages(
    rows: list[dict[str, Any]], most: int, settings: Settings
) -> Iterator[tuple[set[str], str, str]]:
    """Episode ids, subject and body of each message, by rank: high ones first, then by value at risk."""
    head = f"{settings.business.name}: "
    for row in rows[:most]:
        yield {row["episode_id"]}, head + subject(row), body(row)
    if rest := rows[most:]:
        title = f"{head}{len(rest)} more exceptions"
        yield {row["episode_id"] for row in rest}, title, rest_body(rest)


def send(channel: Channel, title: str, text: str) -> None:
    """Delivers one message. Raises Unreachable, which says nothing of the address."""
    with _silence():
        try:
            with channel.block.raise_on_failure():
                notify: Any = channel.block.notify
                notify(text, title, _sync=True)
        except Exception:  # noqa: BLE001 - whatever it says may hold the address
            raise Unreachable from None


@contextmanager
def _silence() -> Iterator[None]:
    """Keeps what senders say out of logs: their lines may hold addresses, which are secrets."""
    before = [(log, log.level) for log in map(logging.getLogger, TALKERS)]
    for log, _ in before:
        log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for log, level in before:
            log.setLevel(level)


# -- channels -----------------------------------------------------------------------------------
def channels_of(settings: Settings, environ: Mapping[str, str]) -> tuple[list[Channel], list[str]]:
    """The channels that the environment and `[alerts] blocks` name, and a line for each bad one."""
    found, problems = [], []
    for number, url in enumerate(re.split(r"\s+", environ.get(URLS, "").strip()), start=1):
        if not url:
            continue
        name = f"address {number} of {URLS}"
        with _silence():
            block = HearcastAddress(url=SecretStr(url))
            known = len(block._apprise_client) > 0  # noqa: SLF001 - Prefect keeps it to itself
        if known:
            found.append(Channel(name, hashlib.sha256(url.encode()).hexdigest()[:16], block))
        else:
            problems.append(f"alerts: {name} is no address that Apprise knows; it is passed over")
    for name in settings.alerts.blocks:
        loaded = _loaded(name)
        if loaded is None:
            problems.append(
                f"alerts: [alerts] blocks: no Prefect notification block is named '{name}'; "
                "it is passed over"
            )
        else:
            found.append(Channel(f"block {name}", name, loaded))
    return found, problems


def _loaded(name: str) -> NotificationBlock | None:
    try:
        block = Block.load(name, _sync=True)  # type: ignore[call-arg]
    except Exception:  # noqa: BLE001 - unknown type, unknown name, no server: all mean no block
        return None
    return block if isinstance(block, NotificationBlock) else None
