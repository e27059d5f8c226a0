"""The fast network in torch, taught by the accurate one."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - as everywhere

from bench.tagger.learning import Tagging, batches, padded, weights

WIDTH = 5
FEATURES = 384
HIDDEN = 128


class Student(nn.Module):
    """Windows of five pieces, the strongest of each feature, the mean of all pieces, a hidden layer."""

    def __init__(self, vectors: np.ndarray, signals: int) -> None:
        super().__init__()
        width = vectors.shape[1]
        self.pieces = nn.Embedding.from_pretrained(torch.tensor(vectors), freeze=False)
        self.kernel = nn.Linear(width * WIDTH, FEATURES)
        self.weigh = nn.Linear(FEATURES, signals)
        self.mean = nn.Linear(width, signals, bias=False)
        self.bend = nn.Linear(FEATURES, HIDDEN)
        self.bend_mean = nn.Linear(width, HIDDEN, bias=False)
        self.tell = nn.Linear(HIDDEN, signals, bias=False)
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
        mean = x.sum(1) / seen.sum(1, keepdim=True)
        unit = F.dropout(F.relu(self.bend(best) + self.bend_mean(mean)), 0.1, self.training)
        return self.weigh(best) + self.mean(mean) + self.tell(unit)


def start_vectors(encoder: Tagging, count: int, width: int, ends: tuple[int, int]) -> np.ndarray:
    """What an encoder makes of each of `count` pieces alone, on the `width` main axes, of unit spread.

    So words of like meaning begin alike, also those that no passage to learn from holds (Minishlab
    2024, "Model2Vec"). `ends`: the marks that stand before and after a passage.
    """
    rows = []
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for start in range(0, count, 512):
            pieces = torch.arange(start, min(start + 512, count))
            marks = [torch.full_like(pieces, mark) for mark in ends]
            alone = torch.stack([marks[0], pieces, marks[1]], 1)
            rows.append(encoder.read(alone, torch.ones_like(alone, dtype=torch.bool)).mean(1))
    vectors = torch.cat(rows).float().numpy()
    centred = vectors - vectors[1000:].mean(0)
    _, _, axes = np.linalg.svd(centred[1000:12000], full_matrices=False)
    cut = centred @ axes[:width].T
    return (cut / cut[1000:].std()).astype(np.float32)


def train(
    vectors: np.ndarray,
    passages: Sequence[Sequence[int]],
    odds: np.ndarray,
    seed: int,
    *,
    fading: np.ndarray,
    epochs: int = 6,
) -> Student:
    """A student that gives the teacher's odds: cross-entropy with its chances, and squared error.

    `fading` passages count less with each epoch, as for the teacher.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = Student(vectors, odds.shape[1])
    slow = [p for name, p in model.named_parameters() if name.startswith("pieces")]
    quick = [p for name, p in model.named_parameters() if not name.startswith("pieces")]
    optimiser = torch.optim.AdamW(
        [{"params": slow, "lr": 3e-4, "weight_decay": 0.0}, {"params": quick, "lr": 2e-3}],
        weight_decay=0.01,
    )
    target = torch.tensor(odds)
    size = 128
    steps = epochs * (len(passages) // size + 1)
    plan = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda k: min(1.0, (k + 1) / 100) * max(0.02, 1 - k / steps)
    )
    model.train()
    for epoch in range(epochs):
        total = 0.0
        weight = weights(fading, epoch, epochs)
        for batch in batches([len(one) for one in passages], size, rng):
            pieces, seen = padded([passages[i] for i in batch])
            with torch.autocast("cpu", torch.bfloat16):
                said = model(pieces, seen).float()
            wanted = target[batch]
            loss = F.binary_cross_entropy_with_logits(said, torch.sigmoid(wanted), reduction="none")
            loss = loss + 0.03 * (said - wanted.clamp(-7, 5)).pow(2)
            loss = (loss * weight[batch][:, None]).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            plan.step()
            total += loss.item() * len(batch)
        mean, spent = total / len(passages), time.process_time()
        print(f"epoch {epoch} loss {mean:.4f}, processor {spent:.0f}s", flush=True)
    return model
