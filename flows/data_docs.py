"""Great Expectations' Data Docs of a night, written to a folder."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from transforms.expectations import Verdicts
from transforms.expectations.adapter import new_context, stored

SITE = "night"


def write_data_docs(verdicts: Sequence[Verdicts], folder: Path, *, as_of: date) -> Path:
    """The index page of the Data Docs of `as_of`, written with one page per table into `folder`.

    The folder is this night's own; pages of an earlier attempt at the same night are replaced.
    Pages hold numbers and contract names, never a customer's value. Great Expectations' pages fetch
    styles and scripts from public addresses; without them the pages of the tables are still
    readable, the index is not.
    """
    folder.mkdir(parents=True, exist_ok=True)
    context = new_context({SITE: _site(folder)})
    run_time = datetime.combine(as_of, time(), UTC)
    for each in verdicts:
        for document in each.docs:
            stored(context, document, run_name=as_of.isoformat(), run_time=run_time)
    context.build_data_docs(site_names=[SITE])
    # Megabytes of fonts and how-to animations a night would outweigh the pages a hundred times.
    for bulk in ("fonts", "images"):
        shutil.rmtree(folder / "static" / bulk, ignore_errors=True)
    return folder / "index.html"


def _site(folder: Path) -> Mapping[str, Any]:
    return {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {
            "class_name": "TupleFilesystemStoreBackend",
            "base_directory": str(folder.resolve()),
        },
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        "site_section_builders": {"profiling": "None"},
    }
