"""`python -m bench.tagger.train --data FOLDER --work FOLDER [--more FILE ...] [--unlabelled FILE ...]`.

Makes data/tagger/accurate.npz and fast.npz. Needs torch (2.13) and the encoder's packages beside what
nights run on. A fifth of the labelled passages is held out; the networks that learnt from the others
are shipped, and their cuts are chosen on that fifth: so the cuts are those of the very networks.
The fast network learns from four fifths of the further passages, too, and its cuts are chosen on the
last fifth as well. With `--go-on` both begin as the networks in place and end half way between those
and what they have learnt. Steps that are done stand in the work folder and are not done again. Equal inputs give equal networks
on one machine with one thread.
"""

from __future__ import annotations

import argparse
import json
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import torch

from bench.tagger import export, learning, stacking, student, teacher, unlabelled
from bench.tagger.material import (
    ROOT,
    SIGNALS,
    Labelled,
    Words,
    apart,
    fifth,
    joined,
    labelled,
    neighbours,
    own,
    turns,
    varied,
)
from flows.settings import load_settings
from flows.tagger_files import ENCODER, WEIGHTS, read_encoder, read_fast
from models.tagger.files import pieces_of
from models.tagger.windows import spaced
from models.tagger.wordpiece import WordPieces
from transforms.tagging import parse_phrases
from transforms.tagging.combined import ruled
from transforms.tagging.judging import read_words
from transforms.tagging.matching import rule_hits

FOLDS, HELD = 5, 0
TIMES, TURNS, UNSURE = 3, 6_000, 9_000
"""How often a passage is varied; turns as they come; texts of which the network in place is unsure."""
LIMIT, EPOCHS = 128, 4
RATE, RATE_ON = 6e-5, 3e-5
"""Rate of the accurate network's learning, from the published encoder and from the one in place."""
SHARE_ON, EPOCHS_ON = 0.7, 6
"""The same for the fast network, as a share of its rates."""
SURE, NOT = 3.0, -5.0
"""Log odds that a label stands for."""


@dataclass(frozen=True)
class Setup:
    """Everything that training reads."""

    real: Labelled
    more: Labelled
    own: Labelled
    measured: list[str]
    turns: list[str]
    files: list[Path]
    base: dict[str, np.ndarray]
    words: WordPieces
    vocabulary: list[str]
    work: Path
    go_on: bool

    def cut(self, texts: list[str]) -> list[list[int]]:
        """Pieces as the encoder reads them."""
        return [self.words.cut(text, LIMIT)[0] for text in texts]

    def pieces(self, words: Words) -> list[int]:
        """Pieces as the fast network reads them."""
        return [piece for word in words for piece in self.words.pieces(word)] or [
            self.words.unknown
        ]


def setup(asked: argparse.Namespace) -> Setup:
    """Reads passages, unlabelled texts and the encoder."""
    base, vocabulary = read_encoder(load_settings(ROOT / "hearcast.toml", os.environ))[:2]
    real = labelled(asked.data / "passages" / "passages_train.jsonl")
    measuring = asked.data / "passages" / "passages.jsonl"
    more, measured = joined(asked.more, measuring), labelled(measuring).texts
    said = turns(asked.data / "multidogo" / "chats.parquet", seed=1)
    words = WordPieces(pieces_of(vocabulary))
    read = (real, more, own(), measured, said, asked.unlabelled)
    return Setup(*read, dict(base), words, vocabulary, asked.work, asked.go_on)


def in_place(name: str) -> dict[str, np.ndarray]:
    """The arrays of a network that is shipped."""
    with np.load(WEIGHTS / name, allow_pickle=False) as held:
        return dict(held)


