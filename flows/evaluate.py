"""`hearcast tagger evaluate`: how good a tagger is on labelled passages."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

from flows.gold_file import GoldError, read_gold
from flows.listening import tagged
from flows.settings import Settings
from flows.settings.model import CODEBOOK
from flows.tag_cache import TagCache
from flows.taggers import open_tagger
from models.tagger.agreement import agreement
from models.tagger.quality import FEWEST, Estimate, Quality, Report, measure
from transforms.tagging.gold import Gold, told_by
from transforms.tagging.judging import complete

HEADLINE = ("stocking_up", "delivery_worry", "durability_question")
SEED = 20
METHOD = (
    "95 % intervals: precision and recall Wilson; F1 and its means by bootstrap over passages "
    f"(2,000 resamples). The macro mean takes signals with at least {FEWEST} positives."
)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured: on all passages, on those drawn at random, and the readers' alpha."""

    tagger: str
    version: str
    signals: tuple[str, ...]
    whole: Report
    natural: Report | None
    readers: int
    alpha: tuple[float, ...]


def evaluate(settings: Settings, gold_file: Path, name: str | None) -> Evaluation:
    """Tags the labelled passages and compares. GoldError, SettingsError: one line with the remedy."""
    signals = tuple(CODEBOOK)
    gold = read_gold(gold_file, signals)
    tagger = open_tagger(settings, name)
    identity = ["conversation_id", "passage_id"]
    heard = tagged(complete(gold.passages), identity, settings, tagger, TagCache(None, ""))
    told = told_by(heard.tags, gold)
    columns = [signals.index(signal) for signal in HEADLINE]
    whole = measure(gold.labels, told, columns, SEED)
    natural = None
    if gold.natural is not None and gold.natural.any():
        natural = measure(gold.labels[gold.natural], told[gold.natural], columns, SEED)
    alpha = agreement(gold.said, gold.told) if gold.told.shape[1] > 1 else ()
    readers = _readers(gold)
    return Evaluation(
        tagger.name, tagger.version, signals, whole, natural, readers, tuple(map(float, alpha))
    )


def _readers(gold: Gold) -> int:
    return int(gold.told.any(axis=0).sum())


def as_json(found: Evaluation) -> str:
    """Everything measured as one JSON object; null where nothing can be said."""
    body = {
        "tagger": found.tagger,
        "tagger_version": found.version,
        "method": METHOD,
        "all": _report(found, found.whole),
        "random": _report(found, found.natural) if found.natural else None,
        "readers": found.readers,
        "alpha": _alpha(found),
    }
    return json.dumps(body, indent=1)


def _alpha(found: Evaluation) -> dict[str, float | None]:
    names = (*found.signals, "all")
    return {name: _known(value) for name, value in zip(names, found.alpha, strict=False)}


def _report(found: Evaluation, report: Report) -> dict[str, object]:
    return {
        "passages": report.passages,
        "macro_f1": {**_estimate(report.macro_f1), "signals": report.macro_of},
        "headline": _quality(report.headline),
        "signals": {s: _quality(q) for s, q in zip(found.signals, report.signals, strict=True)},
    }


def _quality(quality: Quality) -> dict[str, object]:
    return {
        "positives": quality.positives,
        "found": quality.found,
        "precision": _estimate(quality.precision),
        "recall": _estimate(quality.recall),
        "f1": _estimate(quality.f1),
    }


def _estimate(one: Estimate) -> dict[str, float | None]:
    return {"value": _known(one.value), "lo": _known(one.lo), "hi": _known(one.hi)}


def _known(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 4)


def lines(found: Evaluation) -> list[str]:
    """The same for people: one line a signal, the means, the random rows, the readers."""
    out = [
        f"{found.tagger} ({found.version}) on {found.whole.passages:,} labelled passages",
        *_table(found, found.whole, with_alpha=bool(found.alpha)),
    ]
    if found.natural:
        out += [
            "",
            f"At natural prevalence: the {found.natural.passages:,} passages drawn at random",
            *_table(found, found.natural, with_alpha=False),
        ]
    if found.alpha:
        told = f"Krippendorff's alpha of {found.readers} readers over all signals"
        out += ["", f"{told}: {found.alpha[-1]:.3f}"]
    return [*out, "", METHOD]


def _table(found: Evaluation, report: Report, *, with_alpha: bool) -> list[str]:
    out = [f"  {'signal':20} {'n':>4} {'precision':>20} {'recall':>20} {'F1':>20}"]
    out[0] += f" {'alpha':>6}" if with_alpha else ""
    for j, (signal, quality) in enumerate(zip(found.signals, report.signals, strict=True)):
        alpha = found.alpha[j] if with_alpha else math.nan
        tail = f" {alpha:>6.2f}" if with_alpha and not math.isnan(alpha) else ""
        out.append(_line(signal, quality) + tail)
    out.append(_line("headline, pooled", report.headline))
    if report.macro_of:
        macro = f"macro F1 of {report.macro_of} signals"
        out.append(f"  {macro:67} {_shown(report.macro_f1):>20}")
    else:
        out.append(f"  no macro F1: no signal has {FEWEST} positives")
    return out


def _line(name: str, quality: Quality) -> str:
    figures = " ".join(
        f"{_shown(one):>20}" for one in (quality.precision, quality.recall, quality.f1)
    )
    return f"  {name:20} {quality.positives:>4} {figures}"


def _shown(one: Estimate) -> str:
    if math.isnan(one.value):
        return "-"
    if math.isnan(one.lo):
        return f"{one.value:.2f}"
    return f"{one.value:.2f} [{one.lo:.2f}, {one.hi:.2f}]"


__all__ = ["Evaluation", "GoldError", "as_json", "evaluate", "lines"]
