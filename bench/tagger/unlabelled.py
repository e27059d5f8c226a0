"""Texts without labels for the fast network to learn from: which of them teach it most."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.tagger.material import apart
from transforms.tagging.normalise import fold

LONGEST, SHORTEST, MOST = 150, 20, 420
"""Characters up to which sentences are put together, and those of the shortest and longest part."""
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
_MARKUP = re.compile(r"<[^>]+>")


def parts(text: str) -> list[str]:
    """A text in parts of whole sentences, as long as passages are; none too short or too long."""
    out = [""]
    for found in _SENTENCE.findall(_MARKUP.sub(" ", text)):
        sentence = found.strip()
        if out[-1] and len(out[-1]) + len(sentence) > LONGEST:
            out.append("")
        out[-1] = f"{out[-1]} {sentence}".strip()
    return [part for part in out if SHORTEST < len(part) < MOST]


def candidates(files: Sequence[Path], turns: Sequence[str], known: Sequence[str]) -> list[str]:
    """Folded parts of the texts of JSONL files with `text`, and turns, each once.

    What shares a run of words with a text of `known` (measured, held out, learnt already) is left out.
    """
    found = [
        fold(part)
        for path in files
        for line in path.read_text(encoding="utf-8").splitlines()
        if line
        for part in parts(json.loads(line)["text"])
    ]
    return apart(list(dict.fromkeys([*found, *turns])), list(known))


def unsure(odds: np.ndarray, count: int) -> np.ndarray:
    """The rows of which a network is least sure, at most `count`, the least sure first.

    `odds`: log odds, rows x signals. Unsureness is entropy, summed over signals; rare ones weigh more
    (uncertainty sampling: Lewis and Gale 1994).
    """
    chance = 1 / (1 + np.exp(-odds.astype(np.float64)))
    entropy = np.logaddexp(0, odds) - chance * odds
    weight = 1 / np.sqrt(np.maximum(chance.mean(axis=0), 1e-4))
    weight = np.clip(weight / weight.mean(), 0.5, 2.0)
    return np.argsort(-(entropy * weight).sum(axis=1), kind="stable")[:count]
