"""Audits of the tagger without the person: their passages' words go from sheets, labels and counts stay."""

from __future__ import annotations

from collections.abc import Iterator

from flows.audits import AuditRefusal, audit_folders, read_cells, sheets_of, write_cells
from flows.lake import Lake
from flows.places import Place, relative
from transforms.audit_sheet import NUMBER, without_words
from transforms.forgetting import Forgotten, blanked


def erase_audits(lake: Lake, who: Forgotten) -> dict[str, int]:
    """How many lines of sheets lost their words, and how many sheets could not be opened or written.

    Sheets are looked for where they were written and in the lake's audits; copies elsewhere are
    not known.
    """
    blanked_lines = closed = 0
    for folder in audit_folders(lake):
        drawn = lake.storage.read_parquet(folder / "drawn.parquet")
        mine = who.mine(drawn)
        if not mine.any():
            continue
        clean = blanked(drawn, mine, who.by)
        if not clean.equals(drawn):
            lake.write_parquet(relative(folder / "drawn.parquet", lake.root), clean)
        numbers = drawn.filter(mine)[NUMBER].to_list()
        for sheet in _sheets(lake, folder):
            try:
                blanked_lines += _blank(sheet, folder.name, numbers)
            except (OSError, AuditRefusal):
                closed += 1
    return {"sheet_lines": blanked_lines, "sheets_not_reached": closed}


def _sheets(lake: Lake, folder: Place) -> Iterator[Place]:
    """Every sheet of an audit that is still there."""
    kept = [path for path in lake.storage.files(lake.root / "audits") if path.suffix == ".csv"]
    found: dict[str, Place] = {str(one): one for one in (path.resolve() for path in kept)}
    found |= {str(path): path for path in sheets_of(folder) if path.is_file()}
    yield from (found[name] for name in sorted(found))


def _blank(sheet: Place, audit_id: str, numbers: list[int]) -> int:
    cells, separator = read_cells(sheet)
    clean = without_words(cells, audit_id, numbers)
    if clean.equals(cells):
        return 0
    write_cells(sheet, clean, separator)
    return clean["text"].null_count() - cells["text"].null_count()
