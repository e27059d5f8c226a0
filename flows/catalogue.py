"""The table catalogue: every published table and column, from the declarations and the night's account."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from flows.desk import Desk
from flows.earlier import manifest_of, nights_before, table_of
from flows.masking import masked
from flows.night import Night
from transforms.asof import visible
from transforms.catalogue import Tonight, catalogue, last_published
from transforms.contracts import INPUTS

NAMES = ("object_id", "owner")
READ = ("table", "last_published")


def catalogued(
    night: Night, tables: Mapping[str, pl.DataFrame], skipped: Mapping[str, str]
) -> Desk:
    """The table; a failure leaves it out and the night goes on.

    `tables`: all others of the night; `skipped`: table to why it is not among them.
    """
    desk = Desk()
    desk.make("catalogue", lambda: {"catalogue": _made(night, tables, skipped)})
    return desk


def _made(
    night: Night, tables: Mapping[str, pl.DataFrame], skipped: Mapping[str, str]
) -> pl.DataFrame:
    rules = night.settings.office.catalogue
    return catalogue(
        Tonight(
            night.as_of,
            rows={name: frame.height for name, frame in tables.items()},
            last=_last(night),
            skipped=skipped,
            owners=_owners(night),
            slo=rules.tables,
            slo_days=rules.slo_days,
        )
    )


def _last(night: Night) -> dict[str, date]:
    """The newest earlier night that has each table, by the catalogue and manifest of the night before."""
    exports = night.settings.paths.exports
    for day in nights_before(exports, night.as_of)[-1:]:
        told = manifest_of(exports, day)["tables"]
        published = {name for name, entry in told.items() if "sha256" in entry}
        return last_published(table_of(exports, day, "catalogue", READ), day, published)
    return {}


def _owners(night: Night) -> dict[str, str]:
    """Who answers for a table: of several the one since the latest day."""
    zone = night.settings.business.timezone
    rows = visible(night.lake.versions("owners", night.as_of), INPUTS["owners"], night.as_of, zone)
    mine = masked(rows.collect(), NAMES).filter(
        pl.col("object_type").str.to_lowercase() == "table",
        (pl.col("since") <= night.as_of).fill_null(value=True),
    )
    named = mine.sort("since", "owner", nulls_last=False).select("object_id", "owner")
    return dict(named.iter_rows())
