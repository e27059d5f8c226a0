"""Weights of the learned taggers as they are shipped, ready to use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.tagger.encoder import Dense, Encoder, Layer, Norm
from models.tagger.stack import Stack
from models.tagger.windows import Windows
from models.tagger.wordpiece import END, START, WordPieces, vocabulary_of
from models.types import Ints, Singles

Arrays: TypeAlias = Mapping[str, NDArray[Any]]
MATRICES = {
    "query": "attention.attn.q",
    "key": "attention.attn.k",
    "value": "attention.attn.v",
    "out": "attention.attn.o",
    "wide": "intermediate.dense",
    "narrow": "output.dense",
}
NORMS = {"norm_out": "attention.LayerNorm", "norm_narrow": "output.LayerNorm"}
LONGEST = 128
FIRST_PLACE = 2
"""Places of pieces are counted from here."""
_CLASSES, _FAR = 32, 128


@dataclass(frozen=True, slots=True)
class About:
    """What a learned tagger can find, in which languages, and what it was trained on."""

    signals: tuple[str, ...]
    languages: tuple[str, ...]
    stack: Stack


def about(arrays: Arrays) -> About:
    """The part of a file that every learned tagger has."""
    stack = Stack(*(_single(arrays[f"stack_{n}"]) for n in ("shift", "slope", "rule", "least")))
    signals, languages = (tuple(map(str, arrays[n].tolist())) for n in ("signals", "languages"))
    return About(signals, languages, stack)


def windows_of(arrays: Arrays) -> Windows:
    """The fast network. Pieces are stored as bytes with a scale each, which costs no F1."""
    pieces = _single(arrays["pieces"]) * _single(arrays["pieces_scale"])[:, None]
    kernel = _single(arrays["kernel"])
    step = max(float(np.abs(pieces @ part).max()) for part in kernel) / 32_000
    table = np.empty((len(pieces), len(kernel), kernel.shape[2]), dtype=np.int16)
    for j, part in enumerate(kernel):
        table[:, j] = np.round(pieces @ part / step)
    lines = bytes(arrays["vocabulary"]).decode().split("\n")
    return Windows(
        words=WordPieces(vocabulary_of(lines)),
        table=table,
        step=step,
        start=_single(arrays["start"]),
        weigh=_single(arrays["weigh"]),
        mean=np.ascontiguousarray(pieces @ _single(arrays["mean"]).T),
        base=_single(arrays["base"]),
    )


def encoder_of(base: Arrays, learned: Arrays) -> Encoder:
    """The accurate network: a published encoder with what training changed in its upper layers.

    `learned` holds each changed vector whole and, for each matrix that changed, `change` of it.
    """

    def matrix(name: str) -> Singles:
        weight = _single(base[f"{name}.weight"])
        if f"{name}.weight_left" in learned:
            weight = weight + change(learned, f"{name}.weight")
        return weight

    def vector(name: str) -> Singles:
        return _single(learned.get(name, base[name]))

    def dense(name: str) -> Dense:
        return Dense(np.ascontiguousarray(matrix(name).T), vector(f"{name}.bias"))

    def norm(name: str) -> Norm:
        return Norm(vector(f"{name}.weight"), vector(f"{name}.bias"))

    def layer(number: int) -> Layer:
        at = f"encoder.layer.{number}."
        parts: dict[str, Any] = {part: dense(at + name) for part, name in MATRICES.items()}
        parts |= {part: norm(at + name) for part, name in NORMS.items()}
        return Layer(**parts)

    layers = sum(name.endswith("output.dense.weight") for name in base)
    positions = _single(base["embeddings.position_embeddings.weight"])[FIRST_PLACE:]
    apart = _single(base["encoder.relative_attention_bias.weight"])
    positions = positions[:LONGEST].copy()
    return Encoder(
        words=_single(base["embeddings.word_embeddings.weight"]).copy(),
        positions=positions,
        apart=np.ascontiguousarray(apart[distances(len(positions))].transpose(2, 0, 1)),
        norm=norm("embeddings.LayerNorm"),
        layers=tuple(layer(number) for number in range(layers)),
        look=_single(learned["look"]),
        weigh=_single(learned["weigh"]),
        bias=_single(learned["bias"]),
    )


def change(learned: Arrays, name: str) -> Singles:
    """What training changed in a matrix: the product of two narrow ones (Hu and others 2021, LoRA).

    Both are stored as bytes with a scale for each of their common rows.
    """
    left, right = (
        _single(learned[f"{name}_{side}"]) * _single(learned[f"{name}_{side}_scale"])[:, None]
        for side in ("left", "right")
    )
    return np.asarray(left.T @ right)


def distances(count: int) -> Ints:
    """The class of the distance between pieces, pieces x pieces (Raffel and others 2020, T5).

    Half of the classes are for pieces further on; the near distances have a class each, the far
    ones share classes that grow as their logarithm.
    """
    way = np.arange(count)[None, :] - np.arange(count)[:, None]
    half, far = _CLASSES // 2, np.abs(way)
    near = half // 2
    grown = np.log(np.maximum(far, 1) / near) / np.log(_FAR / near) * (half - near)
    large = np.minimum(near + grown.astype(np.int64), half - 1)
    return np.asarray(np.where(far < near, far, large) + half * (way > 0), dtype=np.int64)


def pieces_of(lines: Sequence[str]) -> dict[str, int]:
    """Numbers of the pieces of the encoder's vocabulary; a text begins and ends with its own marks."""
    found = vocabulary_of(lines)
    return found | {START: found["<s>"], END: found["</s>"]}


def _single(values: NDArray[Any]) -> Singles:
    return np.asarray(values, dtype=np.float32)
