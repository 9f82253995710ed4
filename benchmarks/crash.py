"""Runs that are killed again and again: is a step lost, anything done twice, does every run come to its end?

    python benchmarks/crash.py [--runs 20] [--kills 200] [--rounds 6] [--seed 0] [--keep]

Every run is a fixed plan of rounds. A round reads a number, appends it to a ledger (a tool that writes and
can say afterwards whether it did), puts it into a file (idempotent), and sends it to a second ledger (a tool
that writes and cannot say). A process of its own works on the run until it is killed with SIGKILL after a
random time; the next one takes the run over. Where nobody knows whether a number was sent, the run waits, and
a person, here a look at the ledger by another process, says whether it may be sent again.

In the end each ledger must hold each number of each run exactly once, every step must be done (or refused by
that person, because it was), results must be those of a run that nobody killed, and the chain of the journal
must be unbroken. Effects are appended without a checkpoint of their own: the ledgers are the world outside.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from machine import keep

from prudent_agents import Agent, Effect, Tool, ToolContext, tool
from prudent_agents.events import Event, ToolFailed, ToolIntended
from prudent_agents.journal import SqliteJournal
from prudent_agents.plan import Given, Plan, Ref, Step
from prudent_agents.run import Run

ENDED, PAUSED = 0, 3
"""What a worker's exit code says."""
_AT_ONCE = 0.1
"""Share of kills that are timed from a process's start, so that some hit the taking over itself."""
_PATIENCE = 60.0
"""Seconds after which a worker that was not to be killed is taken to hang."""


@dataclass
class World:
    """Where things are, and what the tools do to it."""

    folder: Path

    @property
    def journal(self) -> Path:
        return self.folder / "agents.db"

    def lines(self, ledger: str) -> list[str]:
        file = self.folder / ledger
        return file.read_text().splitlines() if file.exists() else []

    def _append(self, ledger: str, line: str) -> None:
        handle = os.open(self.folder / ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(handle, f"{line}\n".encode())
        os.close(handle)

    def tools(self) -> list[Tool]:
        world = self

        @tool(trusted=True)
        def look(number: int) -> int:
            """Read a number."""
            return number * number

        def booked(key: str) -> bool:
            return any(line.endswith(key) for line in world.lines("booked"))

        @tool(effect=Effect.WRITE, trusted=True, verify=booked)
        def book(number: int, call: ToolContext) -> int:
            """Append a number to the ledger."""
            world._append("booked", f"{call.run} {call.step} {number} {call.idempotency_key}")
            return number

        @tool(effect=Effect.IDEMPOTENT, trusted=True)
        def put(number: int, call: ToolContext) -> int:
            """Put a number into a file of its own."""
            (world.folder / f"{call.run}.{call.step}").write_text(str(number))
            return number

        @tool(effect=Effect.WRITE, trusted=True)
        def send(number: int, call: ToolContext) -> int:
            """Send a number away."""
            world._append("sent", f"{call.run} {call.step} {number} {call.idempotency_key}")
            return number

        return [look, book, put, send]


def plan_of(goal: str, rounds: int) -> Plan:
    """Rounds of the four tools, each on what the round's reading gave."""
    steps: list[Step] = []
    for at in range(rounds):
        steps.append(Step(id=f"look{at}", tool="look", arguments={"number": Given(value=at)}))
        for name in ("book", "put", "send"):
            steps.append(Step(id=f"{name}{at}", tool=name, arguments={"number": Ref(step=f"look{at}")}))
    return Plan(goal=goal, steps=tuple(steps))


class Telling(SqliteJournal):
    """A journal that says when the first event is about to be kept."""

    def __init__(self, path: Path, begins: Callable[[], None]) -> None:
        super().__init__(path)
        self._begins: Callable[[], None] | None = begins

    def append(self, run: str, events: Sequence[Event]) -> None:
        """See `SqliteJournal.append`."""
        begins, self._begins = self._begins, None
        if begins is not None:
            begins()
        super().append(run, events)


def work(world: World, goal: str, rounds: int, begins: Callable[[], None]) -> int:
    """Begin the run of this goal, or take it over; returns an exit code."""
    journal = Telling(world.journal, begins)
    agent = Agent(tools=world.tools(), journal=journal)
    begun = next((one for one in journal.runs(1000) if one.goal == goal), None)
    if begun is not None and begun.status in ("done", "refused"):
        return ENDED  # the one before was killed after the end was kept
    run = agent.resume(begun.id) if begun is not None else agent.execute(plan_of(goal, rounds))
    return PAUSED if run.status == "paused" else ENDED


def decide(world: World) -> int:
    """Look at the ledger and say of every call that waits whether it may be made again."""
    journal = SqliteJournal(world.journal)
    for one in journal.waiting():
        happened = any(line.startswith(f"{one.run} {one.step} ") for line in world.lines("sent"))
        journal.decide(one.digest, approve=not happened, by="person")
    return ENDED


def forked(
    job: Callable[[Callable[[], None]], int], kill_after: float | None = None, *, at_once: bool = False
) -> tuple[int, float]:
    """A job in a process of its own: its exit code, and the seconds since it said that it begins.

    With `kill_after` it is killed so many seconds after that (`at_once`: after its start), with the code -9.
    """
    hears, says = os.pipe()
    child = os.fork()
    if child == 0:
        code = 70
        try:
            code = job(lambda: os.close(says))
        finally:
            os._exit(code)
    os.close(says)
    if not at_once:
        os.read(hears, 1)  # nothing comes: it ends when the child closes its side, or ends
    os.close(hears)
    began = time.monotonic()
    deadline = began + (_PATIENCE if kill_after is None else kill_after)
    while (now := time.monotonic()) < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status), now - began
        time.sleep(min(0.001, deadline - now))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if kill_after is None:
        raise TimeoutError("A worker did not come to its end.")
    return os.waitstatus_to_exitcode(status), time.monotonic() - began


