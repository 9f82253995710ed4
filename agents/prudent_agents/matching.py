"""Whether a value is what was expected of it: a literal, or what a matcher says. Knows no run."""

from __future__ import annotations

from typing import Any, cast

from prudent_agents.values import JSON, digest

_NEAR = 1e-6


def mismatch(value: JSON, wanted: Any) -> str | None:
    """How a value differs from what is expected, a literal or what a matcher says; None: it does not."""
    if not isinstance(wanted, dict):
        return None if _same(value, wanted) else f"not {digest(wanted, characters=160)}"
    for word, against in cast("dict[str, Any]", wanted).items():
        if not _holds(word, value, against):
            return f"not {word} {digest(against, characters=160)}"
    return None


def _holds(word: str, value: JSON, against: Any) -> bool:
    match word:
        case "contains":
            wanted = cast("list[Any]", against) if isinstance(against, list) else [against]
            if isinstance(value, list):
                return all(any(_same(one, item) for one in cast("list[Any]", value)) for item in wanted)
            return all(str(item).casefold() in str(value).casefold() for item in wanted)
        case "at least" | "at most":
            if isinstance(value, bool) or not isinstance(value, int | float):
                return False
            return value >= against if word == "at least" else value <= against
        case "one of":
            return any(_same(value, one) for one in against)
        case "not":
            return mismatch(value, against) is not None
        case _:
            return False


def _same(value: JSON, wanted: JSON) -> bool:
    """Numbers are the same where they are as good as equal, texts without regard to case and spaces."""
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    if isinstance(value, int | float) and isinstance(wanted, int | float):
        return abs(value - wanted) <= _NEAR * max(1.0, abs(wanted))
    if isinstance(value, str) and isinstance(wanted, str):
        return " ".join(value.casefold().split()) == " ".join(wanted.casefold().split())
    return value == wanted
