"""The calibration sentences as an encoder takes them: ids by length, in batches. Knows no weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prudent.compiler.calibration import calibration_pairs
from prudent.compiler.readers.weights import FloatArray
from prudent.errors import ModelFileError
from prudent.runtime.encoder_artifact import EncoderConfig
from prudent.tokenizer.encoder_tokenizers import EncoderTokenizer

_BATCH = 16


@dataclass(frozen=True, slots=True)
class EncoderTexts:
    """The ids of each text, the first `queries` of them queries, and the hash of what they were made from."""

    ids: tuple[list[int], ...]
    queries: int
    sha256: str

    def batches(self) -> Iterator[tuple[list[int], NDArray[np.int64], NDArray[np.int32]]]:
        """Texts of like length together: their indices, ids (texts, tokens) and lengths (texts)."""
        by_length = sorted(range(len(self.ids)), key=lambda i: len(self.ids[i]))
        for start in range(0, len(by_length), _BATCH):
            chosen = by_length[start : start + _BATCH]
            lengths = np.array([len(self.ids[i]) for i in chosen], np.int32)
            ids = np.zeros((len(chosen), int(lengths.max())), np.int64)
            for row, index in enumerate(chosen):
                ids[row, : lengths[row]] = self.ids[index]
            yield chosen, ids, lengths

    def vectors(self, run: Callable[[NDArray[np.int64], NDArray[np.int32]], FloatArray]) -> FloatArray:
        """The vectors (texts, size) that `run` gives for the batches."""
        rows: dict[int, FloatArray] = {}
        for chosen, ids, lengths in self.batches():
            rows.update(zip(chosen, run(ids, lengths), strict=True))
        return np.stack([rows[index] for index in range(len(self.ids))])


def calibration_texts(
    config: EncoderConfig, tokenizer: EncoderTokenizer, *, english: bool = False
) -> EncoderTexts:
    """English sentences as queries and Chinese ones as passages; where all must be `english`, half each.

    Raises:
        ModelFileError: the tokenizer makes ids that the model does not know, or the texts do not fit.
    """
    pairs = calibration_pairs()
    queries, passages = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    if english:
        half = len(queries) // 2
        queries, passages = queries[:half], queries[half:]
    texts = [config.query_prefix + text for text in queries]
    texts += [config.passage_prefix + text for text in passages]
    ids = tuple(map(tokenizer.encode, texts))
    if tokenizer.vocab_size > config.vocab_size or max(map(len, ids)) > config.max_tokens:
        raise ModelFileError(
            f"The tokenizer has {tokenizer.vocab_size} pieces, the model {config.vocab_size} and a window of"
            f" {config.max_tokens} tokens: one of them is wrong.",
            hint="The file is damaged; fetch it again.",
        )
    digest = hashlib.sha256(json.dumps(texts, ensure_ascii=False).encode()).hexdigest()
    return EncoderTexts(ids, len(queries), digest)
