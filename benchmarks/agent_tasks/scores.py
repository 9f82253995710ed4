"""Success, pass^k, tokens, seconds and calls of attempts. Knows no agent and no task."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any


def table(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The score of each contestant in each set, under `set/contestant`."""
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[f"{row['set']}/{row['contestant']}"].append(row)
    return {name: _score(ones) for name, ones in sorted(groups.items())}


def by_kind(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Successes of attempts of each contestant, by kind of task and by language."""
    found: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        for group in (row["kind"], row["language"]):
            found[row["contestant"]][group].append(row["success"])
    return {
        name: {group: f"{sum(ones)}/{len(ones)}" for group, ones in sorted(groups.items())}
        for name, groups in found.items()
    }


def _score(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    tasks: dict[str, list[bool]] = defaultdict(list)
    for row in rows:
        tasks[row["task"]].append(row["success"])
    return {
        "tasks": len(tasks),
        "success": _mean(row["success"] for row in rows),
        "pass^k": _mean(all(ones) for ones in tasks.values()),
        "k": max(map(len, tasks.values())),
        "prompt_tokens": _mean(row["prompt_tokens"] for row in rows),
        "completion_tokens": _mean(row["completion_tokens"] for row in rows),
        "requests": _mean(row["requests"] for row in rows),
        "calls": _mean(len(row["calls"]) for row in rows),
        "seconds": _mean(row["seconds"] for row in rows),
        "raised": sum(row["error"] is not None for row in rows),
    }


def _mean(values: Iterable[float]) -> float:
    every = list(values)
    return round(sum(every) / len(every), 3) if every else 0.0
