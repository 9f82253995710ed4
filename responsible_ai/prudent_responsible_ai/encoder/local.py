"""Runs the checks' encoder: texts to windows, scores, names and support. Knows no check and no policy.

Scores are kept by the hash of the window, so a conversation's history costs nothing when it comes again. A
window's scores do not depend on the windows beside it: rows are quantised one by one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from prudent.runtime.text_encoder_artifact import TextEncoderArtifact
from prudent.runtime.threads import usable_cores
from prudent.tokenizer.unigram import UnigramTokenizer
from prudent.tokenizer.unigram_spec import UnigramSpec
from prudent_responsible_ai.encoder.card import EncoderCard
from prudent_responsible_ai.encoder.cutting import Cutter, Piece
from prudent_responsible_ai.encoder.graph import EncoderGraph
from prudent_responsible_ai.encoder.ngrams import NgramModel
from prudent_responsible_ai.encoder.said import says_something
from prudent_responsible_ai.kept import Kept
from prudent_responsible_ai.name_spans import spans_of
from prudent_responsible_ai.text_encoder import LABELS, NameSpan, Support, Window

_KEPT = 20_000
"""Windows that are remembered: some 30 MB at most."""
_KEPT_TEXTS = 1_000
"""Whole texts that are remembered too: several checks read one, and to cut it costs a millisecond."""
_KEPT_TAGS = 256
"""Windows whose tags are remembered until somebody asks for the names in them: 2 MB at most."""
_SURELY_NONE = 0.8
"""Probability of being no name, above which a token is of none, whatever its neighbours are."""
_PAIR_TOKENS = 160


class LocalTextEncoder:
    """See `text_encoder.TextEncoder`."""

    def __init__(
        self,
        artifact: TextEncoderArtifact,
        card: EncoderCard,
        ngrams: NgramModel | None = None,
        *,
        threads: int | None = None,
    ) -> None:
        """Load the graph (about a second). `threads` None uses every core that this process may use.

        `ngrams` score texts beside it; without them, scores are the encoder's alone.
        """
        self.model_hash = card.model_hash
        self._card = card
        self._ngrams = ngrams
        self.tokenizer = UnigramTokenizer(UnigramSpec.load(artifact.tokenizer))
        self._cutter = Cutter(self.tokenizer)
        self._graph = EncoderGraph(artifact, self.tokenizer.padding_id, threads or usable_cores())
        self._kept: Kept[bytes, Window] = Kept(_KEPT)
        self._whole: Kept[bytes, tuple[Window, ...]] = Kept(_KEPT_TEXTS)
        self._tags: Kept[bytes, NDArray[np.float32]] = Kept(_KEPT_TAGS)
        self._named: Kept[bytes, tuple[NameSpan, ...]] = Kept(_KEPT)

    def read(self, text: str) -> tuple[Window, ...]:
        """See `TextEncoder.read`."""
        key = _key(text)
        if (known := self._whole.get(key)) is not None:
            return known
        pieces = self._pieces(text)
        windows = zip(pieces, self._windows(pieces), strict=True)
        read = tuple(
            replace(window, start=piece.start, end=piece.start + window.end) for piece, window in windows
        )
        self._whole.put({key: read})
        return read

    def names(self, text: str) -> tuple[NameSpan, ...]:
        """See `TextEncoder.names`."""
        found = ((window.start, self._names(text[window.start : window.end])) for window in self.read(text))
        return tuple(
            replace(name, start=name.start + start, end=name.end + start)
            for start, names in found
            for name in names
        )

    def scores(self, texts: Sequence[str]) -> list[Mapping[str, float]]:
        """See `TextEncoder.scores`."""
        cut = [self._pieces(text) for text in texts]
        windows = iter(self._windows([piece for pieces in cut for piece in pieces]))
        return [_highest([next(windows) for _ in pieces]) for pieces in cut]

    def cuts(self, text: str) -> list[int]:
        """See `TextEncoder`."""
        _, offsets = self.tokenizer.encode_with_offsets(text)
        return [start for start, end in offsets if start < end]

    def support(self, pairs: Sequence[tuple[str, str]]) -> list[Support]:
        """See `TextEncoder.support`."""
        rows = [self._pair(passage, sentence) for passage, sentence in pairs]
        found: list[Support | None] = [None] * len(rows)
        for index, logits, _ in self._graph.read(rows):
            scaled = logits[len(LABELS) :] / self._card.support_temperature
            chances = np.exp(scaled - scaled.max())
            found[index] = Support(*map(float, chances / chances.sum()))
        return [one for one in found if one is not None]

    def logits(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The logits of texts that fit one window, uncalibrated: float32 (texts, LABELS). For calibration."""
        rows = [self._cutter.ids(text) for text in texts]
        found = np.zeros((len(rows), len(LABELS)), np.float32)
        for index, logits, _ in self._graph.read(rows):
            found[index] = logits[: len(LABELS)]
        return found

    def chances(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """(texts, LABELS): scores of texts that fit one window."""
        scored = zip(self.logits(texts), self._of_ngrams(texts), strict=True)
        found = [list(self._calibrated(*both).values()) for both in scored]
        return np.array(found, np.float64).reshape(len(texts), len(LABELS))

    def _pieces(self, text: str) -> list[Piece]:
        """The pieces of a text in which something is said."""
        return [piece for piece in self._cutter.cut(text) if says_something(piece.text)]

    def _windows(self, pieces: Sequence[Piece]) -> list[Window]:
        """A window for each piece, those that are not remembered computed together. It begins at 0."""
        keys = [_key(piece.text) for piece in pieces]
        found = self._kept.known(keys)
        missing = {key: piece for key, piece in zip(keys, pieces, strict=True) if key not in found}
        if missing:
            made = dict(zip(missing, self._computed(missing), strict=True))
            self._kept.put(made)
            found |= made
        return [found[key] for key in keys]

    def _computed(self, pieces: Mapping[bytes, Piece]) -> list[Window]:
        keys, texts = list(pieces), [piece.text for piece in pieces.values()]
        beside = self._of_ngrams(texts)
        windows: list[Window] = [Window(0, len(text), {}) for text in texts]
        for index, logits, tags in self._graph.read([piece.ids for piece in pieces.values()]):
            windows[index] = replace(windows[index], scores=self._calibrated(logits, beside[index]))
            self._tags.put({keys[index]: tags.copy()})
        return windows

    def _names(self, text: str) -> tuple[NameSpan, ...]:
        """The names in a piece. Where no token may be one, its characters need not be found."""
        key = _key(text)
        if (known := self._named.get(key)) is not None:
            return known
        ids, places = self._cutter.tokens(text)
        if (tags := self._tags.get(key)) is None:
            ((_, _, tags),) = self._graph.read([ids])
        chances = _softmax(tags)
        names: tuple[NameSpan, ...] = ()
        if not (chances[:, 0] > _SURELY_NONE).all():
            _, offsets = self.tokenizer.encode_with_offsets(text)
            names = spans_of(chances[places], offsets[: len(places)], text)
        self._named.put({key: names})
        return names

    def _of_ngrams(self, pieces: Sequence[str]) -> NDArray[np.float32]:
        """(pieces, LABELS): what the n-grams say; nought where there are none."""
        if self._ngrams is None:
            return np.zeros((len(pieces), len(LABELS)), np.float32)
        return self._ngrams.logits(pieces)

    def _calibrated(self, logits: NDArray[np.float32], ngrams: NDArray[np.float32]) -> dict[str, float]:
        both = zip(LABELS, logits[: len(LABELS)].tolist(), ngrams.tolist(), strict=True)
        return {label: self._card.labels[label].probability(one, other) for label, one, other in both}

    def _pair(self, passage: str, sentence: str) -> list[int]:
        """<s> passage </s></s> sentence </s>, the passage cut to fit."""
        second = self.tokenizer.encode(sentence)[1:][: _PAIR_TOKENS // 2]
        first = self.tokenizer.encode(passage)[: _PAIR_TOKENS - len(second) - 2]
        end = self.tokenizer.eos_id
        first = first if first[-1] == end else [*first, end]
        second = second if second[-1] == end else [*second, end]
        return [*first, end, *second]


def _key(piece: str) -> bytes:
    return hashlib.blake2b(piece.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _highest(windows: Sequence[Window]) -> dict[str, float]:
    return {label: max((window.scores[label] for window in windows), default=0.0) for label in LABELS}


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    chances = np.exp(logits - logits.max(-1, keepdims=True))
    return chances / chances.sum(-1, keepdims=True)
