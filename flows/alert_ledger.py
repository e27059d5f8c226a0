"""What each channel has been told, in the lake: so that nothing is told twice or forgotten."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from flows.places import Place
from flows.staging import json_bytes, read_json
from flows.storage import storage_of

NAME = "alerts/told.json"


@dataclass(slots=True)
class Told:
    """What one channel knows.

    `through`: the last night that it was told of; `sent`: episodes that it was told of; `owed`:
    those of nights on which it could not be reached.
    """

    through: date | None = None
    sent: set[str] = field(default_factory=set)
    owed: set[str] = field(default_factory=set)

    def asked(self, first_seen: Mapping[str, date], as_of: date) -> list[str]:
        """Episodes, in the order of `first_seen`, that this channel is to be told of on `as_of`.

        Those that began since the night that it was told of last (that night too: it may have
        been cut short), and those that it is owed. A channel that is new is told of tonight's.
        """
        since = self.through or as_of
        return [
            one
            for one, day in first_seen.items()
            if one not in self.sent and (day >= since or one in self.owed)
        ]


class Ledger:
    """The file below the lake, whole after every message."""

    def __init__(self, root: Place) -> None:
        self.root = root
        self.channels: dict[str, Told] = {}
        for channel, told in (read_json(root / NAME) or {}).items():
            if isinstance(told, dict):
                self.channels[channel] = Told(
                    date.fromisoformat(told["through"]) if told.get("through") else None,
                    set(told.get("sent", ())),
                    set(told.get("owed", ())),
                )

    def told(self, channel: str) -> Told:
        """What a channel knows; nothing where it is new."""
        return self.channels.setdefault(channel, Told())

    def save(self) -> None:
        """Writes the file in one rename."""
        storage = storage_of(self.root)
        storage.private(self.root, (self.root / NAME).parent)
        content = {
            name: {"through": told.through, "sent": sorted(told.sent), "owed": sorted(told.owed)}
            for name, told in self.channels.items()
        }
        storage.write(self.root / NAME, json_bytes(content), mode=0o600)

    def close(
        self, channel: str, as_of: date, owed: Collection[str], there: Collection[str]
    ) -> None:
        """Notes that a channel has been told of `as_of` but for `owed`; forgets what is over."""
        told = self.told(channel)
        told.through = max(told.through or as_of, as_of)
        told.owed = set(owed)
        told.sent &= set(there)
        self.save()
