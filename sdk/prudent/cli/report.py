"""Reports on stdout: headings, and names with values below each other. Measures nothing."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.text import Text

_PIPE_WIDTH = 1000
"""Columns allowed when nobody's screen has to hold them."""

_NAME_WIDTH = 14
_NARROWEST = 20


def stdout() -> Console:
    """The console of a report; into a pipe, nothing is folded or cut."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_PIPE_WIDTH)


def section(console: Console, title: str, facts: Sequence[tuple[str, str]]) -> None:
    """Print a heading and its names and values; a name that is empty goes on with the one above."""
    console.print(Text(title, style="bold"))
    indent = max(_NAME_WIDTH, *(len(name) for name, _ in facts)) + 4
    width = max(_NARROWEST, console.width - indent)
    for name, value in facts:
        first, *more = textwrap.wrap(value, width) or [""]
        console.print(Text(f"  {name.ljust(indent - 2)}{first}"), soft_wrap=True)
        for line in more:
            console.print(Text(" " * indent + line), soft_wrap=True)


def matrices(stored_as: Mapping[str, int]) -> str:
    """How a model's matrices are stored, in words."""
    return "; ".join(f"{how} ({count})" for how, count in stored_as.items()) or "unknown"
