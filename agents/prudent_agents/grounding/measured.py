"""The one number in what was read that a text speaks of, by the names of fields. Knows no step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import cast

from prudent_agents.values import JSON

_WORD = re.compile(r"[^\W\d_\u3400-\u9fff]{3,}")
_COMMON = re.compile(
    r"the|and|are|was|were|has|have|had|does|did|will|would|can|its|that|this|there|they|them|then|than|not"
    r"|for|from|with|any|all|still|already|yet|now|today"
)
"""Words that tell nothing."""


def measured(data: JSON, about: AbstractSet[str]) -> float | None:
    """The only number in the data, or the only one whose field has a word of these; None: it is not clear."""
    values = {(key, float(one)) for key, one in leaves(data) if is_number(one)}
    meant = values if len(values) == 1 else {one for one in values if alike(words(one[0]), about)}
    return next(iter(meant))[1] if len(meant) == 1 else None


def leaves(data: JSON, key: str = "") -> Iterator[tuple[str, JSON]]:
    """Every value that holds no others, with the name of its field."""
    if isinstance(data, dict):
        for name, one in cast("dict[str, JSON]", data).items():
            yield from leaves(one, name)
    elif isinstance(data, list):
        for one in cast("list[JSON]", data):
            yield from leaves(one, key)
    else:
        yield key, data


def is_number(value: JSON) -> bool:
    """Whether a value counts or measures something."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def words(text: str) -> set[str]:
    """The words that tell something, in small letters."""
    return {word for word in _WORD.findall(text.replace("_", " ").casefold()) if not _COMMON.fullmatch(word)}


def alike(some: AbstractSet[str], others: AbstractSet[str]) -> bool:
    """Whether a word begins as one of the others does: `rain`, `rains`, `rainy`."""
    return any(one.startswith(other) or other.startswith(one) for one in some for other in others)
