"""Trained networks as the files that are shipped: bytes and half floats, no text."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import torch

from bench.tagger.material import SIGNALS
from bench.tagger.stacking import Fitted
from bench.tagger.student import WIDTH, Student
from bench.tagger.teacher import Teacher
from models.tagger.files import MATRICES, NORMS, change

Arrays = dict[str, np.ndarray]
RANK = 64
"""Rows of the narrow matrices that stand for a change."""


def as_bytes(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A matrix in bytes, and the scale of each row."""
    scale = np.maximum(np.abs(matrix).max(axis=1), 1e-12) / 127
    return np.round(matrix / scale[:, None]).astype(np.int8), scale.astype(np.float32)


def common(fitted: Fitted, about: dict[str, object]) -> Arrays:
    """What both files hold: signals, languages, the stack, and what it was trained on."""
    names = ("shift", "slope", "rule")
    arrays = {
        f"stack_{name}": fitted.coefficients[:, i].astype(np.float32)
        for i, name in enumerate(names)
    }
    return arrays | {
        "stack_least": fitted.least.astype(np.float32),
        "signals": np.array(SIGNALS),
        "languages": np.array(["en"]),
        "trained_on": np.frombuffer(json.dumps(about, sort_keys=True).encode(), dtype=np.uint8),
    }


def fast(model: Student, vocabulary: list[str]) -> Arrays:
    """The student's weights."""
    pieces, scale = as_bytes(model.pieces.weight.detach().numpy())
    kernel = model.kernel.weight.detach().numpy()
    width = kernel.shape[1] // WIDTH
    parts = [kernel[:, j * width : (j + 1) * width].T for j in range(WIDTH)]
    return {
        "pieces": pieces,
        "pieces_scale": scale,
        "kernel": np.stack(parts).astype(np.float16),
        "start": model.kernel.bias.detach().numpy(),
        "weigh": model.weigh.weight.detach().numpy(),
        "mean": model.mean.weight.detach().numpy(),
        "base": model.weigh.bias.detach().numpy(),
        "vocabulary": np.frombuffer("\n".join(vocabulary).encode(), dtype=np.uint8),
    }


def narrow(change: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two matrices of `RANK` rows whose product is nearly `change` (singular values)."""
    left, size, right = np.linalg.svd(change.astype(np.float32), full_matrices=False)
    root = np.sqrt(size[:RANK])
    return (left[:, :RANK] * root).T, right[:RANK] * root[:, None]


def accurate(model: Teacher, base: Arrays) -> Arrays:
    """What training changed in the encoder, and the head.

    The model gets the weights as they are stored, so that what it says is what the file says.
    """
    out: Arrays = {
        "look": model.look.weight.detach().numpy(),
        "weigh": model.weigh.weight.detach().numpy(),
        "bias": model.weigh.bias.detach().numpy(),
    }
    for number, layer in enumerate(model.layers):
        if number < model.frozen:
            continue
        at = f"encoder.layer.{number}."
        for part, name in MATRICES.items():
            dense, published = getattr(layer, part), base[f"{at}{name}.weight"]
            stored = f"{at}{name}.weight"
            sides = narrow(dense.weight.detach().numpy() - published)
            for side, matrix in zip(("left", "right"), sides, strict=True):
                out[f"{stored}_{side}"], out[f"{stored}_{side}_scale"] = as_bytes(matrix)
            dense.weight.data = torch.tensor(published + change(out, stored))
            out[f"{at}{name}.bias"] = dense.bias.detach().numpy()
        for part, name in NORMS.items():
            one = getattr(layer, part)
            out[f"{at}{name}.weight"] = one.weight.detach().numpy()
            out[f"{at}{name}.bias"] = one.bias.detach().numpy()
    return out


def write(path: Path, arrays: Arrays) -> None:
    """A compressed file of arrays whose bytes follow from the arrays alone."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name in sorted(arrays):
            held = io.BytesIO()
            np.save(held, np.ascontiguousarray(arrays[name]), allow_pickle=False)
            out.writestr(zipfile.ZipInfo(f"{name}.npy"), held.getvalue(), zipfile.ZIP_DEFLATED)
