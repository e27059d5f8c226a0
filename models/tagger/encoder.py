"""A sentence encoder with a head for the signals, in plain array arithmetic.

The encoder is an MPNet (Song and others 2020), a BERT (Devlin and others 2019) whose attention also
knows how far pieces are apart; the head weighs its pieces for each signal anew
(label-wise attention: Mullenbach and others 2018), so that it also tells which pieces spoke.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import erf

from models.types import Ints, Singles

HEADS = 12
EPSILON = 1e-5
WINDOW = 10
"""Pieces that a quoted place may span."""


@dataclass(frozen=True, slots=True)
class Dense:
    """y = x w + b."""

    w: Singles
    b: Singles

    def __call__(self, x: Singles) -> Singles:
        """Rows x inputs into rows x outputs."""
        return np.asarray(x @ self.w + self.b)


@dataclass(frozen=True, slots=True)
class Norm:
    """Layer normalisation."""

    scale: Singles
    shift: Singles

    def __call__(self, x: Singles) -> Singles:
        """Each row of mean 0 and spread 1, scaled and shifted."""
        centred = x - x.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + np.float32(EPSILON))
        return np.asarray(centred / spread * self.scale + self.shift)


@dataclass(frozen=True, slots=True)
class Layer:
    """One block: attention over the pieces of a passage, then a network for each piece."""

    query: Dense
    key: Dense
    value: Dense
    out: Dense
    norm_out: Norm
    wide: Dense
    narrow: Dense
    norm_narrow: Norm

    def __call__(self, x: Singles, apart: Singles) -> Singles:
        """Pieces x width, the same again; `apart`: heads x pieces x pieces, added to attention."""
        q, k, v = (_split(part(x)) for part in (self.query, self.key, self.value))
        scores = q @ k.transpose(0, 2, 1) / np.float32(np.sqrt(q.shape[-1])) + apart
        seen = (_softmax(scores) @ v).transpose(1, 0, 2).reshape(x.shape)
        x = self.norm_out(x + self.out(np.ascontiguousarray(seen)))
        return self.norm_narrow(x + self.narrow(_gelu(self.wide(x))))


@dataclass(frozen=True, slots=True)
class Encoder:
    """Weights, ready to use.

    `apart`: heads x pieces x pieces, by how far they are apart. `look` and `weigh`: signals x width;
    `bias`: one a signal.
    """

    words: Singles
    positions: Singles
    apart: Singles
    norm: Norm
    layers: tuple[Layer, ...]
    look: Singles
    weigh: Singles
    bias: Singles

    @property
    def longest(self) -> int:
        """Pieces of the longest passage that can be read."""
        return len(self.positions)


def _split(x: Singles) -> Singles:
    return x.reshape(len(x), HEADS, -1).transpose(1, 0, 2)


def _softmax(x: Singles) -> Singles:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def _gelu(x: Singles) -> Singles:
    return np.asarray(x * np.float32(0.5) * (1 + erf(x * np.float32(np.sqrt(0.5)))))


def scores(encoder: Encoder, passages: Sequence[Sequence[int]]) -> tuple[Singles, Ints]:
    """Log odds of each signal, passages x signals, and where it is said: x 2, first and end piece.

    Each passage is read alone, so that its figures never hang on what is read beside it.
    """
    signals = len(encoder.bias)
    odds = np.empty((len(passages), signals), dtype=np.float32)
    places = np.zeros((len(passages), signals, 2), dtype=np.int64)
    for i, pieces in enumerate(passages):
        odds[i], said = _read(encoder, np.asarray(pieces, dtype=np.int64))
        places[i] = _places(said)
    return odds, places


def _read(encoder: Encoder, pieces: Ints) -> tuple[Singles, Singles]:
    """Log odds, and what each piece adds to them: pieces x signals."""
    x = encoder.norm(encoder.words[pieces] + encoder.positions[: len(pieces)])
    apart = encoder.apart[:, : len(pieces), : len(pieces)]
    for layer in encoder.layers:
        x = layer(x, apart)
    share = _softmax((x @ encoder.look.T).T).T
    said = share * (x @ encoder.weigh.T)
    return said.sum(axis=0) + encoder.bias, said


def _places(said: Singles) -> Ints:
    """For each signal the window of at most `WINDOW` pieces, marks left out, that adds most."""
    inner = said[1:-1].astype(np.float64)
    out = np.ones((said.shape[1], 2), dtype=np.int64)
    if not len(inner):
        return out
    width = min(WINDOW, len(inner))
    sums = np.vstack([np.zeros((1, inner.shape[1])), np.cumsum(inner, axis=0)])
    start = np.argmax(sums[width:] - sums[:-width], axis=0)
    out[:, 0] = start + 1
    out[:, 1] = start + 1 + width
    return out
