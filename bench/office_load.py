"""All tables of the office in a process of its own, one by one: `python -m bench.office_load CONFIG`.

The shop of ``bench.office_shop`` is taken in, heard and counted as a night does it, without its
forecasts; then each maker of ``flows.office.tables`` is called in the night's order. Prints one line of
JSON: what each cost (wall and processor seconds, peak MiB of the process while it ran, all that the
night holds by then included), how many rows it made, and a digest of them. Reading and joining an input
falls to the table that asks for it first.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from bench.load import forget_peak, peak_mib
from bench.office_shop import CATEGORIES, END, SIGNALS
from bench.staged import spent
from flows import environment

if TYPE_CHECKING:
    from flows.office import Given

EPISODES = 5_000
SEED = 79


def given_of(config: Path) -> Given:
    """What the office is given on a first night: the shop landed, heard and counted."""
    from flows import forecasting  # noqa: PLC0415 - after the environment is prepared
    from flows.identity import hasher  # noqa: PLC0415
    from flows.keys import keyring  # noqa: PLC0415
    from flows.knowledge import picture  # noqa: PLC0415
    from flows.listening import tag_lake  # noqa: PLC0415
    from flows.night import Night, rules_of  # noqa: PLC0415
    from flows.office import Given, Said  # noqa: PLC0415
    from flows.phrases import count_phrases  # noqa: PLC0415
    from flows.pull import pull  # noqa: PLC0415
    from flows.reading import read_versions  # noqa: PLC0415
    from flows.taggers import open_tagger  # noqa: PLC0415
    from transforms.asof import visible  # noqa: PLC0415
    from transforms.contracts import INPUTS  # noqa: PLC0415

    night = Night(str(config), END, "bench", str(config.parent / "work"), datetime.now(UTC))
    settings, lake = night.settings, night.lake
    pull(settings, lake, END)
    tagger, rules, key = open_tagger(settings), rules_of(settings), keyring(settings, lake).current
    tags = tag_lake(lake, END, settings, tagger)
    by = hasher(settings, key)
    versions = read_versions(lake, END, by, rules)
    now = picture(versions, tags, END, rules, listed=True)
    del versions
    business = settings.business
    tables = forecasting.counted(
        now, settings.forecast.levels, business.fiscal_calendar, business.week_start
    )
    shown = visible(lake.versions("passages", END), INPUTS["passages"], END, rules.timezone)
    taggers = dict.fromkeys(rules.signals, (tagger.name, tagger.version))
    tables |= forecasting.heard(now, shown, taggers, lambda: key) | forecasting.known(now)
    counted = count_phrases(lake, END, now, tags, rules)
    return Given(
        night, Said(tags, now, None, counted), tables | {"exceptions": _exceptions()}, hashing=by
    )


def _exceptions() -> pl.DataFrame:
    """Episodes of a year, a third of them over."""
    from transforms.contracts import EXPORTS  # noqa: PLC0415

    rng = np.random.default_rng(SEED)
    number = np.arange(EPISODES)
    told = pl.DataFrame({
        "episode_id": [f"E{i:05d}" for i in number],
        "as_of": pl.repeat(END, EPISODES, eager=True),
        "kind": pl.Series(("demand", "returns", "stock")).gather(number % 3),
        "category": [f"Category {i % CATEGORIES}" for i in number],
        "signal": pl.Series(SIGNALS).gather(number % len(SIGNALS)),
        "first_seen": [END - timedelta(days=int(d)) for d in rng.integers(0, 364, EPISODES)],
        "episode_state": pl.Series(("open", "open", "closed")).gather(number % 3),
    })  # fmt: skip
    return pl.concat([EXPORTS["exceptions"].empty(), told], how="diagonal_relaxed")


def digest(tables: dict[str, pl.DataFrame]) -> str:
    """A digest of the rows of some tables."""
    told = hashlib.sha256()
    for name in sorted(tables):
        file = io.BytesIO()
        tables[name].rechunk().write_parquet(file)
        told.update(name.encode() + file.getvalue())
    return told.hexdigest()[:16]


def main(arguments: list[str]) -> int:
    """The exit code: 0, or 1 where a maker failed."""
    environment.prepare(2)
    given = given_of(Path(arguments[0]))
    from flows.office.tables import MAKERS  # noqa: PLC0415

    told: dict[str, dict[str, float | str]] = {}
    before = {"cpu": round(spent(), 1)}
    for name, maker in MAKERS.items():
        forget_peak()
        wall, cpu = time.perf_counter(), spent()
        made = maker(given)
        tables = {} if isinstance(made, str) else dict(made)
        told[name] = {
            "seconds": round(time.perf_counter() - wall, 2),
            "cpu": round(spent() - cpu, 2),
            "peak_mib": round(peak_mib()),
            "rows": sum(table.height for table in tables.values()),
            "skipped": made if isinstance(made, str) else "",
            "digest": digest(tables),
        }
        given.made |= tables
        print(f"  {name}: {told[name]}", file=sys.stderr, flush=True)
    print(json.dumps({"tables": told, "before": before}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
