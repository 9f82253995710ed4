"""Fits the heads that read the labels from the tuned encoder's states, with its layers as they are; minutes.

    python responsible_ai/training/fit_heads.py DATA E5FILE STATE OUT [--share SOURCE=NUMBER...]

STATE is what train.py wrote; OUT is STATE with label heads that learnt the rows again, the compiled int8
encoder's states being their inputs, and with a small network over the mean and the maximum of a text's states
beside them. The two learn apart and their logits are summed: they err differently. The heads of names and of
support stay. Much cheaper than train.py, so rows that were written later are learnt here first. Needs
`prudent[train]`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import torch
from examples import SEED, labelled
from numpy.typing import NDArray
from publish import compiled
from safetensors.torch import load_file, save_file
from shares import add_shares, times
from states import States, states_of
from stored import shipped
from torch import Tensor, nn
from torch.nn import functional

from prudent.compiler.readers import open_weights
from prudent.tokenizer.encoder_tokenizers import read_tokenizer
from prudent_responsible_ai.text_encoder import LABELS, SUPPORT

WIDTH = 256
EPOCHS_OF_WHOLE, EPOCHS_OF_TOKENS = 8, 3
ROWS_A_BATCH, TOKENS_A_BATCH = 256, 6_000
RATE_OF_WHOLE, RATE_OF_TOKENS = 2e-3, 6e-4
DROPPED_INPUTS, DROPPED = 0.1, 0.3
DECAY = 0.05
UNSEEN = 0.08
"""Share of tokens that the others do not see in training, as in train.py."""
WARMING = 0.1
_SLACK = 20
"""Batches by which an epoch may be longer than the first one drawn."""
_LABELS_A_ROW = 4
_LEAST_SPREAD = 1e-5


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("base", type=Path)
    parser.add_argument("state", type=Path)
    parser.add_argument("out", type=Path)
    add_shares(parser)
    asked = parser.parse_args()
    torch.manual_seed(SEED)
    record = json.loads(asked.state.with_suffix(".json").read_text())
    state = load_file(str(asked.state))
    with closing(open_weights(asked.base)) as file:
        _, tokenizer = read_tokenizer(file.metadata)
    learnt, _ = labelled(asked.data, tokenizer)
    drawn = times(learnt.sources, dict(asked.share))
    kept = [index for index, count in enumerate(drawn) if count]
    with tempfile.TemporaryDirectory() as scratch:
        weights = shipped({name: tensor.numpy() for name, tensor in state.items()}, record["frozen"])
        artifact = compiled(weights, asked.base, Path(scratch))
        states = states_of(artifact, [learnt.windows[index].ids for index in kept], Path(scratch))
        labels = np.stack([learnt.windows[index].labels for index in kept])
        counted = learnt.weights[kept] * np.array(drawn, np.float32)[kept, None]
        state |= whole(states, labels, counted)
        state |= tokens(state, states, labels, counted)
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, str(asked.out))
    record["heads"] = {"windows": len(kept), "shares": dict(asked.share), "width": WIDTH, "seed": SEED}
    asked.out.with_suffix(".json").write_text(json.dumps(record, indent=1))


def whole(states: States, labels: NDArray[np.float32], weights: NDArray[np.float32]) -> dict[str, Tensor]:
    """The network over mean and maximum of the states, its inputs' spread folded into its weights."""
    mean, spread = states.pooled.mean(0), states.pooled.std(0) + _LEAST_SPREAD
    inputs = torch.from_numpy((states.pooled - mean) / spread)
    network = nn.Sequential(
        nn.Dropout(DROPPED_INPUTS),
        first := nn.Linear(inputs.shape[1], WIDTH),
        nn.GELU(),
        nn.Dropout(DROPPED),
        last := nn.Linear(WIDTH, len(LABELS)),
    )
    truth, counted = torch.from_numpy(np.nan_to_num(labels)), torch.from_numpy(weights)
    steps = len(inputs) // ROWS_A_BATCH
    optimizer = torch.optim.AdamW(network.parameters(), RATE_OF_WHOLE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, RATE_OF_WHOLE, total_steps=EPOCHS_OF_WHOLE * steps
    )
    for epoch in range(EPOCHS_OF_WHOLE):
        order, losses = torch.randperm(len(inputs)), 0.0
        for rows in order[: steps * ROWS_A_BATCH].split(ROWS_A_BATCH):
            losses += _step(network(inputs[rows]), truth[rows], counted[rows], optimizer)
            schedule.step()
        _tell(f"whole, epoch {epoch}: loss {losses / steps:.4f}")
    scaled = first.weight.detach() / torch.from_numpy(spread)
    nothing = torch.zeros(len(SUPPORT), WIDTH)
    return {
        "whole.weight": scaled,
        "whole.bias": first.bias.detach() - scaled @ torch.from_numpy(mean),
        "whole_labels.weight": torch.cat([last.weight.detach(), nothing]),
        "whole_labels.bias": torch.cat([last.bias.detach(), nothing[:, 0]]),
    }


def tokens(
    state: Mapping[str, Tensor],
    states: States,
    labels: NDArray[np.float32],
    weights: NDArray[np.float32],
) -> dict[str, Tensor]:
    """Queries and values of the labels, learnt on from where they are; those of support as they were."""
    names = ("queries.weight", "values.weight", "values.bias")
    learnt = [nn.Parameter(state[name][: len(LABELS)].clone()) for name in names]
    drawn = np.random.default_rng(SEED)
    steps = EPOCHS_OF_TOKENS * (len(states.batches(TOKENS_A_BATCH, drawn)) + _SLACK)
    optimizer = torch.optim.AdamW(learnt, RATE_OF_TOKENS, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, RATE_OF_TOKENS, total_steps=steps, pct_start=WARMING
    )
    for epoch in range(EPOCHS_OF_TOKENS):
        batches, losses = states.batches(TOKENS_A_BATCH, drawn), 0.0
        for rows in batches:
            values, inside = map(torch.from_numpy, states.padded(rows))
            logits = _read(learnt, functional.dropout(values, DROPPED_INPUTS), inside)
            truth = torch.from_numpy(np.nan_to_num(labels[rows]))
            losses += _step(logits, truth, torch.from_numpy(weights[rows]), optimizer)
            schedule.step()
        _tell(f"tokens, epoch {epoch}: loss {losses / len(batches):.4f}")
    return {
        name: torch.cat([tensor.detach(), state[name][len(LABELS) :]])
        for name, tensor in zip(names, learnt, strict=True)
    }


def _read(heads: Sequence[Tensor], values: Tensor, inside: Tensor) -> Tensor:
    """As model.Encoder reads labels, some tokens unseen."""
    queries, weights, bias = heads
    seen = inside & (torch.rand(inside.shape) > UNSEEN)
    seen |= inside & ~seen.any(1, keepdim=True)
    attention = (values @ queries.T).masked_fill(~seen[:, :, None], -1e4).softmax(1)
    return (attention * (values @ weights.T)).sum(1) + bias


def _step(logits: Tensor, truth: Tensor, weights: Tensor, optimizer: Any) -> float:
    loss = functional.binary_cross_entropy_with_logits(logits, truth, reduction="none") * weights
    summed = loss.sum() / (len(truth) * _LABELS_A_ROW)
    optimizer.zero_grad()
    summed.backward()
    optimizer.step()
    return float(summed.detach())


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
