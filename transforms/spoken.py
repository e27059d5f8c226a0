"""What was heard in passages, worked out once for many cutoffs, with conversations as numbers.

A cutoff asks which conversations it knows that could carry a signal, and which did. Joined once with
the cutoffs between which each version of a passage is shown, that is a filter for each of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from transforms.asof import SOURCE, VERSION, has_second
from transforms.contracts import INPUTS
from transforms.customers import ID_KEY
from transforms.lives import FROM, UNTIL, lived, shown_at

TALK = "conversation_id"
NAMING = ("conversations", "passages", "upstream_tags", "call_attempts")
"""Tables whose rows name conversations."""
_KEY = [SOURCE, TALK]
_PASSAGE = [SOURCE, VERSION, TALK, "passage_id"]


@dataclass(frozen=True, slots=True)
class Spoken:
    """Conversations by the cutoffs, positions in `cutoffs`, from which until which it was known of them.

    `heard`: that they could carry a signal; `said`: that they carry `signal`. `frames`: every table's versions
    in which conversations are numbers in the order of their ids; of passages only those that tell
    anything else.
    """

    cutoffs: tuple[date, ...]
    heard: pl.DataFrame
    said: pl.DataFrame
    frames: Mapping[str, pl.DataFrame]

    def told(self, _: pl.DataFrame, cutoff: date) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Conversations that could carry a signal, and those that carry each, as known at `cutoff`.

        A conversation stands once for each stretch in which any of its passages said so.
        """
        at = self.cutoffs.index(cutoff)
        return shown_at(self.heard, at).drop(FROM, UNTIL), shown_at(self.said, at).drop(FROM, UNTIL)


def spoken(
    frames: Mapping[str, pl.DataFrame],
    taggable: pl.DataFrame,
    tags: pl.DataFrame,
    cutoffs: Sequence[date],
    timezone: str,
) -> Spoken:
    """`taggable` and `tags`, which name versions of passages, for each of `cutoffs` (ascending).

    `frames` are every version of each input table.
    """
    numbered = _numbered({name: frames[name] for name in NAMING if name in frames}, frames)
    ids, tables = numbered
    passages = tables["passages"]
    life = _life(passages, "passages", cutoffs, timezone)
    shown = life.select(*_PASSAGE, FROM, UNTIL)

    def known(rows: pl.DataFrame, *columns: str) -> pl.DataFrame:
        given = rows.with_columns(pl.col(TALK).cast(ids, strict=False).to_physical())
        return (
            given.lazy()
            .select(*_PASSAGE, *columns)
            .join(shown.lazy(), on=_PASSAGE)
            .select(*_KEY, *columns, FROM, UNTIL)
            .unique()
            .collect()
        )

    telling = _telling(life, _life(tables["conversations"], "conversations", cutoffs, timezone))
    kept = passages.join(telling, on=[SOURCE, "passage_id"], how="semi", maintain_order="left")
    return Spoken(
        tuple(cutoffs), known(taggable), known(tags, "signal"), {**tables, "passages": kept}
    )


def _numbered(
    naming: Mapping[str, pl.DataFrame], frames: Mapping[str, pl.DataFrame]
) -> tuple[pl.Enum, dict[str, pl.DataFrame]]:
    """All ids of conversations in order, and `frames` with the place of each for it."""
    ids = pl.concat([frame[TALK] for frame in naming.values()]).drop_nulls().unique().sort()
    places = pl.Enum(ids)
    number = pl.col(TALK).cast(places).to_physical()
    return places, {
        name: frame.with_columns(number) if name in naming else frame
        for name, frame in frames.items()
    }


def _life(
    versions: pl.DataFrame, table: str, cutoffs: Sequence[date], timezone: str
) -> pl.DataFrame:
    second = has_second(versions)
    return lived(versions.lazy(), INPUTS[table], cutoffs, timezone, replaced=second).collect()


def _telling(passages: pl.DataFrame, conversations: pl.DataFrame) -> pl.DataFrame:
    """Passages (_source, passage_id) that may tell of a conversation that nobody gave, or of a person.

    No need of those said in a conversation that is shown wherever they are.
    """
    dated = passages.filter(pl.col("said_at").is_not_null())
    given = conversations.select(*_KEY, pl.col(FROM).alias("_begins"), pl.col(UNTIL).alias("_ends"))
    within = (pl.col("_begins") <= pl.col(FROM)) & (pl.col("_ends") >= pl.col(UNTIL))
    key = [SOURCE, "passage_id"]
    row = dated.with_row_index("_place").select("_place", *_KEY, FROM, UNTIL)
    covered = row.join(given, on=_KEY).filter(within).select("_place").unique()
    alone = dated.with_row_index("_place").join(covered, on="_place", how="anti").select(key)
    if ID_KEY not in passages.columns:
        return alone
    who = passages.filter(pl.col(ID_KEY).is_not_null()).select(key)
    return pl.concat([alone, who]).unique()
