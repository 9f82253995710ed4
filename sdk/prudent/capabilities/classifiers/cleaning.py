"""Which examples can be learned from: empty, repeated and contradicting ones are left out, and counted.

Knows no vectors. An example is known by its place in what was given.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from prudent.errors import InvalidRequestError

LEAST_CLASSES = 2
LEAST_EXAMPLES = 5
"""Distinct examples a class needs: one for each fold of the cross-validation."""

FEW_EXAMPLES = 20
"""Below this many the figures of a class say little, and the card says so."""

_SHOWN = 6


@dataclass(frozen=True, slots=True)
class RawExample:
    """What was given: `content` is the text, or the bytes of an image; `place` is where it came from."""

    content: str | bytes
    label: str
    group: str | None
    place: int


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What is left, and what was left out.

    `duplicates` (kept) has a number for each example: the same for texts that differ only in case,
    punctuation and white space. `skipped` has the places by reason.
    """

    kept: list[RawExample]
    duplicates: list[int]
    labels: list[str]
    skipped: dict[str, list[int]] = field(default_factory=dict[str, list[int]])


def clean(examples: Sequence[RawExample], *, drop_rare: bool = False) -> Cleaned:
    """Sort out the examples; labels come out sorted.

    With `drop_rare` classes with too few examples are left out; else they are an error.

    Raises:
        InvalidRequestError: fewer than two classes, or a class with too few distinct examples, is left.
    """
    skipped: dict[str, list[int]] = defaultdict(list)
    by_key: dict[str, list[RawExample]] = defaultdict(list)
    for example in examples:
        if not example.content or (isinstance(example.content, str) and not example.content.strip()):
            skipped["empty"].append(example.place)
        elif not example.label.strip():
            skipped["no_label"].append(example.place)
        else:
            by_key[comparison_key(example.content)].append(example)
    kept: list[RawExample] = []
    keys: list[str] = []
    for key, alike in by_key.items():
        if len({example.label.strip() for example in alike}) > 1:
            skipped["conflicting"] += [example.place for example in alike]
            continue
        seen: set[str | bytes] = set()
        for example in alike:
            content = example.content.strip()
            if content in seen:
                skipped["duplicate"].append(example.place)
                continue
            seen.add(content)
            kept.append(RawExample(content, example.label.strip(), example.group, example.place))
            keys.append(key)
    distinct: dict[str, set[str]] = defaultdict(set)
    for example, key in zip(kept, keys, strict=True):
        distinct[example.label].add(key)
    rare = {label for label, of_label in distinct.items() if len(of_label) < LEAST_EXAMPLES}
    if drop_rare and rare:
        skipped["rare_class"] = [example.place for example in kept if example.label in rare]
        pairs = [(e, k) for e, k in zip(kept, keys, strict=True) if e.label not in rare]
        kept, keys = [e for e, _ in pairs], [k for _, k in pairs]
        distinct = {label: of_label for label, of_label in distinct.items() if label not in rare}
        rare = set[str]()
    _require_enough(distinct, rare)
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    order = sorted(range(len(kept)), key=lambda at: kept[at].place)
    return Cleaned(
        [kept[at] for at in order],
        [numbers[keys[at]] for at in order],
        sorted(distinct),
        {reason: sorted(places) for reason, places in skipped.items()},
    )


def comparison_key(content: str | bytes) -> str:
    """The same for contents that are one for a reader: letters and digits of a text, an image's bytes."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    folded = unicodedata.normalize("NFKC", content).casefold()
    return "".join(letter for letter in folded if letter.isalnum()) or folded.strip()


def _require_enough(distinct: dict[str, set[str]], rare: set[str]) -> None:
    if len(distinct) < LEAST_CLASSES:
        only = f" ({next(iter(distinct))!r:.60})" if distinct else ""
        raise InvalidRequestError(
            f"{len(distinct)} class{'' if len(distinct) == 1 else 'es'} with usable examples{only}; "
            f"a classifier needs at least {LEAST_CLASSES}.",
            hint="Check that the label column is the right one, and that rows have a text and a label.",
            param="examples",
        )
    if rare:
        shown = ", ".join(f"{label!r:.60} has {len(distinct[label])}" for label in sorted(rare)[:_SHOWN])
        more = f" and {len(rare) - _SHOWN} more" if len(rare) > _SHOWN else ""
        raise InvalidRequestError(
            f"Too few examples: {shown}{more}; each class needs at least {LEAST_EXAMPLES} distinct ones.",
            hint="Add examples, join the class with another, or leave such classes out (drop_rare).",
            param="examples",
            details={"classes": {label: len(distinct[label]) for label in sorted(rare)}},
        )
