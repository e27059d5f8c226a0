"""What the encoders in torch share: weights as layers, attention, the head, and the training loop.

The lowest layers of an encoder do not learn, so what they make of a passage is computed once.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - as everywhere

from models.tagger.encoder import EPSILON, HEADS

Tensors = Mapping[str, np.ndarray]
Passages = Sequence[Sequence[int]]
LAST = 0.1
"""Weight of fading passages in the last epoch."""
DROPPED = 0.1
"""Share of the pieces that the learning layers do not see, another each time."""


def dense(weights: Tensors, name: str) -> nn.Linear:
    """A dense layer with given weights."""
    weight = torch.tensor(weights[f"{name}.weight"])
    made = nn.Linear(weight.shape[1], weight.shape[0])
    made.weight.data = weight
    made.bias.data = torch.tensor(weights[f"{name}.bias"])
    return made


def norm(weights: Tensors, name: str) -> nn.LayerNorm:
    """A layer normalisation with given weights."""
    made = nn.LayerNorm(len(weights[f"{name}.weight"]), eps=EPSILON)
    made.weight.data = torch.tensor(weights[f"{name}.weight"])
    made.bias.data = torch.tensor(weights[f"{name}.bias"])
    return made


class Layer(nn.Module):
    """One block of an encoder, its weights called as `parts` and `norms` say."""

    def __init__(
        self, weights: Tensors, at: str, parts: Mapping[str, str], norms: Mapping[str, str]
    ) -> None:
        super().__init__()
        for part, name in parts.items():
            self.add_module(part, dense(weights, at + name))
        for part, name in norms.items():
            self.add_module(part, norm(weights, at + name))

    def forward(self, x: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
        """Passages x pieces x width; `hidden`: added to attention, very low where no piece is."""
        many, pieces, width = x.shape

        def split(y: torch.Tensor) -> torch.Tensor:
            return y.view(many, pieces, HEADS, width // HEADS).transpose(1, 2)

        q, k, v = split(self.query(x)), split(self.key(x)), split(self.value(x))
        scores = (q @ k.transpose(-1, -2)) * (width // HEADS) ** -0.5 + hidden.to(q.dtype)
        mixed = (scores.softmax(-1).to(v.dtype) @ v).transpose(1, 2).reshape(many, pieces, width)
        x = self.norm_out(x + self.out(mixed))
        return self.norm_narrow(x + self.narrow(F.gelu(self.wide(x))))


def hide(seen: torch.Tensor) -> torch.Tensor:
    """What keeps attention off pieces that are not seen: passages x 1 x 1 x pieces."""
    return torch.zeros(seen.shape).masked_fill(~seen, -1e4)[:, None, None, :]


class Tagging(nn.Module):
    """An encoder with label-wise attention; `frozen` layers and the vectors of pieces stay.

    Those that inherit give `norm`, `layers`, `words`, `places` and `hidden`.
    """

    frozen: int

    def finish(self, width: int, signals: int) -> None:
        """The head, and what does not learn."""
        for layer in self.layers[: self.frozen]:
            layer.requires_grad_(False)
        self.norm.requires_grad_(False)
        self.look = nn.Linear(width, signals, bias=False)
        self.weigh = nn.Linear(width, signals)
        nn.init.zeros_(self.look.weight)
        nn.init.normal_(self.weigh.weight, std=0.02)
        nn.init.constant_(self.weigh.bias, -2.5)

    def lower(self, pieces: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        """What the frozen layers make of passages."""
        x = self.norm(self.words[pieces] + self.places[: pieces.shape[1]][None])
        hidden = self.hidden(seen)
        for layer in self.layers[: self.frozen]:
            x = layer(x, hidden)
        return x

    def upper(self, x: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        """Log odds, passages x signals, from what `lower` gives."""
        hidden = self.hidden(seen)
        for layer in self.layers[self.frozen :]:
            x = layer(x, hidden)
        share = self.look(x).masked_fill(~seen[..., None], -1e4).softmax(1)
        mixed = torch.einsum("bts,bth->bsh", share, x)
        mixed = F.dropout(mixed, 0.1, self.training)
        return (mixed * self.weigh.weight).sum(-1) + self.weigh.bias

    def forward(self, pieces: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        """Log odds, passages x signals."""
        return self.upper(self.lower(pieces, seen), seen)


def halfway(model: nn.Module, before: Mapping[str, torch.Tensor]) -> None:
    """Gives a network the mean of the weights that it had and those that it has learnt since.

    What it knew is kept, and it is better on passages of both kinds than either
    (Wortsman and others 2022, "Robust fine-tuning of zero-shot models").
    """
    now = model.state_dict()
    model.load_state_dict({name: (before[name] + now[name]) / 2 for name in now})


def padded(passages: Passages) -> tuple[torch.Tensor, torch.Tensor]:
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


def lowered(model: Tagging, passages: Passages, size: int = 64) -> list[torch.Tensor]:
    """What the frozen layers make of each passage, pieces x width, in half floats."""
    out: list[torch.Tensor] = [torch.empty(0)] * len(passages)
    order = sorted(range(len(passages)), key=lambda i: len(passages[i]))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for start in range(0, len(order), size):
            batch = order[start : start + size]
            x = model.lower(*padded([passages[i] for i in batch])).to(torch.bfloat16)
            for row, i in enumerate(batch):
                out[i] = x[row, : len(passages[i])].clone()
    return out


def stacked(vectors: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Passages' vectors filled up to one length, and which there are."""
    longest = max(map(len, vectors))
    x = torch.zeros(len(vectors), longest, vectors[0].shape[1], dtype=vectors[0].dtype)
    seen = torch.zeros(len(vectors), longest, dtype=torch.bool)
    for i, one in enumerate(vectors):
        x[i, : len(one)] = one
        seen[i, : len(one)] = True
    return x, seen


