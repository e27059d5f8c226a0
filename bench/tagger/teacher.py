"""The accurate network in torch: a published encoder whose upper layers learn, and a head."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - as everywhere

from models.tagger.encoder import HEADS
from models.tagger.files import MATRICES, NORMS

FROZEN = 2
MASK = 103
MARKS = 200
"""Pieces below this number are marks, never masked."""
Tensors = dict[str, np.ndarray]


class Layer(nn.Module):
    """One block of the encoder."""

    def __init__(self, weights: Tensors, number: int) -> None:
        super().__init__()
        at = f"encoder.layer.{number}."
        for part, name in MATRICES.items():
            weight = torch.tensor(weights[f"{at}{name}.weight"])
            dense = nn.Linear(weight.shape[1], weight.shape[0])
            dense.weight.data = weight
            dense.bias.data = torch.tensor(weights[f"{at}{name}.bias"])
            self.add_module(part, dense)
        for part, name in NORMS.items():
            self.add_module(part, norm(weights, at + name))

    def forward(self, x: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        """Passages x pieces x width, and which pieces there are."""
        many, pieces, width = x.shape

        def split(y: torch.Tensor) -> torch.Tensor:
            return y.view(many, pieces, HEADS, width // HEADS).transpose(1, 2)

        q, k, v = split(self.query(x)), split(self.key(x)), split(self.value(x))
        scores = (q @ k.transpose(-1, -2)) * (width // HEADS) ** -0.5
        share = scores.masked_fill(~seen[:, None, None, :], -1e4).softmax(-1).to(v.dtype)
        mixed = (share @ v).transpose(1, 2).reshape(many, pieces, width)
        x = self.norm_out(x + self.out(mixed))
        return self.norm_narrow(x + self.narrow(F.gelu(self.wide(x))))


def norm(weights: Tensors, name: str) -> nn.LayerNorm:
    """A layer normalisation with given weights."""
    made = nn.LayerNorm(len(weights[f"{name}.weight"]), eps=1e-12)
    made.weight.data = torch.tensor(weights[f"{name}.weight"])
    made.bias.data = torch.tensor(weights[f"{name}.bias"])
    return made


class Teacher(nn.Module):
    """The encoder with label-wise attention; its lowest layers and its vectors of pieces stay."""

    def __init__(self, weights: Tensors, signals: int) -> None:
        super().__init__()
        words = torch.tensor(weights["embeddings.word_embeddings.weight"])
        kind = torch.tensor(weights["embeddings.token_type_embeddings.weight"][0])
        places = torch.tensor(weights["embeddings.position_embeddings.weight"]) + kind
        self.register_buffer("words", words, persistent=False)
        self.register_buffer("places", places, persistent=False)
        self.norm = norm(weights, "embeddings.LayerNorm").requires_grad_(False)
        layers = sum(name.endswith("output.dense.weight") for name in weights) // 2
        self.layers = nn.ModuleList(Layer(weights, number) for number in range(layers))
        for layer in self.layers[:FROZEN]:
            layer.requires_grad_(False)
        self.look = nn.Linear(words.shape[1], signals, bias=False)
        self.weigh = nn.Linear(words.shape[1], signals)
        nn.init.zeros_(self.look.weight)
        nn.init.normal_(self.weigh.weight, std=0.02)
        nn.init.constant_(self.weigh.bias, -2.5)

    def forward(self, pieces: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        """Log odds, passages x signals."""
        x = self.norm(self.words[pieces] + self.places[: pieces.shape[1]][None])
        for layer in self.layers:
            x = layer(x, seen)
        share = self.look(x).masked_fill(~seen[..., None], -1e4).softmax(1)
        mixed = torch.einsum("bts,bth->bsh", share, x)
        mixed = F.dropout(mixed, 0.1, self.training)
        return (mixed * self.weigh.weight).sum(-1) + self.weigh.bias


def padded(passages: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Pieces filled up to one length, and which there are."""
    longest = max(map(len, passages))
    pieces = torch.zeros(len(passages), longest, dtype=torch.long)
    seen = torch.zeros(len(passages), longest, dtype=torch.bool)
    for i, one in enumerate(passages):
        pieces[i, : len(one)] = torch.tensor(one)
        seen[i, : len(one)] = True
    return pieces, seen


def batches(lengths: Sequence[int], size: int, rng: np.random.Generator) -> list[list[int]]:
    """All rows in random batches of like length."""
    order = rng.permutation(len(lengths))
    out = []
    for start in range(0, len(order), size * 16):
        near = sorted(order[start : start + size * 16], key=lambda i: lengths[i])
        out += [near[k : k + size] for k in range(0, len(near), size)]
    rng.shuffle(out)
    return out


def train(
    weights: Tensors,
    passages: Sequence[Sequence[int]],
    labels: np.ndarray,
    seed: int,
    *,
    epochs: int = 5,
    rate: float = 1.5e-4,
) -> Teacher:
    """A teacher trained on labelled passages: AdamW, lower layers more slowly, some pieces masked."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = Teacher(weights, labels.shape[1])
    last = len(model.layers) - 1
    groups = [
        {"params": list(layer.parameters()), "lr": rate * 0.9 ** (last - i)}
        for i, layer in enumerate(model.layers)
        if i >= FROZEN
    ]
    groups.append({"params": [*model.look.parameters(), *model.weigh.parameters()], "lr": 1e-3})
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01)
    target = torch.tensor(labels, dtype=torch.float32)
    steps = epochs * math.ceil(len(passages) / 32)
    plan = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda k: min(1.0, (k + 1) / (0.1 * steps)) * max(0.0, 1 - k / steps)
    )
    model.train()
    for _ in range(epochs):
        for batch in batches([len(one) for one in passages], 32, rng):
            pieces, seen = padded([passages[i] for i in batch])
            hidden = (torch.rand(pieces.shape) < 0.1) & (pieces > MARKS)
            with torch.autocast("cpu", torch.bfloat16):
                odds = model(torch.where(hidden, MASK, pieces), seen)
            loss = F.binary_cross_entropy_with_logits(odds.float(), target[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            plan.step()
    return model


def odds_of(model: Teacher, passages: Sequence[Sequence[int]]) -> np.ndarray:
    """Log odds, passages x signals."""
    model.eval()
    out = np.zeros((len(passages), len(model.weigh.bias)), dtype=np.float32)
    order = sorted(range(len(passages)), key=lambda i: len(passages[i]))
    with torch.no_grad():
        for start in range(0, len(order), 64):
            batch = order[start : start + 64]
            pieces, seen = padded([passages[i] for i in batch])
            with torch.autocast("cpu", torch.bfloat16):
                out[batch] = model(pieces, seen).float().numpy()
    return out
