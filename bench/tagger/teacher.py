"""The accurate network in torch: a published encoder whose upper layers learn, and a head."""

from __future__ import annotations

import torch
from torch import nn

from bench.tagger.learning import Layer, Tagging, Tensors, norm
from models.tagger.files import MATRICES, NORMS


class Teacher(Tagging):
    """A BERT (Devlin and others 2019): where a piece stands is part of its vector."""

    frozen = 2

    def __init__(self, weights: Tensors, signals: int) -> None:
        super().__init__()
        words = torch.tensor(weights["embeddings.word_embeddings.weight"])
        kind = torch.tensor(weights["embeddings.token_type_embeddings.weight"][0])
        places = torch.tensor(weights["embeddings.position_embeddings.weight"]) + kind
        for name, held in (("words", words), ("places", places)):
            self.register_buffer(name, held, persistent=False)
        self.norm = norm(weights, "embeddings.LayerNorm", 1e-12)
        layers = sum(name.endswith("intermediate.dense.weight") for name in weights)
        self.layers = nn.ModuleList(
            Layer(weights, f"encoder.layer.{number}.", MATRICES, NORMS) for number in range(layers)
        )
        self.finish(words.shape[1], signals)
