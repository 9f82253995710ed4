"""Trains the checks' encoder on the labelled data, and writes its layers and heads as float32 safetensors.

    python responsible_ai/training/train.py DATA E5FILE OUT [--minutes 60] [--layers 6] [--threads 2]
        [--start STATE] [--share SOURCE=NUMBER...] [--bfloat16]

DATA is the folder of labelled data, E5FILE the weights of multilingual-e5-small. Needs `prudent[train]`.
The learning rate falls to zero by the clock or the steps, whichever ends first; a state is saved every four
minutes. The record beside OUT counts tokens and rates of all stages, those of STATE first. `--share cold=0.5`
draws half of that source's windows, `names=0.2` a fifth of the tagged texts, `pairs=0.1` a tenth of
the pairs, `openai_moderation=2` takes each of that source twice.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from examples import SEED, Examples, gather
from lowered import Lowered
from model import Encoder
from numpy.typing import NDArray
from rows import data_hashes
from safetensors.numpy import load_file  # pyright: ignore[reportUnknownVariableType]
from safetensors.torch import save_file
from shares import add_shares, times
from stored import trained
from torch import Tensor
from torch.nn import functional

from prudent.compiler.readers import open_weights
from prudent.tokenizer.encoder_tokenizers import read_tokenizer
from prudent_responsible_ai.name_spans import TAGS
from prudent_responsible_ai.text_encoder import LABELS, SUPPORT

TOKENS_A_BATCH = 2_048
MOST_ROWS = 64
SORTED = 2_048
"""So many shuffled examples are sorted by length and cut into batches: little padding, little order."""
WARM_STEPS = 60
MASKED = 0.08
"""Share of tokens that the others do not see in training, so that no single word decides."""
DROPOUT = 0.1
SAVE_EVERY = 240.0
HEADS = 12
_FITTED_AFTER = "whole"
"""Begins the tensors that fit_heads.py fits beside these."""
NOT_SUPPORTED = 3
"""The label of a pair whose source does not tell contradicted from unsupported."""


@dataclass(frozen=True)
class Example:
    """One row of ids and what is known of it; what is None does not count."""

    ids: NDArray[np.int32]
    labels: NDArray[np.float32] | None = None
    weights: NDArray[np.float32] | None = None
    tags: NDArray[np.int8] | None = None
    support: int | None = None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--epochs", type=float, default=2.0)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--frozen", type=int, default=3)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--start", type=Path, help="a state, or the weights of the package, to go on from")
    add_shares(parser)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--bfloat16", action="store_true", help="products of matrices in bfloat16")
    asked = parser.parse_args()
    torch.manual_seed(SEED)
    torch.set_num_threads(asked.threads)
    with closing(open_weights(asked.weights)) as file:
        _, tokenizer = read_tokenizer(file.metadata)
        wanted = {name for name in file.tensors if _is_needed(name, asked.layers)}
        weights = {name: file.read(name) for name in wanted}
    examples = gather(asked.data, tokenizer)
    _tell(_summary(examples))
    model = Encoder(
        weights,
        layers=asked.layers,
        frozen=asked.frozen,
        heads=HEADS,
        labels=len(LABELS) + len(SUPPORT),
        tags=len(TAGS),
    )
    if asked.start is not None:
        started = trained(load_file(str(asked.start)), asked.frozen)
        model.load_state_dict(
            {
                name: torch.from_numpy(one)
                for name, one in started.items()
                if not name.startswith(_FITTED_AFTER)
            }
        )
    shares = dict(asked.share)
    learnt, taken = _all(examples, shares)
    with tempfile.TemporaryDirectory(dir=asked.out.parent) as scratch:
        lowered = Lowered(model, [one.ids for one in learnt], Path(scratch) / "lowered.npy")
        record = _train(model, (learnt, taken), lowered, asked)
    record |= {
        "shares": shares,
        "data_sha256": data_hashes(asked.data),
        "seed": SEED,
        "layers": asked.layers,
        "frozen": asked.frozen,
        "rate": asked.rate,
        "bfloat16": asked.bfloat16,
    }
    record["stages"] = [*_stages(asked.start), {"tokens": record["tokens"], "rate": asked.rate}]
    asked.out.with_suffix(".json").write_text(json.dumps(record, indent=1))


def _stages(start: Path | None) -> list[dict[str, Any]]:
    """What training goes on from was trained with, where a record or the model's card lies beside it."""
    if start is None or not (record := start.with_suffix(".json")).is_file():
        return []
    found: dict[str, Any] = json.loads(record.read_text())
    return found.get("training", found)["stages"]


