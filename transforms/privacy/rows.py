"""Rows as JSON that anybody may read."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping

from transforms.privacy.marks import MARKS
from transforms.privacy.words import redact_words_text


def redact_json_row(row: Mapping[str, object], max_chars: int = 200) -> str:
    """A row as JSON with sorted keys, every string (keys too) redacted, then cut to `max_chars` characters.

    Cutting comes after redaction and never splits a placeholder. Dates become ISO text, non-finite numbers
    "nan", "inf" and "-inf", bytes their length, and whole numbers of ten digits and more are judged as text.
    """
    safe = _safe(row, max_chars)
    text = json.dumps(safe, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "replace").decode("utf-8")


def _cut(text: str, max_chars: int) -> str:
    if len(text) <= max_chars:
        return text
    cut = text[:max_chars]
    for name in MARKS:
        for size in range(len(name) - 1, 0, -1):
            at = max_chars - size
            if at >= 0 and cut.endswith(name[:size]) and text.startswith(name, at):
                return cut[:at] + "…"
    return cut + "…"


def _safe(value: object, max_chars: int) -> object:
    """A JSON value without identifiers."""
    if isinstance(value, Mapping):
        return _safe_mapping(value, max_chars)
    if isinstance(value, list | tuple):
        return [_safe(inner, max_chars) for inner in value]
    if isinstance(value, set | frozenset):
        return sorted(str(_safe(inner, max_chars)) for inner in value)
    return _safe_scalar(value, max_chars)


def _safe_mapping(value: Mapping[object, object], max_chars: int) -> dict[str, object]:
    """Keys redacted too (a wrong delimiter puts data into the header); equal ones are told apart by a number."""
    out: dict[str, object] = {}
    for key, inner in sorted(value.items(), key=lambda item: str(item[0])):
        name = unique = _cut(redact_words_text(str(key)), max_chars)
        count = 1
        while unique in out:
            count += 1
            unique = f"{name} ({count})"
        out[unique] = _safe(inner, max_chars)
    return out


def _safe_scalar(value: object, max_chars: int) -> object:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes | bytearray):
        return f"{len(value)} bytes"
    text = value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)
    redacted = redact_words_text(text)
    if isinstance(value, int) and redacted == text:
        return value
    return _cut(redacted, max_chars)
