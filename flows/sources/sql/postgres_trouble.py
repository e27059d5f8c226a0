"""What PostgreSQL and libpq say when something fails, as one line with the remedy."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flows.sources.sql.base import Address, Question, Trouble
from flows.sources.sql.words import identifiers, place, secretless

_BY_MESSAGE: tuple[tuple[str, str, bool], ...] = (
    (
        "password authentication failed|no password supplied",
        "the server refuses user or password; correct {told_by}",
        False,
    ),
    ("no pg_hba.conf entry", "the server lets this user not in from here; see pg_hba.conf", False),
    ("role .* does not exist", "there is no such user; correct {told_by}", False),
    ("database .* does not exist", "there is no such database; correct {told_by}", False),
    (
        "could not translate host name|Name or service not known",
        "its host is not known; correct {told_by}",
        True,
    ),
    (
        'invalid (URI|percent|port|connection option|integer)|missing "="',
        "{told_by} is no valid URL; special characters of a password are written as %XX",
        False,
    ),
    ("SSL|certificate", "the encrypted connection fails; see sslmode in {told_by}", False),
    (
        "statement timeout",
        "the query took longer than statement_timeout_seconds ({statement}); raise it, or read "
        "less with a watermark on an indexed column",
        False,
    ),
    (
        "lock timeout",
        "somebody else locked a table of the query for more than lock_timeout_seconds ({lock}); "
        "run the night again when that is over",
        False,
    ),
    ("conflict with recovery", "the replica had to cancel the query", True),
    (
        "too many connections|remaining connection slots|too many clients",
        "the server has no free connection",
        True,
    ),
    (
        "terminating connection|server closed the connection|no connection to the server|"
        "could not receive data|could not send data|connection reset|Connection timed out|"
        "starting up|shutting down|in recovery mode|crash",
        "the connection was lost",
        True,
    ),
    (
        "Connection refused|timeout expired|No route to host|Network is unreachable|"
        "Failed to connect",
        "no connection; is the server running and reachable?",
        True,
    ),
)
_BY_STATE: Mapping[str, str] = {
    "42703": "{said}; correct the query, or the name of the column",
    "42P01": "{said}; correct the name, with its schema in front",
    "3F000": "{said}; correct the name of the schema",
    "42501": "the database's user may not read it ({said}); GRANT SELECT to that user",
    "25006": "the query would write ({said}); only reading is allowed",
    "42883": "{said}; correct the query",
}
_STATE_OF = {"permission denied": "42501", "read-only transaction": "25006"}
"""Once rows flow, the driver passes on the server's message without its state."""
_PLAIN = re.compile(
    r"division by zero|(?:integer|bigint|smallint|timestamp|date|value) out of range|"
    r"invalid input syntax for type [a-z ]+|numeric field overflow"
)
"""What may be shown of other messages, which may quote a row: only words that hold none."""
_UNKNOWN = "the database refuses it ({state}); try the query there"


def trouble(
    error: BaseException,
    address: Address,
    question: Question | None = None,
    *,
    everything: bool = False,
) -> Trouble:
    """The line for an error of the driver, without a secret and without a value of a row."""
    text = str(error)
    database = address.database
    fill = {
        "told_by": address.told_by,
        "statement": f"{database.statement_timeout_seconds} s",
        "lock": f"{database.lock_timeout_seconds} s",
    }
    where = place(question)
    state = _state(error, text)
    if state in _BY_STATE:
        said = secretless(identifiers(text), address)
        return Trouble(where + _BY_STATE[state].format(said=said, **fill))
    for pattern, line, passing in _BY_MESSAGE:
        if re.search(pattern, text, re.IGNORECASE):
            lost = passing and "replica" not in line
            return Trouble(
                where + line.format(**fill), passing=passing, everything=everything or lost
            )
    plain = _PLAIN.search(text)
    kind = plain[0].strip() if plain else f"SQLSTATE {state}" if state else type(error).__name__
    return Trouble(where + _UNKNOWN.format(state=kind), everything=everything)


def _state(error: BaseException, text: str) -> str:
    told = getattr(error, "sqlstate", None)
    if told:
        return str(told)
    found = re.search(r"SQLSTATE: ([0-9A-Z]{5})", text)
    if found:
        return found[1]
    return next((one for word, one in _STATE_OF.items() if word in text), "")
