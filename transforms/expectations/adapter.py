"""The only place that speaks to Great Expectations.

What it is given are numbers, contract names and a contract's enumerations; results are asked for
without offending values (SUMMARY with none listed). So nothing that a customer wrote can stand in a
result or in Data Docs. Great Expectations costs seconds to import: only inside functions here.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from transforms.expectations.verdicts import (
    MAX_NAMED,
    Case,
    Dossier,
    Verdicts,
    number,
    table_of,
)

if TYPE_CHECKING:
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.data_context.data_context.abstract_data_context import (
        AbstractDataContext,
    )
    from great_expectations.expectations.expectation import Expectation

SMALL_ROWS = 1_000
"""Views of up to so many rows wait to be judged together."""
COLUMN_ARGUMENTS = ("column", "column_A", "column_B")
RESULT_FORMAT = {"result_format": "SUMMARY", "partial_unexpected_count": 0}


def new_context(sites: Mapping[str, object] | None = None) -> AbstractDataContext:
    """An in-memory Great Expectations context: no analytics, no progress bars, no project folder.

    `sites`: Data Docs sites, as Great Expectations configures them.
    """
    types = importlib.import_module("great_expectations.data_context.types.base")
    config = types.DataContextConfig(
        store_backend_defaults=types.InMemoryStoreBackendDefaults(),
        data_docs_sites=dict(sites or {}),
        progress_bars=types.ProgressBarsConfig(globally=False),
        analytics_enabled=False,
    )
    context: AbstractDataContext = importlib.import_module("great_expectations").get_context(
        mode="ephemeral", project_config=config
    )
    return context


def judge(stage: str, dossiers: Iterable[Dossier]) -> Verdicts:
    """Verdicts on all dossiers; `stage` (inputs or exports) names their suites."""
    asset = new_context().data_sources.add_pandas(stage).add_dataframe_asset("tables")
    batches = asset.add_batch_definition_whole_dataframe("profile")
    read: list[tuple[Dossier, dict[int, dict[str, Any]]]] = []
    small: dict[int, list[_Part]] = {}
    for place, dossier in enumerate(dossiers):
        results: dict[int, dict[str, Any]] = {}
        read.append((dossier, results))
        for part in _parts(place, dossier, results):
            if part.frame.height > SMALL_ROWS:
                _judged(batches, [part])
                dossier.views.pop(part.view, None)  # the next table's may be as large
            else:
                small.setdefault(part.frame.height, []).append(part)
    for parts in small.values():
        _judged(batches, parts)
    rows: list[dict[str, Any]] = []
    docs: list[dict[str, Any]] = []
    for dossier, found in read:
        told = [found[i] for i in range(len(dossier.cases))]
        rows += _rows(dossier, told)
        if told:
            docs.append(_document(f"{stage}.{dossier.table}", dossier, told))
    return Verdicts(table_of(rows), tuple(docs))


@dataclass(frozen=True, slots=True)
class _Part:
    """A view of a dossier, the cases asked of it, and where their results go."""

    dossier: int
    view: str
    frame: pl.DataFrame
    cases: Mapping[int, Case]
    results: dict[int, dict[str, Any]]

    def named(self, column: str) -> str:
        """The name of a column where views of several dossiers stand side by side."""
        return f"{self.dossier}|{self.view}|{column}"


def _parts(place: int, dossier: Dossier, results: dict[int, dict[str, Any]]) -> Iterator[_Part]:
    for view, frame in dossier.frames().items():
        chosen = {i: case for i, case in enumerate(dossier.cases) if case.view == view}
        if chosen:
            yield _Part(place, view, frame, chosen, results)


def _judged(batches: BatchDefinition[Any], parts: Sequence[_Part]) -> None:
    """Asks every case of views of equal height, side by side: a batch costs what 20 cases do."""
    suites = importlib.import_module("great_expectations")
    wide = pl.concat([p.frame.rename(p.named) for p in parts], how="horizontal")
    batch = batches.get_batch({"dataframe": wide.to_pandas()})
    asked = [
        _expectation(f"{n}.{i}", part, case)
        for n, part in enumerate(parts)
        for i, case in part.cases.items()
    ]
    suite = suites.ExpectationSuite("all", expectations=asked)
    found = batch.validate(suite, result_format=RESULT_FORMAT).to_json_dict()["results"]
    for result in found:
        config = result["expectation_config"]
        n, i = map(int, config["meta"]["case"].split("."))
        config["meta"]["case"] = i
        config["kwargs"] = {
            **{k: v for k, v in config["kwargs"].items() if k != "batch_id"},
            **_columns(parts[n].cases[i].arguments),
        }
        parts[n].results[i] = result


def _columns(arguments: Mapping[str, object]) -> dict[str, str]:
    """Of a case's arguments those that name columns."""
    return {name: str(value) for name, value in arguments.items() if name in COLUMN_ARGUMENTS}


