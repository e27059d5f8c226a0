"""The only place that speaks to Great Expectations.

What it is given are numbers, contract names and a contract's enumerations; results are asked for
without offending values (SUMMARY with none listed). So nothing that a customer wrote can stand in a
result or in Data Docs. Great Expectations costs seconds to import: only inside functions here.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

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
    frames = asset.add_batch_definition_whole_dataframe("profile")
    rows: list[dict[str, Any]] = []
    docs: list[dict[str, Any]] = []
    for dossier in dossiers:
        results = _run(frames, f"{stage}.{dossier.table}", dossier)
        rows += _rows(dossier, results)
        if results:
            docs.append(_document(f"{stage}.{dossier.table}", dossier, results))
    return Verdicts(table_of(rows), tuple(docs))


def _run(frames: BatchDefinition[Any], suite: str, dossier: Dossier) -> list[dict[str, Any]]:
    """One JSON result per case, in the order of the cases."""
    suites = importlib.import_module("great_expectations")

    results: dict[int, dict[str, Any]] = {}
    for view, frame in dossier.frames().items():
        chosen = [(i, case) for i, case in enumerate(dossier.cases) if case.view == view]
        if not chosen:
            continue
        batch = frames.get_batch({"dataframe": frame.to_pandas()})
        asked = suites.ExpectationSuite(
            suite, expectations=[_expectation(*each) for each in chosen]
        )
        found = batch.validate(asked, result_format=RESULT_FORMAT).to_json_dict()["results"]
        for result in found:
            result["expectation_config"]["kwargs"].pop("batch_id", None)
            results[int(result["expectation_config"]["meta"]["case"])] = result
    return [results[i] for i in range(len(dossier.cases))]


def _expectation(index: int, case: Case) -> Expectation:
    kinds = importlib.import_module("great_expectations.expectations")
    what = f"{case.check} {case.label}".strip()
    built: Expectation = getattr(kinds, case.kind)(
        **case.arguments,
        description=f"{what}: {case.expected} (n = {case.n})",
        severity="critical" if case.severity == "hold" else "warning",
        meta={"case": index, "check": case.check},
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