def train(
    model: Tagging,
    passages: Passages,
    chances: np.ndarray,
    seed: int,
    *,
    fading: np.ndarray,
    epochs: int,
    rate: float,
    size: int = 32,
    decay: float = 0.9,
) -> None:
    """Trains on chances (0 or 1 where labels): AdamW, lower layers more slowly, pieces unseen.

    Passages that are `fading` count less with each epoch: what they teach is known by then, and how
    often a signal is said is learnt from the others.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    optimiser, plan = _descent(model, epochs * math.ceil(len(passages) / size), rate, decay)
    target = torch.tensor(chances, dtype=torch.float32)
    vectors = lowered(model, passages)
    print(f"lowered, processor {time.process_time():.0f}s", flush=True)
    model.train()
    for epoch in range(epochs):
        total = 0.0
        weight = torch.where(torch.tensor(fading), 1 - epoch / (epochs - 1) * (1 - LAST), 1.0)
        for batch in batches([len(one) for one in passages], size, rng):
            x, seen = stacked([vectors[i] for i in batch])
            shown = seen & (torch.rand(seen.shape) >= DROPPED)
            shown[:, 0] = True
            with torch.autocast("cpu", torch.bfloat16):
                odds = model.upper(x, shown)
            loss = F.binary_cross_entropy_with_logits(
                odds.float(), target[batch], weight=weight[batch][:, None]
            )
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            plan.step()
            total += loss.item() * len(batch)
        mean, spent = total / len(passages), time.process_time()
        print(f"epoch {epoch} loss {mean:.4f}, processor {spent:.0f}s", flush=True)


def _descent(
    model: Tagging, steps: int, rate: float, decay: float
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    layers = model.layers[model.frozen :]
    groups = [
        {"params": list(layer.parameters()), "lr": rate * decay ** (len(layers) - 1 - i)}
        for i, layer in enumerate(layers)
    ]
    groups.append({"params": [*model.look.parameters(), *model.weigh.parameters()], "lr": 1e-3})
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
    plan = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda k: min(1.0, (k + 1) / (0.1 * steps)) * max(0.0, 1 - k / steps)
    )
    return optimiser, plan


def odds_of(model: nn.Module, passages: Passages, size: int = 64) -> np.ndarray:
    """Log odds, passages x signals."""
    model.eval()
    out = np.zeros((len(passages), len(model.weigh.bias)), dtype=np.float32)
    order = sorted(range(len(passages)), key=lambda i: len(passages[i]))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for start in range(0, len(order), size):
            batch = order[start : start + size]
            pieces, seen = padded([passages[i] for i in batch])
            out[batch] = model(pieces, seen).float().numpy()
    return out