@dataclass
class Outcome:
    """What came of all runs."""

    runs: int = 0
    kills: int = 0
    ended: int = 0
    states: Counter[str] = field(default_factory=Counter[str])
    steps: int = 0
    lost_steps: int = 0
    effects: int = 0
    lost_effects: int = 0
    duplicate_effects: int = 0
    wrong_results: int = 0
    unknown_outcomes: int = 0
    settled_by_tool: int = 0
    asked_a_person: int = 0
    reads_again: int = 0
    broken_chains: int = 0

    @property
    def clean(self) -> bool:
        """Whether nothing was lost, done twice, wrong or left."""
        bad = self.lost_steps + self.lost_effects + self.duplicate_effects + self.wrong_results
        return not bad and not self.broken_chains and self.ended == self.runs


def crash(world: World, *, runs: int, kills: int, rounds: int, seed: int) -> Outcome:
    """Begin runs and kill whoever works on them, `kills` times in all, then let each come to its end."""
    chance = random.Random(seed)
    outcome = Outcome(runs=runs)
    code, alone = forked(lambda begins: work(world, "unhurt", rounds, begins))
    assert code == ENDED
    for number in range(runs):
        goal = f"run {number}"
        left = (kills - outcome.kills) // (runs - number)  # what a run had no time for, later ones get
        longest = 2 * alone / (left + 2)
        while True:
            kill_after = chance.uniform(0, longest) if left else None
            at_once = bool(left) and chance.random() < _AT_ONCE
            code, _ = forked(
                lambda begins, goal=goal: work(world, goal, rounds, begins), kill_after, at_once=at_once
            )
            if code == -signal.SIGKILL:
                outcome.kills += 1
                left -= 1
            elif code == PAUSED:
                code, _ = forked(lambda _: decide(world))
                assert code == ENDED
            elif code == ENDED:
                break
            else:
                raise RuntimeError(f"A worker failed with {code}.")
    _count(world, outcome, rounds)
    return outcome


def _count(world: World, outcome: Outcome, rounds: int) -> None:
    """Compare journal and ledgers with what one run that nobody killed came to."""
    journal = SqliteJournal(world.journal)
    ledgers = Counter(tuple(line.split()[:2]) for name in ("booked", "sent") for line in world.lines(name))
    outcome.broken_chains = sum(not one.ok for one in journal.verify())
    unhurt = next(one.id for one in journal.runs(10_000) if one.goal == "unhurt")
    right = {name: value.data for name, value in Run(journal.events(unhurt)).results.items()}
    for summary in journal.runs(10_000):
        if summary.id == unhurt:
            continue
        run = Run(journal.events(summary.id))
        outcome.states[summary.state] += 1
        outcome.ended += summary.state in ("done", "refused")
        for step in plan_of("", rounds).steps:
            outcome.steps += 1
            refused = step.id in run.state.refused
            done = step.id in run.results
            outcome.lost_steps += not (done or refused)
            verified = step.tool == "book" and done and run.results[step.id].data is None
            outcome.wrong_results += done and not verified and run.results[step.id].data != right[step.id]
            if step.tool in ("book", "send"):
                times = ledgers[(run.id, step.id)]
                outcome.effects += times
                outcome.lost_effects += times == 0
                outcome.duplicate_effects += max(0, times - 1)
        _count_recoveries(run, outcome)
    journal.close()


def _count_recoveries(run: Run, outcome: Outcome) -> None:
    intended = Counter(event.key for event in run.events if isinstance(event, ToolIntended) and _reads(event))
    outcome.reads_again += sum(times - 1 for times in intended.values())
    asked = {event.digest for event in run.events if event.kind == "approval_asked"}
    outcome.asked_a_person += len(asked)
    by_tool = sum(isinstance(one, ToolFailed) and "had no effect" in one.error for one in run.events)
    by_tool += sum(
        one.kind == "tool_finished" and one.tool == "book" and one.value.data is None for one in run.events
    )
    outcome.settled_by_tool += by_tool
    outcome.unknown_outcomes += by_tool + len(asked)


def _reads(event: ToolIntended) -> bool:
    return event.effect is not Effect.WRITE


def table(outcome: Outcome) -> str:
    """The outcome in lines."""
    shown: dict[str, Any] = {name: one for name, one in vars(outcome).items() if name != "states"}
    shown["states"] = ", ".join(f"{count} {state}" for state, count in outcome.states.items())
    return "\n".join(f"{name.replace('_', ' '):<18} {value}" for name, value in shown.items())


def main() -> None:
    """Crash, print the table, and keep it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", action="store_true")
    settings = vars(parser.parse_args())
    keeping = settings.pop("keep")
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        outcome = crash(World(Path(folder)), **settings)
        seconds = time.monotonic() - began
    print(json.dumps(settings), f"{seconds:.0f} s")
    print(table(outcome))
    if keeping:
        print(keep("crash", settings, vars(outcome) | {"seconds": round(seconds, 1)}).name)
    raise SystemExit(not outcome.clean)


if __name__ == "__main__":
    main()