def parted(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows to learn from, and rows held out."""
    fold = np.random.default_rng(5).permutation(count) % FOLDS
    return np.flatnonzero(fold != HELD), np.flatnonzero(fold == HELD)


def further_rows(one: Setup, rows: np.ndarray) -> np.ndarray:
    """Further passages that share no run of words with a real one that is held out."""
    learnt = set(rows.tolist())
    held = [text for i, text in enumerate(one.real.texts) if i not in learnt]
    kept = set(apart(one.more.texts, held))
    return np.array([i for i, text in enumerate(one.more.texts) if text in kept], dtype=np.int64)


def labelled_rows(
    one: Setup, rows: np.ndarray, *, without_fifth: bool = False
) -> tuple[list[str], np.ndarray]:
    """Texts and labels of the real passages `rows`, of further ones, and of all our own.

    Without the fifth of the further ones that is kept apart, where that is asked.
    """
    more = further_rows(one, rows)
    if without_fifth:
        more = more[~fifth([one.more.texts[i] for i in more])]
    texts = [one.real.texts[i] for i in rows] + [one.more.texts[i] for i in more] + one.own.texts
    return texts, np.vstack([one.real.labels[rows], one.more.labels[more], one.own.labels])


def taught(one: Setup, rows: np.ndarray, seed: int, name: str) -> teacher.Teacher:
    """An accurate network of the real passages `rows` and of all our own; kept, in half floats."""
    path = one.work / f"{name}.pt"
    torch.manual_seed(seed)
    model = teacher.Teacher(one.base, len(SIGNALS))
    if one.go_on:
        model = teacher.in_place(one.base, in_place("accurate.npz"), len(SIGNALS))
    before = {part: held.clone() for part, held in model.state_dict().items()}
    if path.exists():
        model.load_state_dict(torch.load(path))
        return model
    texts, labels = labelled_rows(one, rows)
    print(f"{name}: {len(texts)} passages", flush=True)
    fading = np.arange(len(texts)) >= len(texts) - len(one.own.texts)
    rate = RATE_ON if one.go_on else RATE
    learning.train(model, one.cut(texts), labels, seed, fading=fading, epochs=EPOCHS, rate=rate)
    sampled = stacking.sampling_shift(labels[~fading], one.real.labels[rows])
    model.weigh.bias.data -= torch.tensor(sampled, dtype=torch.float32)
    if one.go_on:
        learning.halfway(model, before)
    halves = {part: held.to(torch.bfloat16) for part, held in model.state_dict().items()}
    torch.save(halves, path)
    model.load_state_dict(halves)
    return model


def exercises(one: Setup, rows: np.ndarray, seed: int) -> list[str]:
    """Unlabelled texts for the fast network: varied passages, and turns."""
    texts, _ = labelled_rows(one, rows, without_fifth=True)
    passages = [text.split() for text in spaced(texts)]
    base = one.base["embeddings.word_embeddings.weight"]
    like = neighbours(base, dict(one.words.vocabulary), {w for p in passages for w in p})
    new = varied(passages, TIMES, like, np.random.default_rng(seed))
    return [" ".join(words) for words in new] + one.turns[:TURNS]


def chosen(one: Setup, rows: np.ndarray) -> list[str]:
    """Of the other unlabelled texts those of which the fast network in place is least sure; kept."""
    path = one.work / "chosen.json"
    if not path.exists():
        held = [one.real.texts[i] for i in np.setdiff1d(np.arange(len(one.real.texts)), rows)]
        known = one.measured + held + labelled_rows(one, rows)[0] + one.turns[:TURNS]
        texts = unlabelled.candidates(one.files, one.turns[TURNS:], known)
        odds, _ = read_fast()[0].score(texts)
        picked = [texts[i] for i in unlabelled.unsure(odds, UNSURE)]
        path.write_text(json.dumps(picked), encoding="utf-8")
        print(f"{len(picked)} chosen of {len(texts)} unlabelled texts", flush=True)
    return list(json.loads(path.read_text(encoding="utf-8")))


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
    torch.manual_seed(0)
    vectors = student.start_vectors(one.base["embeddings.word_embeddings.weight"])
    model = student.Student(vectors, len(SIGNALS))
    if one.go_on:
        model = student.in_place(in_place("fast.npz"))
    before = {part: held.clone() for part, held in model.state_dict().items()}
    path = one.work / f"{name}.pt"
    if path.exists():
        model.load_state_dict(torch.load(path))
        return model
    passages, wanted = lessons(one, rows, teach, name)
    if one.go_on:
        student.train(model, passages, wanted, 0, epochs=EPOCHS_ON, share=SHARE_ON)
        learning.halfway(model, before)
    else:
        student.train(model, passages, wanted, 0)
    torch.save(model.state_dict(), path)
    return model


def lessons(
    one: Setup, rows: np.ndarray, teach: teacher.Teacher, name: str
) -> tuple[list[list[int]], np.ndarray]:
    """What the fast network learns from: pieces of texts, and log odds."""
    texts, labels = labelled_rows(one, rows, without_fifth=True)
    new, other = exercises(one, rows, 1), chosen(one, rows)
    print(f"{name}: {len(new)} varied passages, {len(other)} unlabelled ones", flush=True)
    odds = told(one, teach, new, f"{name}_lesson")
    further = told(one, teach, other, f"{name}_chosen")
    sure = softened(labels, told(one, teach, texts, f"{name}_labelled"))
    passages = [one.pieces(text.split()) for text in spaced(new + other + texts + texts)]
    return passages, np.vstack([odds, further, sure, sure]).astype(np.float32)


def further_apart(one: Setup, rows: np.ndarray, model: student.Student) -> stacking.Apart | None:
    """What the fast network says of the fifth of the further passages that is kept apart.

    All of them count as much as the real ones that are held out.
    """
    more = further_rows(one, rows)
    more = more[fifth([one.more.texts[i] for i in more])]
    if not len(more):
        return None
    texts = [one.more.texts[i] for i in more]
    odds = learning.odds_of(model, [one.pieces(text.split()) for text in spaced(texts)])
    weight = (len(one.real.texts) - len(rows)) / len(more)
    return stacking.Apart(odds, rules_say(texts), one.more.labels[more], weight)


def rules_say(texts: list[str]) -> np.ndarray:
    """Passages x signals: whether the English rules find it."""
    raw = tomllib.loads((ROOT / "data" / "phrases" / "en.toml").read_text(encoding="utf-8"))
    book = parse_phrases("en", raw)
    words = read_words(pl.Series(texts, dtype=pl.String))
    return ruled(rule_hits(words, book), len(texts), SIGNALS)


def stack(  # noqa: PLR0917 - what a network says, and of what
    one: Setup,
    held: np.ndarray,
    odds: np.ndarray,
    by_rules: np.ndarray,
    name: str,
    further: stacking.Apart | None = None,
) -> stacking.Fitted:
    """The cuts of a network from what it says of passages held out, and what it reaches there."""
    fitted = stacking.fit(odds, by_rules[held], one.real.labels[held], further=further)
    shown = ", ".join(f"{s} {f:.2f}" for s, f in zip(SIGNALS, fitted.f1, strict=True))
    print(
        f"{name}, {len(held)} passages held out: macro {fitted.f1.mean():.3f}, "
        f"rules {fitted.by_rules.mean():.3f}; {shown}",
        flush=True,
    )
    return fitted


def main() -> None:
    """Trains, measures on what is held out, and writes both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of third-party data")
    parser.add_argument(
        "--more", type=Path, nargs="*", default=[], help="further labelled passages, JSONL"
    )
    parser.add_argument(
        "--unlabelled", type=Path, nargs="*", default=[], help="further texts, JSONL"
    )
    parser.add_argument("--work", type=Path, required=True, help="folder for steps that are done")
    parser.add_argument("--go-on", action="store_true", help="begin as the networks in place")
    parser.add_argument("--only", choices=("accurate", "fast"), help="write one of the two files")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    asked.work.mkdir(parents=True, exist_ok=True)
    one = setup(asked)
    rows, held = parted(len(one.real.texts))
    texts, by_rules = [one.real.texts[i] for i in held], rules_say(one.real.texts)
    about: dict[str, object] = {
        "passages": one.real.sha256,
        "more_passages": one.more.sha256,
        "own_passages": one.own.sha256,
        "encoder": ENCODER,
        "torch": torch.__version__,
        "held_out": len(held),
    }
    out = ROOT / "data" / "tagger"
    big = taught(one, rows, 0, "teacher")
    stored = export.accurate(big, one.base)
    if asked.only != "fast":
        odds = learning.odds_of(big, one.cut(texts))
        fitted = stack(one, held, odds, by_rules, "accurate")
        export.write(out / "accurate.npz", stored | export.common(fitted, about))
    if asked.only != "accurate":
        small = learned(one, rows, big, "student")
        odds = learning.odds_of(small, [one.pieces(text.split()) for text in spaced(texts)])
        fitted = stack(one, held, odds, by_rules, "fast", further_apart(one, rows, small))
        stored = export.fast(small, one.vocabulary)
        export.write(out / "fast.npz", stored | export.common(fitted, about))


if __name__ == "__main__":
    main()
