"""Harmless texts of several sentences, made of labelled rows; some with a harmful or attacking row in them.

Labelled texts are mostly short, so that length itself would be learnt as a sign. A text is made of rows of
one split and one language, at random, and is short enough for one window. It knows no model.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from rows import Row, Split

from prudent_responsible_ai.text_encoder import ATTACKS, HARMS, LABELS

SOURCES = ("authored_prose", "authored_prose_mixed", "authored_prose_cut")
HARMLESS = {"en": 2_600, "zh": 1_000, "fr": 150, "de": 150, "es": 150}
"""Harmless texts of each language for training."""
_MIXED_SHARE = 0.35
"""So many for each of them have a row in them that is not harmless."""
_CUT_SHARE = 0.3
"""So many for each of them are a few words of such a text: a window or a stream may end anywhere."""
_CUT_WORDS, _CUT_CHARACTERS = (2, 24), (3, 40)
_VALIDATION_SHARE = 0.2
_CHARACTERS = {"zh": 150}
_MOST_CHARACTERS = 440
"""What fits a window of 128 tokens."""
_LONGEST_PART = 0.6
"""Share of that which one row may take."""
_SHORTEST_PART = 4
_SEPARATORS = (" ", " ", "\n", "\n\n")
_ENDS = ".!?。！？…:;\"'”"
_UNUSED = frozenset({"davidson_tweets", "realtoxicityprompts", "convabuse", "cold", "openai_moderation"})
"""Sources whose harmless rows are too often rude to call harmless what holds several of them."""
_Pools = Mapping[tuple[str, Split], Sequence[Row]]


def rows(seed: int, labelled: Sequence[Row]) -> list[Row]:
    """All rows, for train and validation; the same for the same seed and labelled rows."""
    drawn = np.random.default_rng(seed)
    harmless = _pools([row for row in labelled if _is_harmless(row)])
    harmful = _pools([row for row in labelled if _is_wrong(row)])
    found: dict[str, Row] = {}
    for language, count in HARMLESS.items():
        for split, many in (("train", count), ("validation", int(count * _VALIDATION_SHARE))):
            for row in _made(harmless, harmful, (language, split), many, drawn):
                found.setdefault(row.text, row)
    return list(found.values())


def _made(
    harmless: _Pools, harmful: _Pools, of: tuple[str, Split], count: int, drawn: np.random.Generator
) -> Iterator[Row]:
    if not harmless.get(of):
        return
    for _ in range(count):
        yield _row(_joined(_parts(harmless[of], of[0], drawn), of[0], drawn), _nothing(), of, SOURCES[0])
    for _ in range(int(count * _CUT_SHARE)):
        whole = _joined(_parts(harmless[of], of[0], drawn), of[0], drawn)
        yield _row(_cut(whole, of[0], drawn), _nothing(), of, SOURCES[2])
    for _ in range(int(count * _MIXED_SHARE) if harmful.get(of) else 0):
        wrong = harmful[of][int(drawn.integers(len(harmful[of])))]
        parts = _parts(harmless[of], of[0], drawn, len(wrong.text))
        parts.insert(int(drawn.integers(len(parts) + 1)), wrong.text.strip())
        yield _row(_joined(parts, of[0], drawn), wrong.labels.copy(), of, SOURCES[1])


def _parts(pool: Sequence[Row], language: str, drawn: np.random.Generator, taken: int = 0) -> list[str]:
    """Texts of rows until a length that is drawn is full; one at least, two where nothing else is added."""
    room = _CHARACTERS.get(language, _MOST_CHARACTERS) * float(drawn.uniform(0.3, 1.0)) - taken
    parts: list[str] = []
    fewest = 1 if taken else 2
    while room > 0 or len(parts) < fewest:
        part = pool[int(drawn.integers(len(pool)))].text.strip()
        if len(parts) >= fewest and len(part) > room:
            break
        parts.append(part)
        room -= len(part)
    return parts


def _joined(parts: Sequence[str], language: str, drawn: np.random.Generator) -> str:
    mark = "。" if language == "zh" else "."
    between = _SEPARATORS[int(drawn.integers(len(_SEPARATORS)))]
    closed = [part if part[-1] in _ENDS else part + mark for part in parts]
    return ("" if language == "zh" and between == " " else between).join(closed)


def _cut(text: str, of: str, drawn: np.random.Generator) -> str:
    """Some words of a text, or characters of a Chinese one, from anywhere in it."""
    between, (fewest, most) = ("", _CUT_CHARACTERS) if of == "zh" else (" ", _CUT_WORDS)
    pieces = list(text) if of == "zh" else text.split()
    count = int(drawn.integers(fewest, most))
    start = int(drawn.integers(max(1, len(pieces) - count + 1)))
    return between.join(pieces[start : start + count]).strip() or text


def _pools(some: Sequence[Row]) -> _Pools:
    found: dict[tuple[str, Split], list[Row]] = defaultdict(list)
    for row in some:
        longest = _LONGEST_PART * _CHARACTERS.get(row.language, _MOST_CHARACTERS)
        if row.split != "test" and _SHORTEST_PART <= len(row.text.strip()) <= longest:
            found[row.language, row.split].append(row)
    return found


def _is_harmless(row: Row) -> bool:
    """Nothing is wrong with the row: of a user's text no attack, of others no harm."""
    if row.source in _UNUSED or (row.labels == 1).any():
        return False
    judged = row.labels[[LABELS.index("unsafe"), LABELS.index("attack")]]
    return bool((judged == 0).any())


def _is_wrong(row: Row) -> bool:
    """A harm, or an attack of a user."""
    wrong = (*HARMS, "direct", "jailbreak")
    return any(row.labels[LABELS.index(name)] == 1 for name in wrong) and row.injected is None


def _nothing() -> NDArray[np.float32]:
    labels = np.zeros(len(LABELS), np.float32)
    # Some of the rows are requests, which a document is not to make.
    labels[LABELS.index(ATTACKS[-1])] = np.nan
    return labels


def _row(text: str, labels: NDArray[np.float32], of: tuple[str, Split], source: str) -> Row:
    labels[LABELS.index(ATTACKS[-1])] = np.nan
    key = hashlib.sha256(text.encode()).hexdigest()[:12]
    attack = labels[LABELS.index("attack")]
    kind = "mixed" if source == SOURCES[1] else "benign"
    kind = _kind(labels) if attack == 1 else kind
    return Row(f"{source}-{key}", text, labels, source, of[0], of[1], kind, None, {"group": key})


def _kind(labels: NDArray[np.float32]) -> str:
    return "direct" if labels[LABELS.index("direct")] == 1 else "jailbreak"
