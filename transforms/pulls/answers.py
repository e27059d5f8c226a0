"""What an API's answer means: go on, try again, or give up and tell people why."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["good", "busy", "garbled", "refused", "costly", "unfit"]
_SCOPE = re.compile(r"\b(?:read|write)_[a-z_]+\b")
_BUSY = frozenset({408, 425, 429})
_NAMES = re.compile(r"[A-Za-z0-9_ .,:'`\"()!{}\[\]-]{1,200}")


@dataclass(frozen=True, slots=True)
class Answer:
    """The kind of an answer, and for people what the server said, without anybody's data.

    `busy` and `garbled` may go well when asked again; `refused`: the token is not accepted or lacks
    a scope; `costly`: asked for less at a time it may go well; `unfit`: the request itself is wrong.
    """

    kind: Kind
    said: str = ""


def judge(status: int, body: bytes) -> Answer:
    """The meaning of an answer with this HTTP status and body."""
    if status in _BUSY or status >= 500:
        return Answer("busy", f"answered {status}")
    if status in (401, 403):
        return Answer("refused", f"answered {status}")
    if not 200 <= status < 300:
        return Answer("unfit", f"answered {status}")
    try:
        page = json.loads(body)
    except (ValueError, RecursionError):
        return Answer("garbled", "sent a page that is no whole JSON")
    if not isinstance(page, dict):
        return Answer("garbled", "sent a page that is no JSON object")
    return _graphql(page) if isinstance(page.get("errors"), list | str) else Answer("good")


def _graphql(page: dict[str, Any]) -> Answer:
    """GraphQL tells errors with status 200."""
    told = page["errors"]
    errors = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    if not told:
        return Answer("good")
    messages = [str(one.get("message", "")) for one in errors] or [str(told)]
    codes = {str((one.get("extensions") or {}).get("code", "")) for one in errors}
    if "THROTTLED" in codes:
        return Answer("busy", "asks for fewer requests (THROTTLED)")
    if "MAX_COST_EXCEEDED" in codes or any("max cost" in one.lower() for one in messages):
        return Answer("costly", "finds the request too costly")
    if "ACCESS_DENIED" in codes or any("access denied" in one.lower() for one in messages):
        scopes = sorted({name for one in messages for name in _SCOPE.findall(one)})
        return Answer(
            "refused", f"denies access{': it asks for ' + ', '.join(scopes) if scopes else ''}"
        )
    if "INTERNAL_SERVER_ERROR" in codes:
        return Answer("busy", "reports an internal error")
    plain = _NAMES.match(messages[0])
    return Answer(
        "unfit", f"says: {plain.group() if plain else 'an error without a plain message'}"
    )
