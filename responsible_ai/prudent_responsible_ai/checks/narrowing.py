"""Of a stretch that a finding is about, the sentences without which the rest passes. Knows no check.

What is taken out of a document is then the order and not the letter around it. The rest is scored before it
is let through, so nothing passes that would not have passed by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from prudent_responsible_ai.sentences import sentences

Stretch = tuple[int, int]
"""Characters [start, end) of a text."""


def narrowed(
    text: str, whole: Stretch, suspects: Sequence[Stretch], passes: Callable[[str], bool]
) -> list[Stretch] | None:
    """The sentences of a stretch that hold a suspect, where the others pass without them.

    None where all sentences hold one, where none does, or where the rest does not pass: it then stands
    as it is. `passes` is asked once.
    """
    start, end = whole
    each = [(start + first, start + last) for first, last in sentences(text[start:end])]
    kept = [one for one in each if not any(_overlap(one, suspect) for suspect in suspects)]
    rest = "".join(text[first:last] for first, last in kept)
    if len(kept) == len(each) or not rest.strip() or not passes(rest):
        return None
    found: list[Stretch] = []
    for one in each:
        if one in kept:
            continue
        if found and found[-1][1] == one[0]:
            found[-1] = found[-1][0], one[1]
        else:
            found.append(one)
    return found


def _overlap(one: Stretch, other: Stretch) -> bool:
    return one[0] < other[1] and other[0] < one[1]
