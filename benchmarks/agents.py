"""Agents on multi-step tasks: prudent's, pydantic-ai, openai-agents and smolagents on the same local server.

    python benchmarks/agents.py [--models qwen2.5-coder-0.5b-instruct] [--half tune|test]
        [--sets own,gsm8k,wtq,hotpotqa,dojo,tau2] [--first N] [--every N] [--tasks N] [--data FOLDER]
        [--contestants prudent,pydantic-ai,...] [--seeds 3] [--temperature 0] [--minutes M]
        [--task-seconds 300] [--server URL] [--together] [--verbose] [--keep]

`prudent serve` runs in a child process. Every task is done by every contestant, one after the other, before
the next one begins, with the same tools, instructions and limits; who begins changes from task to task.
With --together the contestants do one task at the same time, which the server batches: sooner done, but then
the seconds are those of a server that all share.
A task is a success when its checker says so of the answer and of the state that the tools left behind.
pass^k is the share of tasks that succeed with every one of k seeds; at temperature 0 seeds change nothing
and one is enough. Tokens are what the server charged for. --minutes ends after the task at hand.
FOLDER (for sets other than `own`) has gsm8k/, wikitablequestions/, hotpotqa/, agentdojo/ and tau2/.
--first and --every take every N-th task of the half, before --tasks cuts off the rest. Contestants named
`prudent:RUNG` are prudent's agent on another rung of its ladder: see agent_tasks/with_prudent.py.
`tune` is what prompts were made on; figures to report are of `test`, which nobody tuned on.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agent_tasks.contestant import Contestant, Setting, Traffic
from agent_tasks.datasets import DATASETS
from agent_tasks.dojo_tasks import dojo
from agent_tasks.own import TUNING, own_tasks
from agent_tasks.scores import by_kind, table
from agent_tasks.serving import served
from agent_tasks.task import Task, half
from agent_tasks.tau2 import tau2
from machine import keep

SETS = {**DATASETS, "dojo": dojo, "tau2": tau2}


def contestants(names: Sequence[str]) -> dict[str, Contestant]:
    """The contestants asked for; only their packages are imported."""
    found: dict[str, Contestant] = {}
    for name in names:
        if name.split(":")[0] == "prudent":
            from agent_tasks.with_prudent import with_prudent

            one = with_prudent(name.removeprefix("prudent").removeprefix(":"))
        elif name == "pydantic-ai":
            from agent_tasks.with_pydantic_ai import with_pydantic_ai as one
        elif name == "openai-agents":
            from agent_tasks.with_openai_agents import with_openai_agents as one
        elif name == "smolagents":
            from agent_tasks.with_smolagents import with_smolagents as one
        else:
            raise SystemExit(f"There is no contestant {name}.")
        found[name] = one
    return found


async def attempt(
    contestant: Contestant, task: Task, setting: Setting, most_seconds: float
) -> dict[str, Any]:
    """One contestant's one attempt at a task. Whatever it raises is a failure of it."""
    world = task.world()
    setting.tools.extend(world.tools)
    started, answer, error, success = time.perf_counter(), "", None, False
    try:
        async with asyncio.timeout(most_seconds):
            outcome = await contestant(task, setting)
        answer, success = outcome.answer, task.check(outcome, world)
    except Exception as raised:  # noqa: BLE001 - a framework that gives up has not done the task
        error = f"{type(raised).__name__}: {raised}"[:300]
    return {
        "success": success,
        "seconds": round(time.perf_counter() - started, 2),
        "requests": setting.traffic.requests,
        "prompt_tokens": setting.traffic.prompt_tokens,
        "completion_tokens": setting.traffic.completion_tokens,
        "calls": list(setting.calls),
        "answer": answer[:600],
        "error": error or (setting.traffic.failures or [None])[0],
    }


