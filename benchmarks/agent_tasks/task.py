"""What a task is, and which half of a set it is in. Knows no set and no agent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from prudent_agents.tool import Tool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an agent ended with. `declined`: it asked or said that it cannot, in a form of its own."""

    answer: str
    declined: bool = False


@dataclass
class World:
    """One task's own copy of a backend: `state` is what tools read and change."""

    tools: list[Tool]
    state: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Task:
    """`world` makes a fresh backend; `check` says of an outcome and the state it left whether it is right."""

    id: str
    goal: str
    world: Callable[[], World]
    check: Callable[[Outcome, World], bool]
    kind: str = "plain"
    language: str = "en"
    instructions: str = ""


def rank(name: str) -> str:
    """The place of a name in an order that nobody chose."""
    return sha256(name.encode()).hexdigest()


def half(tasks: Sequence[Task], which: str, tuning: int) -> list[Task]:
    """`tune`: the first `tuning` tasks by hash; `test`: the others, which nobody tunes on."""
    ordered = sorted(tasks, key=lambda task: rank(task.id))
    return ordered[:tuning] if which == "tune" else ordered[tuning:]
