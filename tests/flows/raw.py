"""A brand with identifiers planted in every text column, and a search for them in everything that others can read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from flows.simulate import write_brand
from tests.flows.conftest import AS_OF
from tests.flows.written import write_config
from transforms.contracts import INPUTS

PLANTED = {
    "email": "zebulon.quixworth@planted-example.com",
    "phone": "+1 212-555-0143",
    "card": "4539 5787 6362 1486",
    "iban": "DE89 3704 0044 0532 0130 00",
    "cpf": "529.982.247-25",
    "name": "Zebulon Quixworth",
    "street": "742 Evergreen Terrace",
    "town": "Springfield, IL 62704",
}
"""What may stand nowhere. In columns of ids and names an e-mail, a phone or a card is planted."""
SPEECH = (
    "Hello, my name is {name}, I was stocking up. Mail {email} or call {phone}. Card {card}, IBAN {iban}, CPF {cpf}. "
    "I live at {street}, {town}. Regards,\n{name}"
).format(**PLANTED)
ROWS = 6
TEXT_TABLES = ("passages", "tickets", "conversations", "refunds")


def planted_brand(folder: Path) -> Path:
    """Writes the brand into `folder`/in and its configuration; returns the latter."""
    inbox = folder / "in"
    write_brand(folder / "plain", skus=4, weeks=36, seed=4)
    inbox.mkdir()
    sources = {}
    for name, table in INPUTS.items():
        frame = _table(folder / "plain", name)
        if frame is None:
            continue
        bad = _spoilt(frame.tail(2), name)
        file = f"{name} of {PLANTED['email']}.jsonl" if name == "tickets" else f"{name}.jsonl"
        lines = [*_lines(_planted(frame, name)), *_lines(bad)]
        if name in ("order_lines", "tickets", "customers"):
            lines.append(json.dumps({"note": SPEECH, table.key[0]: "x"})[:-20])
        (inbox / file).write_text("\n".join(lines) + "\n", encoding="utf-8")
        sources["tags" if name == "upstream_tags" else name] = f"in/{name}*.jsonl"
    tags = [
        {"conversation_id": PLANTED["phone"], "signal": "stocking_up", "tagger": PLANTED["email"], "tagger_version": SPEECH[:200],
         "said_at": f"{AS_OF}T10:00:00Z", "sku": PLANTED["email"], "category": SPEECH[:200], "passage_id": PLANTED["card"]}
    ]  # fmt: skip
    (inbox / "upstream_tags.jsonl").write_text("\n".join(json.dumps(t) for t in tags) + "\n")
    sources["tags"] = "in/upstream_tags*.jsonl"
    extra = "[forecast]\nhorizon_weeks = 4\nbacktest_origins = 1\n[tagging]\nupstream = ['stocking_up']\n[validation]\nhold_share = 0.9\n"
    return write_config(folder, sources, extra)


def _table(folder: Path, name: str) -> pl.DataFrame | None:
    for path in sorted(folder.glob(f"{name}.*")):
        if path.suffix == ".parquet":
            return pl.read_parquet(path)
        if path.name.endswith(".jsonl.gz"):
            return pl.read_ndjson(path)
        return pl.read_csv(path, infer_schema=False)
    return None


def _planted(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """The last rows of `frame` with an identifier in each text column, and columns of their own."""
    n = frame.height
    late = pl.int_range(pl.len()) >= n - ROWS
    kinds = ("email", "phone", "card")
    made = []
    for i, column in enumerate(INPUTS[name].columns):
        if column.name not in frame.columns or column.dtype != pl.String or column.one_of:
            continue
        words = column.name in ("text", "topic", "reason", "title")
        value = SPEECH if words else PLANTED[kinds[i % 3]]
        if column.name in INPUTS[name].key and column.name not in ("sku", "conversation_id"):
            planted = pl.concat_str(pl.lit(value + " "), pl.int_range(pl.len()).cast(pl.String))
        else:
            planted = pl.lit(value)
        made.append(pl.when(late).then(planted).otherwise(pl.col(column.name)).alias(column.name))
    return frame.with_columns(
        *made,
        pl.when(late).then(pl.lit(SPEECH)).alias("note_to_seller"),
        pl.when(late).then(pl.lit(PLANTED["name"])).alias("shipping_name"),
        pl.when(late).then(pl.lit(PLANTED["phone"])).alias(PLANTED["email"]),
    )


def _spoilt(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """Rows that are quarantined, with identifiers in every text column."""
    event = INPUTS[name].event_time or next(c.name for c in INPUTS[name].columns if c.required)
    return _planted(frame, name).with_columns(
        pl.lit(f"{PLANTED['name']} {PLANTED['email']}").alias(event)
    )


def _lines(frame: pl.DataFrame) -> Iterator[str]:
    zone = datetime.now(UTC).tzinfo
    for row in frame.iter_rows(named=True):
        yield json.dumps(
            row,
            default=lambda v: v.astimezone(zone).isoformat() if isinstance(v, datetime) else str(v),
        )


def found_in(path: Path) -> set[str]:
    """Which planted identifiers a file holds, Parquet decoded."""
    if path.suffix == ".parquet":
        frame = pl.read_parquet(path)
        text = "\n".join(
            value
            for name in frame.columns
            if frame.schema[name] == pl.String
            for value in frame[name].drop_nulls().unique().to_list()
        ) + "\n".join(frame.columns)
        data = text.encode()
    else:
        data = path.read_bytes()
    return told(data)


def told(data: bytes) -> set[str]:
    """Which planted identifiers stand in the bytes, also without blanks and marks, or escaped."""
    lower = data.lower()
    dense = lower.translate(None, b" -.\t")
    found = set()
    for kind, value in PLANTED.items():
        forms = {value.lower().encode(), json.dumps(value.lower())[1:-1].encode()}
        close = value.lower().encode().translate(None, b" -.\t")
        if any(form in lower for form in forms) or (len(close) >= 11 and close in dense):
            found.add(kind)
    if b"quixworth" in lower:
        found.add("surname")
    return found


def day(offset: int) -> str:
    """The date `offset` days after the brand's last one."""
    return (datetime.fromisoformat(AS_OF) + timedelta(days=offset)).date().isoformat()
