"""Names without identities: who stands in a SKU or conversation column stays unsaid."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

from transforms.expectations.private_text import CODE, IDENTIFIERS
from transforms.privacy import MARKS, pseudonym, redact, redact_words

SCOPE = ("sku", "category", "channel")
"""Columns of a source that become names of published series."""
TAGGERS = ("tagger", "tagger_version")
"""Columns of another system's tags that are published as given."""
OWNER = r"(?:\p{Lu}[\p{L}'’.-]*[\s,]+){2,4}(<EMAIL>)"
"""Two capitalised words and more right before an address, as mail programs write whose it is."""


def masked(frame: pl.DataFrame, also: Sequence[str] = ()) -> pl.DataFrame:
    """`frame` with every identifier in its scope and tagger columns replaced by its placeholder.

    `also`: further columns that become names of published rows.

    What the published tables may not hold is replaced before anything is counted, so that one
    such row is counted under another name and doesn't end the night. Plain codes (an EAN) stay;
    where an identifier stands in a name, names and addresses beside it go too.
    """
    found = masks(frame, also)
    return frame.with_columns(found) if found else frame


def masks(frame: pl.DataFrame, also: Sequence[str] = ()) -> list[pl.Expr]:
    """What `masked` puts in the place of columns that hold an identifier, for any frame with no other names."""
    found = []
    for name in dict.fromkeys((*SCOPE, *TAGGERS, *also)):
        if name not in frame.columns:
            continue
        values = frame[name].drop_nulls().unique().sort()
        if name in IDENTIFIERS or name in TAGGERS:
            values = values.filter(~values.str.contains(CODE))
        changed = values != redact(values)
        safe = redact_words(values).str.replace_all(OWNER, "<NAME> ${1}")
        if changed.any():
            old, new = values.filter(changed), safe.filter(changed)
            found.append(pl.col(name).replace(old, new))
    return found


def pseudonyms(
    frame: pl.DataFrame, columns: Sequence[str], key: Callable[[], bytes]
) -> pl.DataFrame:
    """`frame` with ids that tell a person, such as a telephone number, replaced by a keyed hash.

    Plain codes stay as they are. Equal ids get equal pseudonyms as long as the key stays; it is
    asked for only where it is needed.
    """
    for name in columns:
        values = frame[name].drop_nulls().unique().sort()
        values = values.filter(~values.str.contains(CODE))
        told = values.filter(values != redact(values))
        if len(told):
            hidden = [pseudonym(value, key()) for value in told.to_list()]
            frame = frame.with_columns(pl.col(name).replace(told, pl.Series(hidden)))
    return frame


def masked_line(listed: pl.DataFrame) -> str | None:
    """One line with the remedy where published series bear a placeholder; None where none does."""
    names = pl.concat([listed[name].drop_nulls() for name in (*SCOPE, "series_id")])
    met = [name for name in MARKS if names.str.contains(name, literal=True).any()]
    if not met:
        return None
    return (
        "some SKUs, categories or channels look like e-mail addresses or numbers of persons; they "
        f"are counted together as {', '.join(met)}: check the columns that they are mapped from "
        "(an article number that looks like a telephone number is kept when written without blanks)"
    )
