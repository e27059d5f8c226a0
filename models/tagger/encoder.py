"""A sentence encoder with a head for the signals, in plain array arithmetic.

The encoder is an MPNet (Song and others 2020), a BERT (Devlin and others 2019) whose attention also
knows how far pieces are apart; the head weighs its pieces for each signal anew
(label-wise attention: Mullenbach and others 2018), so that it also tells which pieces spoke.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from models.compiled import compiled
from models.types import Ints, Singles

HEADS = 12
EPSILON = 1e-5
WINDOW = 10
"""Pieces that a quoted place may span."""
ROWS = 512
"""Pieces that are multiplied at a time: a wide product costs half as much a row as a narrow one."""
_FEW = 24
"""Rows of the narrow product that a wide one is held to."""


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

    def __call__(self, x: Singles, ends: Sequence[int], apart: Singles) -> Singles:
        """Pieces x width, the same again.

        `ends`: where each passage ends among the pieces; `apart`: heads x pieces x pieces of the
        longest passage, added to attention.
        """
        q, k, v = self.query(x), self.key(x), self.value(x)
        seen = np.empty_like(x)
        for start, end in zip([0, *ends], ends, strict=False):
            count = end - start
            own = slice(start, end)
            near = apart[:, :count, :count]
            seen[own] = _attended(_split(q[own]), _split(k[own]), _split(v[own]), near)
        x = self.norm_out(x + self.out(seen))
        wide = self.wide(x)
        _gelu(wide.reshape(-1))
        return self.norm_narrow(x + self.narrow(wide))


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


def _attended(q: Singles, k: Singles, v: Singles, apart: Singles) -> Singles:
    """What the pieces of one passage take from each other: pieces x width."""
    scores = q @ k.transpose(0, 2, 1) / np.float32(np.sqrt(q.shape[-1])) + apart
    return np.asarray((_softmax(scores) @ v).transpose(1, 0, 2).reshape(q.shape[1], -1))


def _softmax(x: Singles) -> Singles:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


@compiled
def _gelu(x: Singles) -> None:
    """Each number times the normal distribution's share below it, in place (Hendrycks and Gimpel 2016).

    The error function is a quotient of polynomials, to a few units of the last bit of a float.
    """
    for i in range(len(x)):
        half = x[i] * np.float32(0.70710678)
        z = min(max(half, np.float32(-3.832507)), np.float32(3.832507))
        s = z * z
        top = np.float32(-2.72614225801306e-10) * s + np.float32(2.77068142495902e-08)
        top = top * s + np.float32(-2.10102402082508e-06)
        top = top * s + np.float32(-5.69250639462346e-05)
        top = top * s + np.float32(-7.34990630326855e-04)
        top = top * s + np.float32(-2.95459980854025e-03)
        top = top * s + np.float32(-1.60960333262415e-02)
        low = np.float32(-1.45660718464996e-05) * s + np.float32(-2.13374055278905e-04)
        low = low * s + np.float32(-1.68282697438203e-03)
        low = low * s + np.float32(-7.37332916720468e-03)
        low = low * s + np.float32(-1.42647390514189e-02)
        x[i] = x[i] * np.float32(0.5) * (np.float32(1.0) + z * top / low)


def scores(encoder: Encoder, passages: Sequence[Sequence[int]]) -> tuple[Singles, Ints]:
    """Log odds of each signal, passages x signals, and where it is said: x 2, first and end piece.

    A passage's figures never hang on what is read beside it: passages lie side by side in wide
    products only where this machine's products give each row what a narrow one gives it.
    """
    signals = len(encoder.bias)
    odds = np.empty((len(passages), signals), dtype=np.float32)
    places = np.zeros((len(passages), signals, 2), dtype=np.int64)
    rows = ROWS if len(passages) > 1 and _rows_stand_alone(encoder) else 1
    for block in _blocks([len(pieces) for pieces in passages], rows):
        for i, said in zip(block, _read(encoder, [passages[i] for i in block]), strict=True):
            odds[i] = said.sum(axis=0) + encoder.bias
            places[i] = _places(said)
    return odds, places


def _rows_stand_alone(encoder: Encoder) -> bool:
    """Whether a row of a product is the same, to the bit, in narrow and wide products and anywhere.

    So it is with the products of processors with AVX-512; those with AVX2 alone differ in last bits.
    """
    for weights in (encoder.layers[0].wide.w, encoder.layers[0].narrow.w):
        rows, inner = ROWS + _FEW, len(weights)
        x = np.sin(np.arange(rows * inner, dtype=np.float32)).reshape(rows, inner)
        wide = x @ weights
        starts = (0, 1, 7, ROWS // 2 + 3, ROWS - 1)
        if not all(np.array_equal(x[i : i + _FEW] @ weights, wide[i : i + _FEW]) for i in starts):
            return False
    return True


def _blocks(lengths: Sequence[int], rows: int) -> Iterator[range]:
    """Runs of passages that have at most `rows` pieces together, at least one passage each."""
    start = held = 0
    for i, length in enumerate(lengths):
        if i > start and held + length > rows:
            yield range(start, i)
            start, held = i, 0
        held += length
    if lengths:
        yield range(start, len(lengths))


def _read(encoder: Encoder, passages: Sequence[Sequence[int]]) -> list[Singles]:
    """What each piece of each passage adds to the log odds, pieces x signals."""
    ends = np.cumsum([len(pieces) for pieces in passages]).tolist()
    places = np.concatenate([np.arange(len(pieces)) for pieces in passages])
    pieces = np.concatenate([np.asarray(pieces, dtype=np.int64) for pieces in passages])
    x = encoder.norm(encoder.words[pieces] + encoder.positions[places])
    for layer in encoder.layers:
        x = layer(x, ends, encoder.apart)
    return [_said(encoder, one) for one in np.split(x, ends[:-1])]


def _said(encoder: Encoder, x: Singles) -> Singles:
    share = _softmax((x @ encoder.look.T).T).T
    return np.asarray(share * (x @ encoder.weigh.T))


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
