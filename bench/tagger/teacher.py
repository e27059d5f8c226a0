"""The accurate network in torch: a published encoder whose upper layers learn, and a head."""

from __future__ import annotations

import torch
from torch import nn

from bench.tagger.learning import HEADS, Layer, Tagging, Tensors, hide, norm
from models.tagger.files import FIRST_PLACE, MATRICES, NORMS, change, distances


class Teacher(Tagging):
    """An MPNet (Song and others 2020): how far pieces are apart is added to attention."""

    frozen = 8

    def __init__(self, weights: Tensors, signals: int) -> None:
        super().__init__()
        words = torch.tensor(weights["embeddings.word_embeddings.weight"])
        places = torch.tensor(weights["embeddings.position_embeddings.weight"])[FIRST_PLACE:]
        apart = torch.tensor(weights["encoder.relative_attention_bias.weight"])
        for name, held in (("words", words), ("places", places), ("apart", apart)):
            self.register_buffer(name, held, persistent=False)
        self.norm = norm(weights, "embeddings.LayerNorm")
        layers = sum(name.endswith("intermediate.dense.weight") for name in weights)
        self.layers = nn.ModuleList(
            Layer(weights, f"encoder.layer.{number}.", MATRICES, NORMS) for number in range(layers)
        )
        self.finish(words.shape[1], signals)

    def hidden(self, seen: torch.Tensor) -> torch.Tensor:
        """What is added to attention: passages x heads x pieces x pieces."""
        count = seen.shape[1]
        far = self.apart[torch.tensor(distances(count))].permute(2, 0, 1)
        return hide(seen) + far.reshape(HEADS, count, count)[None]


def in_place(weights: Tensors, learned: Tensors, signals: int) -> Teacher:
    """The network of a file `accurate.npz`."""
    changed = dict(weights)
    for name in {name.rsplit("_left", 1)[0] for name in learned if name.endswith("_left")}:
        changed[name] = weights[name] + change(learned, name)
    changed |= {name: value for name, value in learned.items() if name in weights}
    model = Teacher(changed, signals)
    for layer, of in (("look", "look.weight"), ("weigh", "weigh.weight"), ("bias", "weigh.bias")):
        model.get_parameter(of).data = torch.tensor(learned[layer], dtype=torch.float32)
    return model
