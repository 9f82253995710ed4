"""Runs the checks' encoder: texts to windows, scores, names and support. Knows no check and no policy.

Scores are kept by the hash of the window, so a conversation's history costs nothing when it comes again. A
window that is surely harmless after the lower layers is not read further (`early`). That depends on the
window alone, never on what is kept or what stands beside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from prudent.runtime.text_encoder_artifact import TextEncoderArtifact
from prudent.runtime.threads import usable_cores
from prudent.tokenizer.unigram import UnigramTokenizer
from prudent.tokenizer.unigram_spec import UnigramSpec
from prudent_responsible_ai.encoder.card import EncoderCard
from prudent_responsible_ai.encoder.cutting import Cutter, Piece
from prudent_responsible_ai.encoder.early import EarlyLook
from prudent_responsible_ai.encoder.graphs import EncoderGraphs
from prudent_responsible_ai.encoder.kept import Kept
from prudent_responsible_ai.encoder.ngrams import NgramModel
from prudent_responsible_ai.name_spans import spans_of
from prudent_responsible_ai.text_encoder import LABELS, NameSpan, Support, Window

_KEPT = 20_000
"""Windows that are remembered: some 30 MB at most."""
_KEPT_TEXTS = 1_000
"""Whole texts that are remembered too: several checks read one, and to cut it costs a millisecond."""
_KEPT_TAGS = 256
"""Windows whose tags are remembered until somebody asks for the names in them: 2 MB at most."""
_KEPT_STATES = 16
"""Windows that were not read further whose states are remembered, should somebody want more: 3 MB at most."""
_SURELY_NONE = 0.8
"""Probability of being no name, above which a token is of none, whatever its neighbours are."""
_PAIR_TOKENS = 160
_NOTHING: Mapping[str, float] = dict.fromkeys(LABELS, 0.0)


@dataclass(frozen=True, slots=True)
class _Known:
    """Scores of a window, None where the upper layers were not run, and whether it is surely harmless."""

    scores: Mapping[str, float] | None
    harmless: bool


class LocalTextEncoder:
    """See `text_encoder.TextEncoder`."""

    def __init__(
        self,
        artifact: TextEncoderArtifact,
        card: EncoderCard,
        ngrams: NgramModel | None = None,
        early: EarlyLook | None = None,
        *,
        threads: int | None = None,
    ) -> None:
        """Load the graphs (about a second). `threads` None uses every core that this process may use.

        `ngrams` score texts beside it; without them, scores are the encoder's alone. `early` None reads every
        text to the end; a graph that is not split is.
        """
        self.model_hash = card.model_hash if early is None else early.hashed_with(card.model_hash)
        self._card = card
        self._ngrams = ngrams
        self.tokenizer = UnigramTokenizer(UnigramSpec.load(artifact.tokenizer))
        self._cutter = Cutter(self.tokenizer)
        self._graphs = EncoderGraphs(artifact, self.tokenizer.padding_id, threads or usable_cores())
        self._early = early if self._graphs.split else None
        self._kept: Kept[_Known] = Kept(_KEPT)
        self._whole: Kept[tuple[Window, ...]] = Kept(_KEPT_TEXTS)
        self._tags: Kept[NDArray[np.float32]] = Kept(_KEPT_TAGS)
        self._states: Kept[NDArray[np.float32]] = Kept(_KEPT_STATES)
        self._named: Kept[tuple[NameSpan, ...]] = Kept(_KEPT)

    def read(self, text: str) -> tuple[Window, ...]:
        """See `TextEncoder.read`."""
        if not text.strip():
            return ()
        key = _key(text)
        if (known := self._whole.get(key)) is not None:
            return known
        pieces = self._cutter.cut(text)
        scored = zip(pieces, self._scored(pieces, further=False), strict=True)
        read = tuple(Window(piece.start, piece.start + len(piece.text), scores) for piece, scores in scored)
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
        cut = [self._cutter.cut(text) if text.strip() else [] for text in texts]
        scored = iter(self._scored([piece for pieces in cut for piece in pieces], further=True))
        return [_highest([next(scored) for _ in pieces]) for pieces in cut]

    def support(self, pairs: Sequence[tuple[str, str]]) -> list[Support]:
        """See `TextEncoder.support`."""
        rows = [self._pair(passage, sentence) for passage, sentence in pairs]
        found: list[Support | None] = [None] * len(rows)
        for index, logits, _ in self._graphs.whole(rows):
            scaled = logits[len(LABELS) :] / self._card.support_temperature
            chances = np.exp(scaled - scaled.max())
            found[index] = Support(*map(float, chances / chances.sum()))
        return [one for one in found if one is not None]

    def logits(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The logits of texts that fit one window, uncalibrated: float32 (texts, LABELS). For calibration."""
        rows = [self._cutter.ids(text) for text in texts]
        found = np.zeros((len(rows), len(LABELS)), np.float32)
        for index, logits, _ in self._graphs.whole(rows):
            found[index] = logits[: len(LABELS)]
        return found

    def chances(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """(texts, LABELS): scores of texts that fit one window."""
        scored = zip(self.logits(texts), self._of_ngrams(texts), strict=True)
        found = [list(self._calibrated(*both).values()) for both in scored]
        return np.array(found, np.float64).reshape(len(texts), len(LABELS))

    def _scored(self, pieces: Sequence[Piece], *, further: bool) -> list[Mapping[str, float]]:
        """Scores of each piece, those that are not remembered computed together.

        `further` reads also those to the end that are surely harmless; without it, they score nothing.
        """
        keys = [_key(piece.text) for piece in pieces]
        found = self._kept.known(keys)
        missing = {
            key: piece
            for key, piece in zip(keys, pieces, strict=True)
            if key not in found or (further and found[key].scores is None)
        }
        if missing:
            made = dict(zip(missing, self._computed(missing, further=further), strict=True))
            self._kept.put(made)
            found |= made
        known = (found[key] for key in keys)
        return [
            _NOTHING if one.scores is None or (one.harmless and not further) else one.scores for one in known
        ]

    def _computed(self, pieces: Mapping[bytes, Piece], *, further: bool) -> list[_Known]:
        keys, texts = list(pieces), [piece.text for piece in pieces.values()]
        rows = [piece.ids for piece in pieces.values()]
        if self._early is None:
            read = list(self._graphs.whole(rows))
            harmless = [False] * len(rows)
        else:
            states = self._graphs.states(rows)
            harmless = [self._early.surely_harmless(one) for one in states]
            left = [index for index in range(len(rows)) if further or not harmless[index]]
            self._states.put(
                {keys[index]: states[index].copy() for index in range(len(rows)) if index not in left}
            )
            found = self._graphs.from_states([states[index] for index in left])
            read = [(left[place], logits, tags) for place, logits, tags in found]
        self._tags.put({keys[index]: tags.copy() for index, _, tags in read})
        beside = self._of_ngrams([texts[index] for index, _, _ in read])
        scores = {
            index: self._calibrated(logits, ngrams)
            for (index, logits, _), ngrams in zip(read, beside, strict=True)
        }
        return [_Known(scores.get(index), harmless[index]) for index in range(len(rows))]

    def _names(self, text: str) -> tuple[NameSpan, ...]:
        """The names in a piece. Where no token may be one, its characters need not be found."""
        key = _key(text)
        if (known := self._named.get(key)) is not None:
            return known
        ids, places = self._cutter.tokens(text)
        if (tags := self._tags.get(key)) is None:
            states = self._states.get(key)
            read = self._graphs.whole([ids]) if states is None else self._graphs.from_states([states])
            ((_, _, tags),) = read
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


def _highest(scored: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {label: max((scores[label] for scores in scored), default=0.0) for label in LABELS}


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    chances = np.exp(logits - logits.max(-1, keepdims=True))
    return chances / chances.sum(-1, keepdims=True)
