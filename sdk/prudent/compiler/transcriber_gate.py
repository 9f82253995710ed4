"""How far a compiled Whisper is from float32: what its encoder hears, which tokens its decoder expects.

Both models read the true text of the calibration speech; knows sessions and arrays, not how graphs are made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prudent.compiler.silent_tail import silent_features
from prudent.compiler.transcriber_plan import TranscriberPlan
from prudent.compiler.transcriber_speech import CalibrationSpeech, Utterance
from prudent.errors import AccuracyGateError
from prudent.runtime.artifact import MeasuredAccuracy
from prudent.runtime.session import Session


@dataclass(frozen=True, slots=True)
class TranscriberLimits:
    """What a target promises: mean cosine of the sound and share of equal tokens above, KL below these."""

    sound_cosine: float = 0.99
    token_agreement: float = 0.95
    mean_kl: float = 0.02

    def hold(self, accuracy: MeasuredAccuracy) -> bool:
        """Whether the measured accuracy keeps the promise."""
        measures = accuracy.measures
        return (
            measures["sound_cosine"] > self.sound_cosine
            and measures["token_agreement"] > self.token_agreement
            and measures["mean_kl"] < self.mean_kl
        )

    def broken(self, accuracy: MeasuredAccuracy, model: str) -> AccuracyGateError:
        """The error for a model that does not keep it."""
        measures = accuracy.measures
        return AccuracyGateError(
            f"{model} at int8 is too far from float32: cosine of what the encoder hears"
            f" {measures['sound_cosine']:.4f} (limit {self.sound_cosine:g}), tokens"
            f" {measures['token_agreement']:.1%} the same (limit {self.token_agreement:.0%}), KL"
            f" {measures['mean_kl']:.4f} (limit {self.mean_kl:g}).",
            hint="Use a weight file of higher precision, or compile to the float32 target.",
            details={"accuracy": accuracy.model_dump()},
        )


@dataclass(frozen=True, slots=True)
class Heard:
    """One utterance in one model: the decoder's values (layers, positions, hidden) and its logits.

    Logits are float32 (tokens, vocab_size), of what follows each token of the prompt's end and the text.
    """

    values: NDArray[np.float32]
    logits: NDArray[np.float32]


def hear(
    encoder: Session,
    decoder: Session,
    plan: TranscriberPlan,
    utterance: Utterance,
    prompt: Sequence[int],
    text: Sequence[int],
) -> Heard:
    """Run a model over an utterance and its text; the sound's own length only, without silence after it."""
    frames = utterance.features.shape[1] // 2 * 2
    feeds = silent_features(plan, frames)
    feeds["features"] = utterance.features[None, :, :frames]
    names = [f"cross_{part}_{layer.index}" for part in ("key", "value") for layer in plan.text_layers]
    cross = dict(zip(names, encoder.run(feeds, names), strict=True))
    tokens = [*prompt, *text]
    empty = np.zeros((1, plan.heads, 0, plan.head_dim), np.float32)
    inputs: dict[str, NDArray[np.generic]] = {
        "token_ids": np.array([tokens], np.int64),
        "positions": np.arange(len(tokens))[None],
        "seqlens_k": np.array([len(tokens) - 1], np.int32),
        "total_length": np.array([len(tokens)], np.int32),
        "logit_rows": np.arange(len(prompt) - 1, len(tokens)),
        "cross_bias": np.zeros((1, 1, 1, frames // 2), np.float32),
    }
    for layer in plan.text_layers:
        inputs |= {f"past_{part}_{layer.index}": empty for part in ("key", "value")}
    logits = decoder.run(inputs | cross, ["logits"])[0]
    values = [cross[f"cross_value_{layer.index}"][0] for layer in plan.text_layers]
    return Heard(np.stack([value.transpose(1, 0, 2).reshape(frames // 2, -1) for value in values]), logits)


def compare(
    reference: Sequence[Heard], candidate: Sequence[Heard], speech: CalibrationSpeech
) -> MeasuredAccuracy:
    """The measures of one model against another, over all utterances."""
    cosines: list[NDArray[np.float32]] = []
    same: list[NDArray[np.bool_]] = []
    divergences: list[NDArray[np.float64]] = []
    for one, other in zip(reference, candidate, strict=True):
        product = (one.values * other.values).sum(-1)
        lengths = np.linalg.norm(one.values, axis=-1) * np.linalg.norm(other.values, axis=-1)
        cosines.append((product / lengths).reshape(-1))
        same.append(one.logits.argmax(-1) == other.logits.argmax(-1))
        first, second = _log_softmax(one.logits), _log_softmax(other.logits)
        divergences.append((np.exp(first) * (first - second)).sum(-1))
    return MeasuredAccuracy(
        measures={
            "sound_cosine": float(np.concatenate(cosines).mean()),
            "token_agreement": float(np.concatenate(same).mean()),
            "mean_kl": float(np.concatenate(divergences).mean()),
        },
        samples=sum(map(len, same)),
        calibration_sha256=speech.sha256,
    )


def _log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    shifted = logits.astype(np.float64) - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
