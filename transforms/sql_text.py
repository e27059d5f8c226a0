"""SQL from the configuration: one reading statement, framed as the rows from a watermark on."""

from __future__ import annotations

import re
from collections.abc import Callable

_READS = ("select", "with")
_SILENT = re.compile(
    r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$(\w*)\$.*?\$\1\$", re.DOTALL
)
"""Comments, literals and quoted names: what stands in them is no SQL."""


def reading_problem(sql: str) -> str | None:
    """Why `sql` is not one statement that reads, in one line; None where it is.

    A guard against slips, not against a malicious author: a function that is called may do
    anything that the database's user may.
    """
    body = _SILENT.sub(" ", sql).strip().removesuffix(";").strip()
    if not body:
        return "is empty; give one SELECT"
    if ";" in body:
        return "holds more than one statement; give one SELECT"
    first = re.split(r"[\s(]+", body.lstrip("("), maxsplit=1)[0].lower()
    if first not in _READS:
        return f"begins with '{first[:20]}'; only SELECT and WITH … SELECT are run"
    return None


def plain_query(sql: str) -> str:
    """`sql` without the semicolon at its end, so that it can stand in brackets."""
    return sql.strip().removesuffix(";").rstrip()


def from_table(name: str, quote: Callable[[str], str]) -> str:
    """The query for a whole table; the parts of `name` are split at dots and quoted."""
    return "SELECT * FROM " + ".".join(map(quote, name.split(".")))  # noqa: S608 - quoted


def rows_from(query: str, column: str, mark: str) -> str:
    """The rows of `query` at or after `mark`, and those without a value of `column`.

    At, not only after: at that very value others may have been committed since. A row without
    a value would never be read again, so it always is. `column` is quoted, `mark` a literal or
    placeholder already. The query ends on a line of its own: its last line may be a comment.
    """
    return (  # the query is the configuration's own
        f"SELECT * FROM (\n{query}\n) hearcast_rows "  # noqa: S608
        f"WHERE hearcast_rows.{column} >= {mark} OR hearcast_rows.{column} IS NULL"
    )


def double_quoted(name: str) -> str:
    """An identifier of standard SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A string literal of standard SQL."""
    return "'" + text.replace("'", "''") + "'"
