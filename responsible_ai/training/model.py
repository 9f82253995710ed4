"""The encoder with its heads in PyTorch, for training: lower layers of multilingual-e5-small, three heads.

Labels and support are read by attention over the tokens, one query a label: logit = sum of weight x value.
So a short injected sentence counts in a long window. Names are read from each token.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

EPSILON = 1e-12


class Layer(nn.Module):
    """A layer of the encoder (post-norm, as BERT)."""

    def __init__(self, weights: Mapping[str, NDArray[np.float32]], index: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.index = index
        names = ("q", "k", "v", "ao", "aln", "fi", "fo", "oln")
        for name in names:
            for part in ("w", "b"):
                tensor = torch.tensor(weights[f"l{index}.{name}.{part}"])
                self.register_parameter(f"{name}_{part}", nn.Parameter(tensor))

    def forward(self, x: Tensor, mask: Tensor, dropout: float) -> Tensor:
        batch, tokens, size = x.shape
        p = dict(self.named_parameters(recurse=False))

        def split(name: str) -> Tensor:
            y = functional.linear(x, p[f"{name}_w"], p[f"{name}_b"])
            return y.view(batch, tokens, self.heads, -1).transpose(1, 2)

        mixed = functional.scaled_dot_product_attention(split("q"), split("k"), split("v"), attn_mask=mask)
        mixed = functional.linear(mixed.transpose(1, 2).reshape(x.shape), p["ao_w"], p["ao_b"])
        mixed = functional.dropout(mixed, dropout, self.training)
        x = functional.layer_norm(x + mixed, (size,), p["aln_w"], p["aln_b"], EPSILON)
        wide = functional.gelu(functional.linear(x, p["fi_w"], p["fi_b"]))
        narrow = functional.dropout(functional.linear(wide, p["fo_w"], p["fo_b"]), dropout, self.training)
        return functional.layer_norm(x + narrow, (size,), p["oln_w"], p["oln_b"], EPSILON)


class Encoder(nn.Module):
    """Layers and heads. Words, positions and their norm stay as they are in the file."""

    def __init__(
        self,
        weights: Mapping[str, NDArray[np.float32]],
        *,
        layers: int,
        frozen: int,
        heads: int,
        labels: int,
        tags: int,
    ) -> None:
        """`frozen` layers, the lowest, stay as they are too: what they make of a text can be kept."""
        super().__init__()
        self.words = torch.tensor(weights["emb.word"])
        self.places = torch.tensor(weights["emb.pos"] + weights["emb.type"][:1])
        self.norm = (torch.tensor(weights["emb.ln.w"]), torch.tensor(weights["emb.ln.b"]))
        self.frozen = [Layer(weights, index, heads).requires_grad_(False).eval() for index in range(frozen)]
        self.layers = nn.ModuleList(Layer(weights, index, heads) for index in range(frozen, layers))
        size = self.words.shape[1]
        self.queries = nn.Linear(size, labels, bias=False)
        self.values = nn.Linear(size, labels)
        self.tags = nn.Linear(size, tags)
        for parameter in (self.queries.weight, self.values.weight, self.values.bias, self.tags.weight):
            nn.init.zeros_(parameter)

    @torch.no_grad()
    def lower(self, ids: Tensor, inside: Tensor) -> Tensor:
        """What the frozen layers make of ids (batch, tokens): states (batch, tokens, hidden)."""
        placed = self.words[ids] + self.places[: ids.shape[1]]
        x = functional.layer_norm(placed, self.norm[0].shape, *self.norm, EPSILON)
        for layer in self.frozen:
            x = layer(x, inside[:, None, None, :], 0.0)
        return x

    def forward(self, states: Tensor, inside: Tensor, *, dropout: float = 0.0) -> tuple[Tensor, Tensor]:
        """From states of `lower`: the logits (batch, labels) and the tags (batch, tokens, tags)."""
        x = states
        for layer in self.layers:
            x = layer(x, inside[:, None, None, :], dropout)
        attention = self.queries(x).masked_fill(~inside[:, :, None], -1e4).softmax(1)
        logits = (attention * functional.linear(x, self.values.weight)).sum(1) + self.values.bias
        return logits, self.tags(x)