async def measured(
    url: str, model: str, tasks: dict[str, list[Task]], entrants: dict[str, Contestant], options: Any
) -> list[dict[str, Any]]:
    """Every attempt at every task, in the order of the runs."""
    rows: list[dict[str, Any]] = []
    until = time.monotonic() + options.minutes * 60
    longest = max(map(len, tasks.values()))
    interleaved = [
        (name, ones[at]) for at in range(longest) for name, ones in tasks.items() if at < len(ones)
    ]
    for at, (name, task) in enumerate(interleaved):
        if time.monotonic() > until:
            break
        turn = at % len(entrants)
        order = [*list(entrants)[turn:], *list(entrants)[:turn]]
        for seed in range(options.seeds):
            gate = asyncio.Semaphore(len(order) if options.together else 1)
            made = await asyncio.gather(
                *(one(url, model, name, task, seed, entrant, entrants, options, gate) for entrant in order)
            )
            rows.extend(made)
    return rows


async def one(
    url: str,
    model: str,
    of_set: str,
    task: Task,
    seed: int,
    entrant: str,
    entrants: dict[str, Contestant],
    options: Any,
    gate: asyncio.Semaphore,
) -> dict[str, Any]:
    """One attempt as a row of the results."""
    setting = Setting(url, model, seed, options.temperature, [], Traffic(), [])
    async with gate:
        made = await attempt(entrants[entrant], task, setting, options.task_seconds)
    row = {
        "set": of_set,
        "task": task.id,
        "kind": task.kind,
        "language": task.language,
        "contestant": entrant,
        "seed": seed,
    } | made
    if options.verbose:
        print(json.dumps(row | {"goal": task.goal}, ensure_ascii=False), flush=True)
    return row


def read_tasks(options: Any) -> dict[str, list[Task]]:
    """The tasks of each set, in the order of their hashes."""
    found: dict[str, list[Task]] = {}
    for name in options.sets.split(","):
        every = own_tasks() if name == "own" else SETS[name](options.data)
        found[name] = half(every, options.half, TUNING)[options.first :: options.every][: options.tasks]
    return found


def _own_words(row: dict[str, Any]) -> dict[str, Any]:
    """A row as it is kept: of data that are not ours, nothing but which tools were called."""
    if row["set"] == "own":
        return row
    return row | {"calls": [name for name, _ in row["calls"]], "answer": f"{len(row['answer'])} characters"}


def arguments() -> Any:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--models", default="qwen2.5-coder-0.5b-instruct")
    parser.add_argument("--sets", default="own")
    parser.add_argument("--half", default="test", choices=["tune", "test"])
    parser.add_argument("--tasks", type=int, default=40)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--contestants", default="prudent,pydantic-ai,openai-agents,smolagents")
    parser.add_argument("--temperature", type=float, default=0.0)
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--server", default=None)
    parser.add_argument("--together", action="store_true")
    parser.add_argument("--task-seconds", type=float, default=300.0)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--keep", action="store_true")
    return parser.parse_args()


def main() -> None:
    """Run what was asked for and print a table for each model."""
    options = arguments()
    logging.disable(logging.WARNING)
    entrants = contestants(options.contestants.split(","))
    tasks = read_tasks(options)
    results: dict[str, Any] = {}
    for model in options.models.split(","):
        with served(model, options.server) as url:
            rows = asyncio.run(measured(url, model, tasks, entrants, options))
        attempts = [_own_words(row) for row in rows]
        results[model] = {"scores": table(rows), "kinds": by_kind(rows), "attempts": attempts}
        print(
            f"\n{model} · {options.half} half · temperature {options.temperature:g} · {options.seeds} seeds"
        )
        print(json.dumps(results[model]["scores"], indent=1))
        print(json.dumps(results[model]["kinds"]))
    if options.keep:
        settings = {key: value for key, value in vars(options).items() if key not in ("data", "server")}
        print(keep("agents", settings, results).name)


if __name__ == "__main__":
    main()
