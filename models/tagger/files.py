"""Weights of the learned taggers as they are shipped, ready to use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.tagger.encoder import Dense, Encoder, Layer, Norm
from models.tagger.stack import Stack
from models.tagger.windows import Windows
from models.tagger.wordpiece import WordPieces, vocabulary_of
from models.types import Singles

Arrays: TypeAlias = Mapping[str, NDArray[Any]]
MATRICES = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "out": "attention.output.dense",
    "wide": "intermediate.dense",
    "narrow": "output.dense",
}
NORMS = {"norm_out": "attention.output.LayerNorm", "norm_narrow": "output.LayerNorm"}
LONGEST = 128


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

    `learned` holds, for each matrix that changed, the difference as bytes with a scale for each
    row, and each changed vector whole.
    """

    def matrix(name: str) -> Singles:
        weight = _single(base[f"{name}.weight"])
        if f"{name}.weight" in learned:
            scale = _single(learned[f"{name}.weight_scale"])
            weight = weight + _single(learned[f"{name}.weight"]) * scale[:, None]
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

    layers = sum(name.endswith("output.dense.weight") for name in base) // 2
    kind = _single(base["embeddings.token_type_embeddings.weight"])[0]
    positions = _single(base["embeddings.position_embeddings.weight"])[:LONGEST] + kind
    return Encoder(
        words=_single(base["embeddings.word_embeddings.weight"]),
        positions=positions,
        norm=norm("embeddings.LayerNorm"),
        layers=tuple(layer(number) for number in range(layers)),
        look=_single(learned["look"]),
        weigh=_single(learned["weigh"]),
        bias=_single(learned["bias"]),
    )


def _single(values: NDArray[Any]) -> Singles:
    return np.asarray(values, dtype=np.float32)
