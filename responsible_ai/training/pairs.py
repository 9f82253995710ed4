"""Pairs of a passage and a sentence for the support head: what the passage says of the sentence.

Contexts are cut to the sentences that are nearest to the claim. Beside the labelled rows stand contradictions
made from their own contexts: a sentence of the context with another number or with a negation, and sentences
of other contexts. It trains nothing.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rows import Split

from prudent.tokenizer.unigram import UnigramTokenizer
from prudent_responsible_ai.text_encoder import SUPPORT

SUPPORTED, CONTRADICTED, UNSUPPORTED = range(len(SUPPORT))
NOT_SUPPORTED = 3
"""The source does not tell contradicted from unsupported."""
LONGEST = 160
_SENTENCE_TOKENS = 64
_MARKS = 4
_VALIDATION_SHARE = 10
_SEED = 20261128
_CAPS = {"halueval_qa": 1_400, "uhgeval": 700, "halueval_summarization": 300, "begin_wow": 1_300}
_MADE = 2_400
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？；\n])\s*")
_NUMBER = re.compile(r"\d+")
_VERB = re.compile(r"\b(is|was|are|were|has|had|can|will|did|does)\b(?! not)")
_ZH_VERB = re.compile(r"(是|有|在|能|会)")
_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+|\d+|[^\sA-Za-z\d]")
_CONTRADICTING = ("fever_symmetric",)


@dataclass(frozen=True, eq=False)
class Pair:
    """Ids of `<s> passage </s></s> sentence </s>`, at most LONGEST, the label, and where it comes from."""

    ids: NDArray[np.int32]
    label: int
    split: Split
    source: str
    passage: str
    sentence: str


def pairs(folder: Path, tokenizer: UnigramTokenizer, *, limit: int | None = None) -> list[Pair]:
    """All pairs of all splits; at most `limit` for training, drawn by chance."""
    maker = _Maker(tokenizer)
    drawn = np.random.default_rng(_SEED)
    found = [maker.pair(row) for row in _kept(list(_rows(folder)), drawn)]
    found += [maker.made(*made) for made in _made(found, drawn)]
    train = [one for one in found if one.split == "train"]
    if limit is not None and len(train) > limit:
        chosen = sorted(drawn.choice(len(train), limit, replace=False))
        train = [train[index] for index in chosen]
    return [*train, *(one for one in found if one.split != "train")]


def nearest(passage: str, sentence: str, fits: Any) -> str:
    """The sentences of a passage that share most words with a sentence, in their order, while they fit."""
    parts = [part for part in _SENTENCE_END.split(passage) if part.strip()]
    wanted = Counter(word.lower() for word in _WORD.findall(sentence))
    scores = [_overlap(part, wanted) for part in parts]
    chosen: list[int] = []
    for index in sorted(range(len(parts)), key=lambda place: -scores[place]):
        trial = sorted([*chosen, index])
        if chosen and not fits(" ".join(parts[place] for place in trial)):
            break
        chosen = trial
    return " ".join(parts[place] for place in chosen)


def _overlap(part: str, wanted: Counter[str]) -> float:
    words = Counter(word.lower() for word in _WORD.findall(part))
    return sum((words & wanted).values()) / (1 + len(words)) ** 0.5


class _Maker:
    """Rows to pairs."""

    def __init__(self, tokenizer: UnigramTokenizer) -> None:
        self._tokenizer = tokenizer

    def pair(self, row: dict[str, Any]) -> Pair:
        """The pair of a labelled row. An answer is read with its question."""
        sentence = str(row["response"]).strip()
        if row.get("task") == "qa":
            sentence = f"{row['question']} {sentence}"
        label = SUPPORTED if row["label"] == 0 else NOT_SUPPORTED
        if row["label"] and row["source"] in _CONTRADICTING:
            label = CONTRADICTED
        context = row["context"]
        if row["source"] == "uhgeval":
            context = f"{context}\n{row['meta'].get('reference', '')}"
        return self.made(context, sentence, label, _split(row), row["source"])

    def made(self, context: str, sentence: str, label: int, split: Split, source: str) -> Pair:
        """A pair of any passage and sentence."""
        second = self._tokenizer.encode(sentence)[1:]
        if len(second) > _SENTENCE_TOKENS:
            second = [*second[: _SENTENCE_TOKENS - 1], self._tokenizer.eos_id]
        room = LONGEST - len(second) - _MARKS

        def fits(text: str) -> bool:
            return len(self._tokenizer.encode(text)) <= room

        passage = nearest(context, sentence, fits)
        first = self._tokenizer.encode(passage)
        if len(first) > room + 2:
            first = [*first[: room + 1], self._tokenizer.eos_id]
        ids = np.array([*first, self._tokenizer.eos_id, *second], np.int32)
        return Pair(ids, label, split, source, passage, sentence)


def _made(found: Sequence[Pair], drawn: np.random.Generator) -> Iterator[tuple[str, str, int, Split, str]]:
    """Sentences of contexts as they are, altered, and set beside another context."""
    known = [pair for pair in found if pair.split != "test" and pair.source != "begin_wow"]
    count = 0
    for index in drawn.permutation(len(known)):
        pair = known[index]
        parts = [part.strip() for part in _SENTENCE_END.split(pair.passage) if 20 <= len(part.strip()) <= 200]
        if not parts:
            continue
        sentence = parts[int(drawn.integers(len(parts)))]
        other = known[int(drawn.integers(len(known)))].passage
        yield pair.passage, sentence, SUPPORTED, pair.split, "made"
        altered = _altered(sentence, drawn)
        if altered is not None:
            yield pair.passage, altered, CONTRADICTED, pair.split, "made"
        if sentence not in other and count % 2 == 0:
            yield other, sentence, UNSUPPORTED, pair.split, "made"
        count += 1
        if count * 2 >= _MADE:
            return


def _altered(sentence: str, drawn: np.random.Generator) -> str | None:
    """The sentence with another number, or with a negation; None where it has neither number nor verb."""
    numbers = list(_NUMBER.finditer(sentence))
    if numbers and drawn.random() < 0.6:
        chosen = numbers[int(drawn.integers(len(numbers)))]
        value = int(chosen[0][:12])
        other = max(0, value + int(drawn.integers(1, 10)) * (1 if drawn.random() < 0.5 else -1))
        if other == value:
            other += 3
        return sentence[: chosen.start()] + str(other) + sentence[chosen.end() :]
    verb = _VERB.search(sentence)
    if verb is not None:
        return f"{sentence[: verb.end()]} not{sentence[verb.end() :]}"
    verb = _ZH_VERB.search(sentence)
    if verb is not None and sentence[verb.start() - 1 : verb.start()] != "不":
        negation = "没" if verb[0] == "有" else "不"
        return sentence[: verb.start()] + negation + sentence[verb.start() :]
    return None


def _kept(rows: list[dict[str, Any]], drawn: np.random.Generator) -> Iterator[dict[str, Any]]:
    """All rows of the test, and no more of a source for training than its cap."""
    seen: Counter[str] = Counter()
    for index in drawn.permutation(len(rows)):
        row = rows[index]
        if row["label"] is None:
            continue
        if row["split"] != "test":
            if row["source"] == "halueval_qa" and not (row["meta"] or {}).get("length_matched"):
                continue
            seen[row["source"]] += 1
            if seen[row["source"]] > _CAPS.get(row["source"], 1 << 30):
                continue
        yield row


def _split(row: dict[str, Any]) -> Split:
    if row["split"] == "test":
        return "test"
    drawn = int.from_bytes(hashlib.sha256(f"validation {row['context']}".encode()).digest()[:4], "big")
    return "validation" if drawn % _VALIDATION_SHARE == 0 else "train"


def _rows(folder: Path) -> Iterator[dict[str, Any]]:
    for name in ("grounded.jsonl.gz", "grounded_more.jsonl.gz"):
        with gzip.open(folder / name, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)
