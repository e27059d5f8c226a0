"""What the learned taggers are trained on: labelled passages, our own, and varied ones."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.tagger.windows import spaced
from transforms.tagging.normalise import fold

ROOT = Path(__file__).resolve().parents[2]
OWN = ROOT / "data" / "tagger"
SIGNALS = (
    "checkout_problem",
    "delivery_worry",
    "durability_question",
    "extra_costs",
    "gift_purchase",
    "price_objection",
    "product_question",
    "repeat_intent",
    "return_intent",
    "sizing_confusion",
    "stocking_up",
    "stockout_complaint",
)
Words = list[str]
SHARED = 6
"""Words in a row that two passages share by chance only rarely."""


@dataclass(frozen=True)
class Labelled:
    """Folded texts, passages x signals whether each is there, and the digest of the file."""

    texts: list[str]
    labels: np.ndarray
    sha256: str

    @functools.cached_property
    def words(self) -> list[Words]:
        """The words of each text."""
        return [text.split() for text in spaced(self.texts)]


def labelled(path: Path) -> Labelled:
    """Passages of a JSONL file with `text` and `signals`."""
    content = path.read_bytes()
    rows = [json.loads(line) for line in content.decode().splitlines() if line]
    return _labelled([row["text"] for row in rows], [row["signals"] for row in rows], content)


def joined(files: list[Path], measuring: Path) -> Labelled:
    """Passages of several such files, each once, without those of the measuring set.

    A passage that shares `SHARED` words in a row with a measuring passage is taken for one of them.
    """
    content = [path.read_bytes() for path in files]
    rows = [json.loads(line) for one in content for line in one.decode().splitlines() if line]
    told = {fold(row["text"]): row["signals"] for row in rows}
    kept = apart(list(told), labelled(measuring).texts)
    return _labelled(kept, [told[text] for text in kept], b"".join(content))


def apart(texts: list[str], others: list[str]) -> list[str]:
    """Texts that have no `SHARED` words in a row with any of the others."""
    known = {run for text in others for run in _runs(text)}
    return [text for text in texts if known.isdisjoint(_runs(text))]


def fifth(texts: list[str]) -> np.ndarray:
    """Whether each text is of the fifth that is kept apart, told by its digest."""
    digests = (hashlib.sha256(text.encode()).hexdigest() for text in texts)
    return np.array([int(digest, 16) % 5 == 0 for digest in digests], dtype=bool)


def _runs(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text)
    if not words:
        return set()
    return {tuple(words[i : i + SHARED]) for i in range(max(1, len(words) - SHARED + 1))}


def own() -> Labelled:
    """Passages of our own writing: every `own_*.txt` of the folder."""
    content = b"".join(path.read_bytes() for path in sorted(OWN.glob("own_*.txt")))
    lines = [line for line in content.decode().splitlines() if line and not line.startswith("#")]
    pairs = [line.split(" | ", 1) for line in lines]
    for told, text in pairs:
        wrong = set(told.split(",")) - set(SIGNALS) - {"none"}
        if wrong:
            raise ValueError(f"{OWN}: {wrong} in '{text[:40]}'")
    return _labelled([text for _, text in pairs], [told.split(",") for told, _ in pairs], content)


def _labelled(texts: list[str], told: list[list[str]], content: bytes) -> Labelled:
    labels = np.array([[signal in row for signal in SIGNALS] for row in told], dtype=bool)
    labels = labels.reshape(len(told), len(SIGNALS))
    return Labelled([fold(text) for text in texts], labels, hashlib.sha256(content).hexdigest())


def turns(path: Path, seed: int) -> list[str]:
    """Customers' turns of the MultiDoGO chats in any order: unlabelled everyday language."""
    import polars as pl  # noqa: PLC0415

    said = pl.read_parquet(path)["utterance"].drop_nulls().unique().sort().to_list()
    some = [text for text in said if 12 < len(text) < 400]
    return [fold(some[i]) for i in np.random.default_rng(seed).permutation(len(some))]


def neighbours(
    vectors: np.ndarray, vocabulary: dict[str, int], words: set[str]
) -> dict[str, Words]:
    """Up to eight words of like meaning for each word that is a piece of its own."""
    known = sorted(word for word in words if word in vocabulary and len(word) > 2)
    rows = vectors[[vocabulary[word] for word in known]]
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    like = rows @ rows.T
    np.fill_diagonal(like, -1)
    top = np.argsort(-like, axis=1, kind="stable")[:, :8]
    return {word: [known[j] for j in top[i] if like[i, j] > 0.45] for i, word in enumerate(known)}


def varied(
    passages: list[Words], times: int, like: dict[str, Words], rng: np.random.Generator
) -> list[Words]:
    """Each passage some times anew: a part of it, parts of two, words left out or replaced.

    (After Tang and others 2019, "Distilling task-specific knowledge from BERT".) What the new
    passages say, the teacher tells.
    """
    out = []
    for passage in passages:
        for _ in range(times):
            words, draw = list(passage), rng.random()
            if draw < 0.35 and len(words) > 7:
                words = _part(words, 4, 26, rng)
            elif draw < 0.6:
                other = passages[rng.integers(len(passages))]
                words = _part(words, 4, 18, rng) + _part(other, 4, 18, rng)
            share = rng.random() * 0.25
            kept = [_instead(w, share, like, rng) for w in words if rng.random() > 0.06]
            if kept:
                out.append(kept)
    return out


def _part(words: Words, least: int, most: int, rng: np.random.Generator) -> Words:
    if not words:
        return words
    length = int(rng.integers(min(least, len(words)), min(len(words), most) + 1))
    start = int(rng.integers(0, len(words) - length + 1))
    return words[start : start + length]


def _instead(word: str, share: float, like: dict[str, Words], rng: np.random.Generator) -> str:
    near = like.get(word)
    if not near or rng.random() >= share:
        return word
    return near[rng.integers(len(near))]
