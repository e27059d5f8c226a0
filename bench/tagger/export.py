"""Trained networks as the files that are shipped: bytes and half floats, no text."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np

from bench.tagger.material import SIGNALS
from bench.tagger.stacking import Fitted
from bench.tagger.student import WIDTH, Student
from bench.tagger.teacher import Teacher
from models.tagger.files import MATRICES, NORMS

Arrays = dict[str, np.ndarray]


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


def accurate(model: Teacher, base: Arrays) -> Arrays:
    """What training changed in the encoder, and the head."""
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
            dense = getattr(layer, part)
            change = dense.weight.detach().numpy() - base[f"{at}{name}.weight"]
            out[f"{at}{name}.weight"], out[f"{at}{name}.weight_scale"] = as_bytes(change)
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
