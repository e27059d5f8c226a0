"""The fast network in torch, taught by the accurate one."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - as everywhere

from bench.tagger.learning import Tensors, batches, padded

WIDTH, VECTOR, FEATURES = 5, 128, 384
"""Pieces of a window, numbers a piece is described by, and features."""
EPOCHS = 8


class Student(nn.Module):
    """Windows of five pieces, the strongest of each feature, and the mean of all pieces."""

    def __init__(self, vectors: np.ndarray, signals: int) -> None:
        super().__init__()
        self.pieces = nn.Embedding.from_pretrained(torch.tensor(vectors), freeze=False)
        self.kernel = nn.Linear(vectors.shape[1] * WIDTH, FEATURES)
        self.weigh = nn.Linear(FEATURES, signals)
        self.mean = nn.Linear(vectors.shape[1], signals, bias=False)
        nn.init.zeros_(self.mean.weight)
        nn.init.constant_(self.weigh.bias, -3)

    def forward(self, pieces: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        """Log odds, passages x signals."""
        x = self.pieces(pieces) * seen[..., None]
        x = F.dropout(x, 0.1, self.training)
        wide = F.pad(x, (0, 0, WIDTH // 2, WIDTH // 2))
        count = pieces.shape[1]
        windows = torch.cat([wide[:, j : j + count] for j in range(WIDTH)], -1)
        strength = F.relu(self.kernel(windows)).float().masked_fill(~seen[..., None], 0)
        best = F.dropout(strength.amax(1), 0.2, self.training)
        return self.weigh(best) + self.mean(x.sum(1) / seen.sum(1, keepdim=True))


def start_vectors(vectors: np.ndarray) -> np.ndarray:
    """The encoder's vectors of pieces on their `VECTOR` main axes, of unit spread."""
    centred = vectors - vectors[1000:].mean(0)
    _, _, axes = np.linalg.svd(centred[1000:12000], full_matrices=False)
    cut = centred @ axes[:VECTOR].T
    return (cut / cut[1000:].std()).astype(np.float32)


def in_place(arrays: Tensors) -> Student:
    """The network of a file `fast.npz`."""
    pieces = arrays["pieces"].astype(np.float32) * arrays["pieces_scale"][:, None]
    model = Student(pieces.astype(np.float32), len(arrays["base"]))
    kernel = arrays["kernel"].astype(np.float32)
    held = {
        "kernel.weight": kernel.reshape(-1, kernel.shape[2]).T,
        "kernel.bias": arrays["start"],
        "weigh.weight": arrays["weigh"],
        "weigh.bias": arrays["base"],
        "mean.weight": arrays["mean"],
    }
    for name, value in held.items():
        model.get_parameter(name).data = torch.tensor(np.ascontiguousarray(value))
    return model


def train(
    model: Student,
    passages: Sequence[Sequence[int]],
    odds: np.ndarray,
    seed: int,
    *,
    epochs: int = EPOCHS,
    share: float = 1.0,
) -> None:
    """Teaches it to give the teacher's odds: cross-entropy with its chances, and squared error.

    Pieces learn more slowly than windows, so that words of like meaning stay near each other.
    `share`: of the rates of learning, for a network that has learnt before.
    """
    rng = np.random.default_rng(seed)
    slow = [p for name, p in model.named_parameters() if name.startswith("pieces")]
    quick = [p for name, p in model.named_parameters() if not name.startswith("pieces")]
    optimiser = torch.optim.AdamW(
        [
            {"params": slow, "lr": share * 5e-4, "weight_decay": 0.0},
            {"params": quick, "lr": share * 2e-3},
        ],
        weight_decay=0.01,
        fused=True,
    )
    target = torch.tensor(odds)
    size = 128
    steps = epochs * (len(passages) // size + 1)
    plan = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda k: min(1.0, (k + 1) / 100) * max(0.02, 1 - k / steps)
    )
    model.train()
    for epoch in range(epochs):
        for batch in batches([len(one) for one in passages], size, rng):
            pieces, seen = padded([passages[i] for i in batch])
            with torch.autocast("cpu", torch.bfloat16):
                said = model(pieces, seen).float()
            wanted = target[batch]
            loss = F.binary_cross_entropy_with_logits(said, torch.sigmoid(wanted))
            loss = loss + 0.03 * (said - wanted.clamp(-7, 5)).pow(2).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            plan.step()
        print(f"epoch {epoch}, processor {time.process_time():.0f}s", flush=True)
