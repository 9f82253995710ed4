"""An assistant in the terminal with a calculator, a clock and one folder: `terminal_assistant.py NOTES`.

It reads by itself; before it writes a file it shows the call and asks. Ctrl-D ends it.
"""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from prudent_agents import Agent
from prudent_agents.events import ApprovalAsked
from prudent_agents.tools import built_in

NAMES = ("files.list", "files.read", "files.write")


def assistant(folder: Path) -> Agent:
    """The agent. A write always asks, whatever a file that it read may say."""
    tools = [built_in("calculator"), built_in("clock.now")]
    tools += [built_in(name, root=folder) for name in NAMES]
    return Agent(tools=tools, rules=["ask: files.write"], name="terminal")


def person(read: Callable[[str], str]) -> Callable[[ApprovalAsked], bool]:
    """Asks the person at the terminal about a call; anything but a yes is a no."""

    def approve(asked: ApprovalAsked) -> bool:
        given = ", ".join(f"{name}={value.data!r}" for name, value in asked.arguments.items())
        print(f"{asked.tool}({given})\n  why you are asked: {asked.reason}")
        return read("Do it? [y/N] ").strip().lower() in ("y", "yes")

    return approve


def converse(agent: Agent, goals: Iterable[str], read: Callable[[str], str] = input) -> None:
    """One run for each line."""
    for goal in goals:
        if goal.strip():
            run = agent.run(goal.strip(), approve=person(read))
            print(run.output if run.status == "done" else f"[{run.status}] {run.error or ''}")


def lines() -> Iterable[str]:
    """What is typed, until Ctrl-D."""
    try:
        while True:
            yield input("> ")
    except EOFError:
        print()


if __name__ == "__main__":
    with assistant(Path(sys.argv[1] if len(sys.argv) > 1 else ".")) as made:
        converse(made, lines())
