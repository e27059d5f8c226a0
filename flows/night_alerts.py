"""People told when nights begin to fail or step down, and when they are well again: once each."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

from flows.alerts import Channel, Unreachable, channels_of, send
from flows.places import Place
from flows.settings import Settings
from flows.staging import json_bytes, read_json
from flows.storage import storage_of

LOG = logging.getLogger("hearcast")
NAME = "alerts/nights.json"
WELL, DEGRADED, FAILED = "well", "degraded", "failed"
PAST = {DEGRADED: "were degraded", FAILED: "failed"}
MOST_REASONS = 10


@dataclass(frozen=True, slots=True)
class Ended:
    """How a night ended: `kind` is well, degraded or failed; `reasons` hold no customer's word."""

    as_of: date
    kind: str
    reasons: tuple[str, ...] = ()


def tell_of_night(settings: Settings, night: Ended) -> None:
    """Tells each channel of a change: a trouble that begins or becomes another, and its end.

    The same trouble on the next night is told to nobody again. A channel that cannot be reached
    is told on the next night, even if all is well by then. Where the lake cannot be written to, what was told is not
    remembered: it may be told again.
    """
    channels, problems = channels_of(settings, os.environ)
    for line in problems:
        LOG.warning(line)
    if not channels:
        return
    told = _Ledger(settings.paths.lake)
    for channel in channels:
        before = told.state(channel.key)
        message = _message(settings.business.name, before, night)
        try:
            if message is not None:
                send(channel, *message)
        except Unreachable:
            _unheard(channel)
            told.owe(channel.key, before, night)
            continue
        told.keep(channel.key, before, night)


def _unheard(channel: Channel) -> None:
    LOG.warning(
        "alerts: %s could not be told how this night ended; it is told on the next", channel.name
    )


def _message(name: str, before: Mapping[str, Any], night: Ended) -> tuple[str, str] | None:
    """Subject and body, where there is news for somebody who knows `before`."""
    if night.kind == WELL:
        was, since = _trouble(before)
        if was == WELL:
            return None
        body = f"The night of {night.as_of} was published in full. Nights {PAST[was]} from that of {since} on."
        return f"{name}: nights are well again", body
    if before.get("kind", WELL) == night.kind and before.get("reasons") == _heads(night.reasons):
        return None
    what = (
        "published nothing" if night.kind == FAILED else "is published, but something stands back"
    )
    told = [f"- {line}" for line in night.reasons[:MOST_REASONS]]
    more = (
        [f"- and {len(night.reasons) - MOST_REASONS} more"]
        if len(night.reasons) > MOST_REASONS
        else []
    )
    body = "\n".join([f"The night of {night.as_of} {what}:", *told, *more])
    return f"{name}: the night {'failed' if night.kind == FAILED else 'is degraded'}", body


def _trouble(before: Mapping[str, Any]) -> tuple[str, str]:
    """The trouble that began last, told or not, and its first night; WELL where there is none."""
    known = before if before.get("kind", WELL) != WELL else before.get("unheard", {})
    return known.get("kind", WELL), known.get("since", "")


def _heads(reasons: Sequence[str]) -> list[str]:
    """What tells one trouble from another: reasons without the numbers that vary from night to night."""
    plain = ("".join("0" if c.isdigit() else c for c in line.split(":", 1)[0]) for line in reasons)
    return sorted(set(plain))


class _Ledger:
    """What each channel was told last, in the lake."""

    def __init__(self, lake: Place) -> None:
        self.lake = lake
        self.channels: dict[str, Any] = dict(read_json(lake / NAME) or {})

    def state(self, channel: str) -> Mapping[str, Any]:
        """What a channel knows; all is well where it is new."""
        found = self.channels.get(channel)
        return found if isinstance(found, dict) else {}

    def keep(self, channel: str, before: Mapping[str, Any], night: Ended) -> None:
        """Notes that a channel knows how `night` ended."""
        was, since = _trouble(before)
        same = WELL not in (was, night.kind)
        told = {"kind": night.kind, "since": since if same else night.as_of.isoformat()}
        self._save(channel, {**told, "reasons": _heads(night.reasons)})

    def owe(self, channel: str, before: Mapping[str, Any], night: Ended) -> None:
        """Notes when a trouble began of which a channel could not be told."""
        if night.kind != WELL and _trouble(before)[0] == WELL:
            began = {"kind": night.kind, "since": night.as_of.isoformat()}
            self._save(channel, {**before, "unheard": began})

    def _save(self, channel: str, known: Mapping[str, Any]) -> None:
        self.channels[channel] = dict(known)
        with suppress(OSError):
            storage = storage_of(self.lake)
            storage.private(self.lake, (self.lake / NAME).parent)
            storage.write(self.lake / NAME, json_bytes(self.channels), mode=0o600)
