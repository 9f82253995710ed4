"""How windows are decoded. Knows no model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Task: TypeAlias = Literal["transcribe", "translate"]
"""`translate` writes English, whatever is spoken; only multilingual models can."""

WindowMode: TypeAlias = Literal["thin", "full"]
"""`full` computes all 30 seconds of the window as Whisper was trained. `thin` computes the sound and a second
after it, and takes the silence that fills the rest from a cache: same text but for a word in a hundred, and
faster the shorter the sound."""

FALLBACK_TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True, slots=True)
class DecodeOptions:
    """How a call's windows are decoded, all of them alike.

    Args:
        language: a code ("en", "zh"); None detects it from the call's windows together, so a call should hold
            windows of one recording.
        task: see `Task`.
        prompt: text, or ids of text, that came before or shows names and style; its end counts where it is
            longer than 223 tokens.
        prefix: ids of text with which every window's text begins; for live sound, what was agreed upon.
        timestamps: let the model say where segments begin and end (to 20 ms).
        word_timestamps: times and probabilities of words, from the attention of the alignment heads.
        temperatures: tried in order until a window's text passes the limits (Whisper paper, section 4.5);
            one temperature alone never decodes twice.
        compression_ratio_limit: text that compresses better than this repeats itself, and is decoded again.
        logprob_limit: text whose mean log-probability is lower is decoded again.
        no_speech_limit: a window with a probability of silence above this, and a mean log-probability
            below `logprob_limit`, is silent.
        window: see `WindowMode`.
        batch: windows decoded together at most.
        max_tokens: of text a window at most; None is the model's own limit.
    """

    language: str | None = None
    task: Task = "transcribe"
    prompt: str | tuple[int, ...] = ""
    prefix: tuple[int, ...] = ()
    timestamps: bool = True
    word_timestamps: bool = False
    temperatures: tuple[float, ...] = FALLBACK_TEMPERATURES
    compression_ratio_limit: float = 2.4
    logprob_limit: float = -1.0
    no_speech_limit: float = 0.6
    window: WindowMode = "thin"
    batch: int = 8
    max_tokens: int | None = None
