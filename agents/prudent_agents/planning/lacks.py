"""What keeps a plan from being made: something that nobody said, or a condition that nobody can tell of."""

from __future__ import annotations

from prudent_agents.tool import Tool


class UnsaidError(Exception):
    """A call would write something that nobody said."""

    def __init__(self, tool: Tool, name: str) -> None:
        super().__init__(f"{tool.name}: {name}")
        self.tool = tool
        self.name = name


class UndecidedError(Exception):
    """Nobody knows whether a condition holds; the user is to be asked this question."""

    def __init__(self, question: str) -> None:
        super().__init__(question)
        self.question = question
