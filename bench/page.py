"""The figures of docs/benchmarks.md from the parts' JSON: `python -m bench.page`.

A part that was not measured here keeps the section that the page has.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, TypeAlias

ROOT = Path(__file__).resolve().parents[1]
VAR, PAGE = ROOT / "bench" / "var", ROOT / "docs" / "benchmarks.md"
MARK = "<!-- figures: .venv/bin/python -m bench.page -->"
SHOWN = 8
"""Tables of the office that are shown one by one."""
Json: TypeAlias = Any  # what a file holds


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(cells) + " |" for cells in lines]


def _percent(row: Json, name: str) -> str:
    share, low, high = (row[name + end] for end in ("", "_low", "_high"))
    if share is None:  # the peer tells no quantiles
        return ""
    return f"{100 * share:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]"


def _number(value: float | None, places: int) -> str:
    return "" if value is None else f"{value:.{places}f}"


def nights(told: Json) -> list[str]:
    """Seconds and memory of nights."""
    rows = [
        [name, f"{n['seconds']:.1f}", f"{n['peak_mib']:.0f}", f"{n['rows_in']:,}"]
        for name, n in told.items()
    ]
    return ["### Nights", "", *_table(["night", "seconds", "peak MiB", "rows in"], rows), ""]


def speed(told: Json) -> list[str]:
    """Series a second, and how many times that of each peer."""
    ours, rows = told["speed"][0], []
    for one in told["speed"]:
        ratio = ours["series"] / ours["seconds"] * one["seconds"] / one["series"]
        by_cpu = ours["series"] / ours["cpu"] * one["cpu"] / one["series"]
        rows.append(
            [
                one["method"], f"{one['series']:,}", f"{one['series'] / one['seconds']:.2f}",
                f"{ratio:.0f}", f"{by_cpu:.0f}",
            ]
        )  # fmt: skip
    head = ["method", "series measured", "series/s", "ours times that", "by processor time"]
    first = told["first_call"]
    said = (
        f"The first call of a process (200 series) took {first['cached']:.1f} s with compiled code "
        f"on disk, {first['compiling']:.1f} s without."
    )
    return ["### Speed", "", *_table(head, rows), "", said, ""]


def scale(told: Json) -> list[str]:
    """The ladder of sizes."""
    rows = [
        [
            f"{one['series']:,}", f"{one['seconds']:.1f}",
            f"{one['series'] / one['seconds']:.0f}", f"{one['peak_mib']:.0f}",
        ]
        for one in told
    ]  # fmt: skip
    return ["### Scale", "", *_table(["series", "seconds", "series/s", "peak MiB"], rows), ""]


def office(told: Json) -> list[str]:
    """All tables of the office by size, and those that cost most at the largest."""
    rows = [
        [
            f"{one['customers']:,}", f"{one['lines']:,}", f"{one['cpu']:.1f}",
            f"{one['seconds']:.1f}", f"{one['peak_mib']:.0f}",
        ]
        for one in told
    ]  # fmt: skip
    dearest = sorted(told[-1]["tables"].items(), key=lambda one: -one[1]["cpu"])[:SHOWN]
    each = [
        [name, f"{one['cpu']:.1f}", f"{one['seconds']:.1f}", f"{one['peak_mib']:.0f}"]
        for name, one in dearest
    ]
    measures = ["processor s", "seconds", "peak MiB"]
    return [
        "### Office", "", *_table(["customers", "order lines", *measures], rows), "",
        "At the largest size, the tables that cost most:", "", *_table(["table", *measures], each), "",
    ]  # fmt: skip


def reading(told: Json) -> list[str]:
    """Order lines from a file to weekly units; ratios are those of processor time."""
    rows = []
    for kind, ones in told["ways"].items():
        ours = next(one["cpu"] for one in ones if one["way"] == "ours")
        rows += [
            [
                kind, one["way"], f"{one['cpu']:.1f}", f"{one['seconds']:.1f}",
                f"{one['peak_mib']:.0f}",
                f"{ours / one['cpu']:.2f}" if one["way"].startswith("duckdb") else "",
            ]
            for one in ones
        ]  # fmt: skip
    head = ["format", "way", "processor s", "seconds", "peak MiB", "ours takes, times that"]
    return [
        "### Reading", "", f"{told['rows']:,} order lines, two threads.", "", *_table(head, rows), "",
        "A bare read, filter and sum looks at four columns of eleven and asks nothing of any row. A CSV",
        "file with a quote in it, JSON, and mappings that look beyond a row (`route`, `lookup`, `first_of`,",
        "`format`, `content_id`) are read whole and cost more of both.", "",
    ]  # fmt: skip


def tagging(told: Json) -> list[str]:
    """Passages a second, and how many times each that is of the peer's."""
    peer = told[-1]
    rate = peer["passages"] / peer["seconds"]
    rows = [
        [
            one["system"], f"{one['passages']:,}", f"{one['seconds']:.1f}", f"{one['cpu']:.1f}",
            f"{one['peak_mib']:.0f}", f"{one['passages'] / one['seconds'] / rate:.1f}",
        ]
        for one in told
    ]  # fmt: skip
    head = ["system", "passages", "seconds", "processor s", "peak MiB", "times the peer's rate"]
    return ["### Tagging", "", *_table(head, rows), ""]