def _is_needed(name: str, layers: int) -> bool:
    layer, dot, _ = name.partition(".")
    return bool(dot) and (layer == "emb" or int(layer[1:]) < layers)


def _all(examples: Examples, shares: dict[str, float]) -> tuple[list[Example], list[int]]:
    """What is learnt from, and the indices of an epoch: each kind or source so often as `shares` says.

    Raises ValueError: `shares` names a source that there is not.
    """
    labelled = examples.labelled
    found = [
        (source, Example(window.ids, labels=window.labels, weights=weights))
        for window, weights, source in zip(labelled.windows, labelled.weights, labelled.sources, strict=True)
    ]
    found += [("names", Example(one.ids, tags=one.tags)) for one in examples.tagged]
    found += [("pairs", Example(one.ids, support=one.label)) for one in examples.pairs if one.label >= 0]
    counts = times([name for name, _ in found], shares)
    kept = [index for index, count in enumerate(counts) if count]
    taken = [place for place, index in enumerate(kept) for _ in range(counts[index])]
    return [found[index][1] for index in kept], taken


def _train(
    model: Encoder, learnt: tuple[list[Example], list[int]], lowered: Lowered, asked: argparse.Namespace
) -> dict[str, Any]:
    drawn = np.random.default_rng(SEED)
    trunk = [p for layer in model.layers for p in layer.parameters()]
    trained = {id(p) for p in trunk}
    heads = [p for p in model.parameters() if id(p) not in trained]
    optimizer = torch.optim.AdamW(
        [
            {"params": trunk, "lr": asked.rate, "weight_decay": 0.01},
            {"params": heads, "lr": 1e-3, "weight_decay": 0.0},
        ],
        betas=(0.9, 0.98),
    )
    rates = [group["lr"] for group in optimizer.param_groups]
    examples, taken = learnt
    steps = int(asked.epochs * len(list(_batches(examples, taken, np.random.default_rng(SEED)))))
    began = saved = time.monotonic()
    losses: list[NDArray[np.float64]] = []
    step = tokens = 0
    model.train()
    while step < steps and (time.monotonic() - began) / 60 < asked.minutes:
        for chosen in _batches(examples, taken, drawn):
            done = max(step / steps, (time.monotonic() - began) / 60 / asked.minutes)
            if done >= 1:
                break
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * min(1.0, (step + 1) / WARM_STEPS) * (1 - done)
            batch = [examples[index] for index in chosen]
            with torch.autocast("cpu", torch.bfloat16, enabled=asked.bfloat16):
                parts = _loss(model, batch, lowered.states(chosen), drawn)
            loss = torch.stack(parts).sum()
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            step += 1
            tokens += sum(len(one.ids) for one in batch)
            losses.append(np.array([part.item() for part in parts]))
            if step % 50 == 0:
                seconds = time.monotonic() - began
                shown = " ".join(f"{value:.3f}" for value in np.mean(losses[-50:], axis=0))
                _tell(f"{step}/{steps} {seconds:.0f} s, {tokens / seconds:.0f} tokens/s, loss {shown}")
            if time.monotonic() - saved > SAVE_EVERY:
                _save(model, asked.out)
                saved = time.monotonic()
    _save(model, asked.out)
    return {
        "steps": step,
        "of": steps,
        "tokens": tokens,
        "minutes": round((time.monotonic() - began) / 60, 1),
    }


