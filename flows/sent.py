"""What Hearcast itself sent to whom: messages of exceptions and reviews, noted in the lake.

A row bears the night that it belongs to, and no clock: so a night that is run again is the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, timedelta

import polars as pl

from flows.lake import Lake
from flows.places import Place
from flows.storage import storage_of
from transforms.office.distribution import OURS, SENDING

NAME = "alerts/sent.jsonl"
EVERYBODY = "(all who read the exports)"
REVIEW, EXCEPTION = "review", "exception"


def note_sent(root: Place, night: date, item_type: str, items: Iterable[str], team: str) -> None:
    """Adds that `items` went to `team` on `night`, the newest that is published.

    `root` is the lake; where there is none, or it cannot be written to, nothing is noted: what was
    sent was sent.
    """
    told = {"night": night.isoformat(), "item_type": item_type, "team": team}
    lines = [json.dumps({**told, "item_id": one}, sort_keys=True) for one in sorted(set(items))]
    if not lines or not root.is_dir():
        return
    storage, file = storage_of(root), root / NAME
    with suppress(OSError):
        storage.private(root, file.parent)
        with storage.locked(root / "alerts" / ".sent.lock"):
            before = file.read_bytes() if file.is_file() else b""
            text = "".join(f"{line}\n" for line in lines)
            storage.write(file, before + text.encode(), mode=0o600)


def sent_before(lake: Lake, as_of: date, timezone: str) -> pl.DataFrame:
    """SENDING of all nights before `as_of`; what went to one team several times, the first time.

    `sent_at` is the end of its night. Lines that cannot be read are passed over.
    """
    file = lake.root / NAME
    lines = file.read_bytes().decode(errors="replace").splitlines() if file.is_file() else []
    rows = []
    for line in lines:
        with suppress(ValueError, KeyError, TypeError):
            one = json.loads(line)
            night = date.fromisoformat(one["night"])
            if night < as_of:
                row = (str(one["item_id"]), str(one["item_type"]), str(one["team"]))
                rows.append((*row, night + timedelta(days=1)))
    schema = {"item_id": pl.String, "item_type": pl.String, "team": pl.String, "day": pl.Date}
    found = pl.DataFrame(rows, schema=schema, orient="row").sort("day", "item_id", "team")
    end = pl.col("day").cast(pl.Datetime("us")).dt.replace_time_zone(timezone, ambiguous="earliest")
    once = found.unique(["item_id", "team"], keep="first", maintain_order=True)
    return once.with_columns(
        end.dt.convert_time_zone("UTC").alias("sent_at"), pl.lit(OURS).alias("sender")
    ).select(list(SENDING))
