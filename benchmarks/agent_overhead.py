"""What an agent's loop itself takes: milliseconds a step without a model, and many runs in one process.

    python benchmarks/agent_overhead.py [--steps 50] [--rounds 5] [--runs 100] [--keep]

A fixed plan of steps, each of which adds one to the result of the one before, so that arguments, labels,
rules, intents, results and the journal all take part and no model does. `memory` keeps runs in memory,
`journal` in SQLite on the disk, every intent written through before its call. `writes` are steps of a tool
with effects. The checks are out of it: numbers are not checked. `concurrent` are whole runs of ten steps
side by side in one event loop; `floor` is SQLite alone committing as many rows, each by itself, synchronous.
`undisked` is `journal` on a file system in memory, where waiting for the disk takes no time: what is left is
the loop's own, and `journal` less it is the disk's. Asked for: less than 5 ms a step of the loop itself, and
100 concurrent runs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from machine import keep

from prudent_agents import Agent
from prudent_agents.function_tool import tool_of
from prudent_agents.journal import SqliteJournal
from prudent_agents.plan import Given, Plan, Ref, Step
from prudent_agents.running.recording import Journal, MemoryJournal
from prudent_agents.tool import Effect

_STEPS_OF_CONCURRENT = 10
_IN_MEMORY = Path("/dev/shm")
"""Linux's file system in memory; a folder of our own is made in it."""


def chain(tool: str, steps: int) -> Plan:
    """A plan in which each step needs the one before."""
    made = [Step(id="step1", tool=tool, arguments={"number": Given(value=0)})]
    for at in range(2, steps + 1):
        made.append(Step(id=f"step{at}", tool=tool, arguments={"number": Ref(step=f"step{at - 1}")}))
    return Plan(goal="Count.", steps=tuple(made))


def agent_with(journal: Journal) -> Agent:
    """An agent with one tool that reads and one that writes."""

    async def add_one(number: int) -> int:
        """Add one to a number."""
        return number + 1

    reads = tool_of(add_one, trusted=True)
    writes = tool_of(add_one, name="write_one", effect=Effect.WRITE, trusted=True)
    return Agent(tools=[reads, writes], journal=journal)


async def a_step(agent: Agent, plan: Plan) -> float:
    """Milliseconds a step of one run. Raises RuntimeError: the run did not reach its end."""
    began = time.perf_counter()
    run = await agent.execute_async(plan)
    spent = time.perf_counter() - began
    if run.status != "done" or run.output != len(plan.steps):
        raise RuntimeError(f"The run is {run.status}: {run.error}.")
    return 1000 * spent / len(plan.steps)


async def alone(journal: Journal, tool: str, steps: int, rounds: int) -> list[float]:
    """Milliseconds a step in each of some runs, one after the other; the first is not counted."""
    agent, plan = agent_with(journal), chain(tool, steps)
    return [await a_step(agent, plan) for _ in range(rounds + 1)][1:]


async def together(journal: Journal, runs: int) -> dict[str, float]:
    """Whole runs side by side in one event loop."""
    agent, plan = agent_with(journal), chain("add_one", _STEPS_OF_CONCURRENT)
    began = time.perf_counter()
    await asyncio.gather(*(a_step(agent, plan) for _ in range(runs)))
    spent = time.perf_counter() - began
    steps = runs * _STEPS_OF_CONCURRENT
    return {"runs": runs, "seconds": round(spent, 2), "ms_a_step": round(1000 * spent / steps, 2)}


def floor(folder: Path, commits: int) -> float:
    """Milliseconds a commit of one small row takes by itself: what a durable intent cannot go below."""
    connection = sqlite3.connect(folder / "floor.db")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE rows (text TEXT)")
    began = time.perf_counter()
    for _ in range(commits):
        with connection:
            connection.execute("INSERT INTO rows VALUES (?)", ("x" * 300,))
    spent = time.perf_counter() - began
    connection.close()
    return 1000 * spent / commits


def main() -> None:
    """Run every case and print it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    results: dict[str, Any] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        journals: dict[str, Callable[[], Journal]] = {
            "memory": MemoryJournal,
            "journal": lambda: SqliteJournal(folder / "runs.db"),
        }
        if _IN_MEMORY.is_dir():
            undisked = stack.enter_context(tempfile.TemporaryDirectory(dir=_IN_MEMORY))
            journals["undisked"] = lambda: SqliteJournal(Path(undisked) / "runs.db")
        for kind, made in journals.items():
            for tool in ("add_one", "write_one"):
                times = asyncio.run(alone(made(), tool, options.steps, options.rounds))
                name = f"{kind}/{'reads' if tool == 'add_one' else 'writes'}"
                results[name] = {
                    "ms_a_step": round(statistics.median(times), 3),
                    "worst": round(max(times), 3),
                }
            results[f"{kind}/concurrent"] = asyncio.run(together(made(), options.runs))
        results["floor"] = {"ms_a_commit": round(floor(folder, options.steps), 3)}
    print(json.dumps(results, indent=1))
    if options.keep:
        print(keep("agent_overhead", vars(options), results).name)


if __name__ == "__main__":
    main()
