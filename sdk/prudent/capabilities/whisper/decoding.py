"""A batch of sounds to tokens, and again at higher temperatures where the text is not to be trusted.

The limits are those of the Whisper paper (Radford et al. 2022, section 4.5). Knows no text but as bytes that
compress more or less, no segments and no words.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prudent.capabilities.whisper.options import DecodeOptions
from prudent.capabilities.whisper.prompt import Prompt
from prudent.capabilities.whisper.rules import Rules
from prudent.capabilities.whisper.sound import Sound, SoundEncoder
from prudent.capabilities.whisper.steps import DecoderRun
from prudent.runtime.session import Session
from prudent.runtime.transcriber_artifact import TranscriberConfig

MAX_TOKENS = 224
"""Of text in a window; what Whisper was trained on."""

TOKENS_PER_SECOND = 25
TOKENS_AT_LEAST = 32
"""A window has no more tokens than these a second and those in any case, so that a text which repeats itself
ends soon. Fast speech has 10 (English) to 15 (Korean) a second."""

_SEED = 0


@dataclass(frozen=True, slots=True)
class Decoded:
    """What was written for a window; `logprobs` has one for each token, `end_logprob` is that of ending."""

    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    end_logprob: float
    no_speech_prob: float
    temperature: float
    compression_ratio: float

    @property
    def avg_logprob(self) -> float:
        """The mean over tokens, the end counted as one."""
        return (sum(self.logprobs) + self.end_logprob) / (len(self.logprobs) + 1)


class SoundDecoder:
    """An open decoder. One thread at a time."""

    def __init__(
        self,
        session: Session,
        encoder: SoundEncoder,
        config: TranscriberConfig,
        text_bytes: Callable[[Sequence[int]], bytes],
    ) -> None:
        """`text_bytes` gives the bytes of the text of tokens."""
        self._session = session
        self._encoder = encoder
        self._config = config
        self._text_bytes = text_bytes

    def decode(self, sounds: Sequence[Sound], prompt: Prompt, options: DecodeOptions) -> list[Decoded]:
        """Decode windows together, those that fail again at the next temperature."""
        tries: list[list[Decoded]] = [[] for _ in sounds]
        open_rows = list(range(len(sounds)))
        for temperature in options.temperatures:
            decoded = self._decode([sounds[row] for row in open_rows], prompt, options, temperature)
            for row, result in zip(open_rows, decoded, strict=True):
                tries[row].append(result)
            open_rows = [row for row in open_rows if _fails(tries[row][-1], options)]
            if not open_rows:
                break
        return [_best(results, options) for results in tries]

    def alignment_queries(self, sound: Sound, tokens: Sequence[int]) -> NDArray[np.float32]:
        """What the alignment heads look for at each token: (tokens, alignment heads, head_dim)."""
        sounds = self._encoder.side_by_side([sound])
        return DecoderRun(self._session, self._config, sounds, room=len(tokens)).alignment_queries(tokens)

    def first_logits(self, sounds: Sequence[Sound]) -> NDArray[np.float32]:
        """Logits (windows, vocab_size) of what follows the start: the languages are among them."""
        run = DecoderRun(self._session, self._config, self._encoder.side_by_side(sounds), room=1)
        return run.begin([self._config.special.start], [0])[:, 0]

    def _decode(
        self, sounds: Sequence[Sound], prompt: Prompt, options: DecodeOptions, temperature: float
    ) -> list[Decoded]:
        limits = [self._token_limit(sound, prompt, options) for sound in sounds]
        run = DecoderRun(
            self._session,
            self._config,
            self._encoder.side_by_side(sounds),
            room=len(prompt.tokens) + max(limits),
        )
        batch = _Batch(Rules(self._config, times=options.timestamps), limits, self._config, temperature)
        first = run.begin(prompt.tokens, [prompt.start, len(prompt.tokens) - 1])
        no_speech = _probabilities(first[:, 0])[:, self._config.special.no_speech]
        batch.advance(first[:, 1])
        while batch.rows:
            if batch.kept is not None:
                run.keep(batch.kept)
            batch.advance(run.step(batch.last))
        return [
            Decoded(
                tuple(tokens),
                tuple(logprobs),
                end,
                float(silence),
                temperature,
                self._compression(tokens),
            )
            for tokens, logprobs, end, silence in zip(
                batch.tokens, batch.logprobs, batch.ends, no_speech, strict=True
            )
        ]

    def _token_limit(self, sound: Sound, prompt: Prompt, options: DecodeOptions) -> int:
        seconds = sound.positions / (self._config.positions / 30)
        by_length = int(TOKENS_AT_LEAST + TOKENS_PER_SECOND * seconds)
        most = options.max_tokens or MAX_TOKENS
        return max(1, min(most, by_length, self._config.max_tokens - len(prompt.tokens)))

    def _compression(self, tokens: Sequence[int]) -> float:
        text = self._text_bytes(tokens)
        return len(text) / len(zlib.compress(text)) if text else 0.0


class _Batch:
    """What has been written so far. `rows` are the open windows, `kept` which of those stay if not all."""

    def __init__(
        self, rules: Rules, limits: Sequence[int], config: TranscriberConfig, temperature: float
    ) -> None:
        self._rules = rules
        self._limits = limits
        self._end = config.special.end
        self._temperature = temperature
        self._random = np.random.default_rng(_SEED)
        self.rows = list(range(len(limits)))
        self.kept: list[int] | None = None
        self.tokens: list[list[int]] = [[] for _ in limits]
        self.logprobs: list[list[float]] = [[] for _ in limits]
        self.ends = [0.0 for _ in limits]

    @property
    def last(self) -> list[int]:
        """The last token of each open window."""
        return [self.tokens[row][-1] for row in self.rows]

    def advance(self, logits: NDArray[np.float32]) -> None:
        """Choose a token for each open window."""
        kept: list[int] = []
        for place, row in enumerate(self.rows):
            choice = self._rules.choose(logits[place], self.tokens[row], self._temperature, self._random)
            if choice.token == self._end:
                self.ends[row] = choice.logprob
                continue
            self.tokens[row].append(choice.token)
            self.logprobs[row].append(choice.logprob)
            if len(self.tokens[row]) < self._limits[row]:
                kept.append(place)
        self.kept = kept if len(kept) < len(self.rows) else None
        self.rows = [self.rows[place] for place in kept]


def _fails(decoded: Decoded, options: DecodeOptions) -> bool:
    """Whether a text repeats itself or was guessed, and the window is not simply silent."""
    if is_silent(decoded, options):
        return False
    return (
        decoded.compression_ratio > options.compression_ratio_limit
        or decoded.avg_logprob < options.logprob_limit
    )


def _best(tries: Sequence[Decoded], options: DecodeOptions) -> Decoded:
    """The last one if it passed; else the likeliest, of those that do not repeat themselves if any."""
    if not _fails(tries[-1], options):
        return tries[-1]
    plain = [result for result in tries if result.compression_ratio <= options.compression_ratio_limit]
    return max(plain or tries, key=lambda result: result.avg_logprob)


def is_silent(decoded: Decoded, options: DecodeOptions) -> bool:
    """Whether nobody spoke: silence is likely and the text is not."""
    return decoded.no_speech_prob > options.no_speech_limit and decoded.avg_logprob < options.logprob_limit


def _probabilities(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    shifted = np.exp(logits - logits.max(-1, keepdims=True))
    return shifted / shifted.sum(-1, keepdims=True)
