"""The office's table of repeat orders of a simulated brand in which they follow what was said."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from flows.identity import hasher
from flows.keys import keyring
from flows.knowledge import picture
from flows.listening import tag_lake
from flows.night import Night, rules_of
from flows.office.given import Given, Said
from flows.office.repeats import repeat_timing
from flows.pull import pull
from flows.reading import read_versions
from flows.taggers import open_tagger
from models.simulate import Brand
from models.simulate.spec import SIGNALS
from tests.flows.written import write_config

GIVEN = ("order_lines", "customers", "products", "conversations")
RULES = "[tagging]\ntagger = 'rules'\n"


def repeat_table(folder: Path, brand: Brand, *, truly: bool = True) -> pl.DataFrame:
    """`repeat_timing` of the brand's files: pulled, judged, joined and counted as a night does it.

    Signals are those of a system that hears all and only what was said (`truly`), else of our rules.
    """
    files = {name: brand[name] for name in GIVEN}
    files |= {"tags": true_tags(brand)} if truly else {"passages": brand["passages"]}
    (folder / "in").mkdir(parents=True)
    for name, frame in files.items():
        frame.write_parquet(folder / "in" / f"{name}.parquet")
    tagging = RULES + (f"upstream = {list(SIGNALS)}\n" if truly else "")
    config = write_config(folder, {name: f"in/{name}.parquet" for name in files}, tagging)
    return _made(Night(str(config), brand.spec.end, "t", str(folder / "work"), datetime.now(UTC)))


def true_tags(brand: Brand) -> pl.DataFrame:
    """What was truly said, as rows of `tags`."""
    said = brand.truth_passages.explode("signals").drop_nulls("signals")
    return said.join(brand["passages"], on="passage_id").select(
        "conversation_id", "passage_id", "said_at", signal="signals"
    )


def _made(night: Night) -> pl.DataFrame:
    settings, lake, as_of = night.settings, night.lake, night.as_of
    pull(settings, lake, as_of)
    rules = rules_of(settings)
    tags = tag_lake(lake, as_of, settings, open_tagger(settings))
    by = hasher(settings, keyring(settings, lake).current)
    now = picture(read_versions(lake, as_of, by, rules), tags, as_of, rules, listed=True)
    made = repeat_timing(Given(night, Said(tags, now, None), {}))
    assert not isinstance(made, str), made
    return made["repeat_timing"]