def accuracy(told: Json) -> list[str]:
    """Every method on every panel, verdicts, and means over panels and bands."""
    head = ["panel", "weeks", "method", "n", "WAPE", "bias %", "MASE", "MASE50", "SPL", "cov80"]
    head += ["ours: MASE %", "ours: SPL %"]
    rows = [
        [
            r["panel"], r["band"], r["method"], str(r["series"]), f"{r['wape']:.3f}",
            f"{100 * r['bias']:+.1f}", f"{r['mase']:.3f}", _number(r["mase50"], 3),
            _number(r["spl"], 3), _number(r["coverage"], 2),
            _percent(r, "ours_mase"), _percent(r, "ours_spl"),
        ]
        for r in told["table"]
    ]  # fmt: skip
    judged = [
        [
            v["panel"], v["band"], v["loss"].upper(),
            v["against"] + ("" if v["against"] == v["peer"] else f": {v['peer']}"),
            f"{100 * v['share']:+.1f} [{100 * v['low']:+.1f}, {100 * v['high']:+.1f}]",
            "" if v["bound"] is None else f"at most {100 * v['bound']:+.0f}",
        ]
        for v in told["verdicts"]
    ]  # fmt: skip
    means = [f"- {name}: {100 * share:+.1f} %" for name, share in told["means"].items()]
    return [
        "### Accuracy", "", "Mean over panels and bands, ours less the combination:", "", *means,
        "", *_table(["panel", "weeks", "loss", "against", "ours %", "asked %"], judged), "",
        *_table(head, rows), "",
    ]  # fmt: skip


def leads(told: Json) -> list[str]:
    """What two real leads were worth."""
    rows = [
        [
            r["what"], str(r["status"]), str(r["lead_weeks"]), f"{r['with_signals']:.3f}",
            f"{r['without']:.3f}",
            f"{100 * r['saved']:.1f} [{100 * r['low']:.1f}, {100 * r['high']:.1f}]",
        ]
        for r in told
    ]  # fmt: skip
    head = ["lead", "status", "weeks", "MAE with", "MAE without", "saved %"]
    revised = [r["revised_share"] for r in told if "revised_share" in r]
    said = [f"The newest value at a cutoff was later revised by {100 * x:.0f} %." for x in revised]
    return ["### Leads", "", *_table(head, rows), "", *said, ""]


def policy(told: Json) -> list[str]:
    """A year of the plan's orders: service reached, and what signals changed."""
    names = ("held", "waits", "served", "ordered")
    rows = [
        [
            r["shop"], str(r["skus"]), f"{r['cycles']:,}", f"{100 * r['asked']:.0f}",
            *(_share(r, name) for name in names),
            f"{100 * r['fill']:.1f}", f"{r['days_of_stock']:.0f}",
        ]
        for r in told["service"]
    ]  # fmt: skip
    head = ["shop", "SKUs", "cycles", "asked %", *(f"{n} %" for n in names), "fill %"]
    moved = [
        [
            r["shop"], f"{100 * r['levels_moved']:.0f}", f"{100 * r['lost_share_without']:.2f}",
            f"{100 * r['lost_share_with']:.2f}",
            *(_percent(r, name) for name in ("lost", "stock", "loss")),
        ]
        for r in told["signals"]
    ]  # fmt: skip
    columns = ["shop", "levels moved %", "lost % without", "with", "lost units %", "stock %"]
    return [
        "### Policy", "", *_table([*head, "stock, days"], rows), "",
        "Signals in the plan, beside the same plan without them:", "",
        *_table([*columns, "newsvendor loss %"], moved), "",
    ]  # fmt: skip


def _share(row: Json, name: str) -> str:
    share, low, high = (100 * row[name + end] for end in ("", "_low", "_high"))
    return f"{share:.1f} [{low:.1f}, {high:.1f}]"


SECTIONS = {
    "nights": nights, "office": office, "speed": speed, "scale": scale, "reading": reading,
    "tagging": tagging, "accuracy": accuracy, "leads": leads, "policy": policy,
}  # fmt: skip


def figures(folder: Path, shown: str) -> str:
    """The sections of all parts: drawn from `folder` where it has them, else as in `shown`."""
    runs = json.loads((folder / "runs.json").read_text(encoding="utf-8"))
    kept = sections(shown)
    lines: list[str] = []
    for part, make in SECTIONS.items():
        file = folder / f"{part}.json"
        if file.exists() and part in runs:
            title, _, *rest = make(json.loads(file.read_text(encoding="utf-8")))
            lines += [title, "", _run(runs[part]), "", *rest]
        else:
            lines += kept.get(f"### {part.capitalize()}", [])
    return "\n".join(lines)


def sections(shown: str) -> dict[str, list[str]]:
    """The lines of each section of a page's figures, by its title."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in shown.splitlines():
        if line.startswith("### "):
            lines = found.setdefault(line, [])
        lines.append(line)
    return {title: [*"\n".join(body).rstrip().splitlines(), ""] for title, body in found.items()}


def _run(run: Json) -> str:
    packages = ", ".join(f"{name} {number}" for name, number in run["packages"].items())
    return (
        f"{run['at'][:10]}, {run['processor']}, {run['cores']} cores (load {run['load']:.1f} at the "
        f"start), Python {run['python']}, {packages}"
        + (", small samples (`--quick`)." if run["quick"] else ".")
    )


def main() -> int:
    """The exit code: 1 where nothing has been measured."""
    if not (VAR / "runs.json").exists():
        print("nothing to show yet: run `make bench`")
        return 1
    text, _, shown = PAGE.read_text(encoding="utf-8").partition(MARK)
    PAGE.write_text(f"{text}{MARK}\n\n{figures(VAR, shown).rstrip()}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