def _batches(examples: list[Example], taken: list[int], drawn: np.random.Generator) -> Iterator[list[int]]:
    """The indices of an epoch in batches of like length, at most so many tokens with the padding."""
    order = drawn.permutation(len(taken))
    batches: list[list[int]] = []
    for start in range(0, len(order), SORTED):
        chunk = sorted(
            (taken[place] for place in order[start : start + SORTED]),
            key=lambda index: len(examples[index].ids),
        )
        batch: list[int] = []
        for index in chunk:
            if len(batch) == MOST_ROWS or (len(batch) + 1) * len(examples[index].ids) > TOKENS_A_BATCH:
                batches.append(batch)
                batch = []
            batch.append(index)
        batches.append(batch)
    for place in drawn.permutation(len(batches)):
        if batches[place]:
            yield batches[place]


def _loss(
    model: Encoder, batch: list[Example], lowered: tuple[Tensor, Tensor], drawn: np.random.Generator
) -> list[Tensor]:
    """The losses of labels, tags and support, each a mean over what is known, by its share of the batch."""
    states, inside = lowered
    longest = inside.shape[1]
    seen = inside.numpy().copy()
    labels = np.zeros((len(batch), len(LABELS)), np.float32)
    weights = np.zeros_like(labels)
    tags = np.full((len(batch), longest), -1, np.int64)
    support = np.full(len(batch), -1, np.int64)
    for row, one in enumerate(batch):
        length = len(one.ids)
        if one.labels is not None and one.weights is not None:
            labels[row], weights[row] = np.nan_to_num(one.labels), one.weights
            hidden = drawn.random(length) < MASKED
            hidden[[0, -1]] = False
            seen[row, :length][hidden] = False
        if one.tags is not None:
            tags[row, :length] = one.tags
        if one.support is not None:
            support[row] = one.support
    logits, tagged = (one.float() for one in model(states, torch.from_numpy(seen), dropout=DROPOUT))
    of_labels = functional.binary_cross_entropy_with_logits(
        logits[:, : len(LABELS)], torch.from_numpy(labels), reduction="none"
    )
    of_labels = (of_labels * torch.from_numpy(weights)).sum() / (len(batch) * 4)
    flat = torch.from_numpy(tags).reshape(-1)
    of_tags = functional.cross_entropy(tagged.reshape(len(flat), -1), flat, ignore_index=-1, reduction="sum")
    share = float((tags >= 0).any(1).mean())
    of_tags = of_tags * share / max(1, int((tags >= 0).sum()))
    return [of_labels, of_tags * 4, _support_loss(logits[:, len(LABELS) :], torch.from_numpy(support))]


def _support_loss(logits: Tensor, support: Tensor) -> Tensor:
    known = support >= 0
    if not known.any():
        return logits.sum() * 0
    chances = logits[known].log_softmax(1)
    wanted = support[known]
    either = torch.logsumexp(chances[:, 1:], 1)
    told = chances.gather(1, wanted.clamp(max=NOT_SUPPORTED - 1)[:, None])[:, 0]
    return -torch.where(wanted == NOT_SUPPORTED, either, told).sum() / len(support)


def _save(model: Encoder, path: Path) -> None:
    state = {name: tensor.detach().contiguous() for name, tensor in model.state_dict().items()}
    partial = path.with_suffix(".partial")
    save_file(state, str(partial))
    partial.replace(path)


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _summary(examples: Examples) -> str:
    labels = np.stack([window.labels for window in examples.labelled.windows])
    counts = {
        name: (int((labels[:, i] == 1).sum()), int((labels[:, i] == 0).sum()))
        for i, name in enumerate(LABELS)
    }
    tokens = [
        sum(len(one.ids) for one in each)
        for each in (examples.labelled.windows, examples.tagged, examples.pairs)
    ]
    sizes = [len(each) for each in (examples.labelled.windows, examples.tagged, examples.pairs)]
    return f"windows, tagged, pairs: {sizes}, tokens {tokens}, positives and negatives {counts}"


if __name__ == "__main__":
    main()
