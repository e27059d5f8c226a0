"""Who is to be forgotten, as asked: a customer id, an e-mail address, or a payload in a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.errors import Mistake


class CannotForget(Mistake):
    """The request names nobody, or not one person; the message is one line with the remedy."""


@dataclass(frozen=True, slots=True)
class Request:
    """What leads to the person; `source` where the id is one system's own."""

    ids: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()
    source: str | None = None
    kind: str = "customer id"


def read_request(told: str, sources: tuple[str, ...]) -> Request:
    """The request in `--customer`: an id, `source:id`, an e-mail address, or `@payload.json`.

    Raises CannotForget where a file is not a payload that we know.
    """
    if told.startswith("@"):
        return _payload(Path(told[1:]))
    if "@" in told:
        return Request(ids=(told,), emails=(told,), kind="e-mail address")
    source, _, own = told.partition(":")
    if own and source in sources:
        return Request(ids=(own,), source=source)
    if not told.strip():
        raise CannotForget("--customer is empty; give an id, an e-mail address or @payload.json")
    return Request(ids=(told.strip(),))


def _payload(path: Path) -> Request:
    """Shopify's customers/redact: customer {id, email, phone} and orders_to_redact."""
    try:
        payload = json.loads(path.read_bytes())
    except OSError as error:
        raise CannotForget(f"{path}: can't be read ({error.strerror}); check --customer") from None
    except ValueError:
        raise CannotForget(f"{path}: is not JSON; give the payload as it was sent") from None
    customer = payload.get("customer") if isinstance(payload, dict) else None
    if not isinstance(customer, dict):
        raise CannotForget(
            f"{path}: has no object 'customer' with id, email or phone; give the payload of "
            "customers/redact as it was sent"
        )
    orders = payload.get("orders_to_redact") or []
    request = Request(
        ids=_told(customer, "id"),
        emails=_told(customer, "email"),
        phones=_told(customer, "phone"),
        orders=tuple(str(one) for one in orders if isinstance(one, str | int)),
        kind="customers/redact",
    )
    if not (request.ids or request.emails or request.phones):
        raise CannotForget(f"{path}: 'customer' has neither id nor email nor phone")
    return request


def _told(customer: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = customer.get(name)
    return (str(value),) if isinstance(value, str | int) and str(value).strip() else ()