def _expectation(place: str, part: _Part, case: Case) -> Expectation:
    kinds = importlib.import_module("great_expectations.expectations")
    what = f"{case.check} {case.label}".strip()
    columns = {name: part.named(value) for name, value in _columns(case.arguments).items()}
    built: Expectation = getattr(kinds, case.kind)(
        **{**case.arguments, **columns},
        description=f"{what}: {case.expected} (n = {case.n})",
        severity="critical" if case.severity == "hold" else "warning",
        meta={"case": place, "check": case.check},
    )
    return built


def _rows(dossier: Dossier, results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    by_check: dict[str, list[tuple[Case, dict[str, Any]]]] = {}
    for case, result in zip(dossier.cases, results, strict=True):
        by_check.setdefault(case.check, []).append((case, result))
    rows = [_decided(dossier.table, check, pairs) for check, pairs in by_check.items()]
    for each in dossier.undecided:
        if each.check not in by_check:
            rows.append(
                {
                    "table": dossier.table,
                    "check": each.check,
                    "severity": each.severity,
                    "status": "not_enough_data",
                    "observed": each.why,
                    "expected": each.expected,
                    "n": each.n,
                }
            )
            by_check[each.check] = []
    return rows


def _decided(table: str, check: str, pairs: list[tuple[Case, dict[str, Any]]]) -> dict[str, Any]:
    failed = [pair for pair in pairs if not pair[1]["success"]]
    shown = failed or pairs
    observed = [_observed(case, result) for case, result in shown[:MAX_NAMED]]
    if len(pairs) > 1 and not failed:
        observed = [f"all {len(pairs)} as expected"]
    elif len(shown) > MAX_NAMED:
        observed.append(f"and {len(shown) - MAX_NAMED} more")
    expected = dict.fromkeys(case.expected for case, _ in shown[:MAX_NAMED])
    return {
        "table": table,
        "check": check,
        "severity": pairs[0][0].severity,
        "status": "failed" if failed else "passed",
        "observed": ", ".join(observed),
        "expected": ", ".join(expected),
        "n": max(case.n for case, _ in shown),
    }


def _observed(case: Case, result: Mapping[str, Any]) -> str:
    """The observed number, or how many rows of the view failed; never a value from a table."""
    if (result.get("exception_info") or {}).get("raised_exception"):
        said = "could not be judged"
    else:
        found = result.get("result") or {}
        value = found.get("observed_value")
        if isinstance(value, int | float):
            said = number(value)
        elif "unexpected_count" in found:
            said = f"{found['unexpected_count']} failing"
        else:
            said = "as expected" if result["success"] else "not so"
    return f"{case.label} {said}".strip()


def _document(suite: str, dossier: Dossier, results: list[dict[str, Any]]) -> dict[str, Any]:
    """A suite and its validation result, as Great Expectations writes them to JSON."""
    version = importlib.import_module("great_expectations").__version__
    good = sum(bool(result["success"]) for result in results)
    unsure = [f"{each.check}: {each.why}" for each in dossier.undecided]
    return {
        "suite": suite,
        "notes": unsure,
        "expectations": [result["expectation_config"] for result in results],
        "result": {
            "success": good == len(results),
            "results": results,
            "suite_name": suite,
            "suite_parameters": {},
            "statistics": {
                "evaluated_expectations": len(results),
                "successful_expectations": good,
                "unsuccessful_expectations": len(results) - good,
                "success_percent": 100.0 * good / len(results),
            },
            "meta": {
                "great_expectations_version": version,
                "active_batch_definition": {"data_asset_name": dossier.table},
                "not_enough_data": unsure,
            },
        },
    }


def stored(
    context: AbstractDataContext,
    document: Mapping[str, Any],
    *,
    run_name: str,
    run_time: datetime,
) -> None:
    """Put a document of `Verdicts.docs` into `context`, ready for its Data Docs."""
    gx = importlib.import_module("great_expectations")
    runs = importlib.import_module("great_expectations.core.run_identifier")
    keys = importlib.import_module("great_expectations.data_context.types.resource_identifiers")
    name = str(document["suite"])
    notes = list(document["notes"]) or None
    context.suites.add(
        gx.ExpectationSuite(name, expectations=list(document["expectations"]), notes=notes)
    )
    run = runs.RunIdentifier(run_name=run_name, run_time=run_time)
    store: Any = context.validation_results_store
    result = store.deserialize(dict(document["result"]))
    result.meta["run_id"] = run
    suite_key = keys.ExpectationSuiteIdentifier(name)
    store.set(keys.ValidationResultIdentifier(suite_key, run, name), result)
