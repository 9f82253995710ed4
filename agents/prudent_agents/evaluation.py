"""How often an agent does what it should: cases, each run with several seeds, and a table. Knows no model.

pass^k is the chance that k runs of a case are all right, estimated from n runs of which c were as
C(c, k) / C(n, k), and averaged over the cases (tau-bench, arXiv 2406.12045).
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from prudent.errors import InvalidRequestError
from prudent_agents.asked import Askable
from prudent_agents.events import ModelCalled, ToolIntended
from prudent_agents.matching import mismatch
from prudent_agents.remembering import facts_only
from prudent_agents.run import Run
from prudent_agents.values import digest

if TYPE_CHECKING:
    from prudent_agents.running.work import Approve

MOST_SEEDS = 32
_SHOWN = 48


@dataclass(frozen=True)
class Case:
    """A goal, and what must come of it.

    `expect` is the output, or what a matcher of recipes' tests says of it: `{"contains": "31"}`, `at least`,
    `at most`, `one of`, `not`. `calls` are the tools that must be called, in this order (None: any).
    `check` says of a run what is wrong with it, or None. `status` is how it must end.
    """

    goal: str
    expect: Any = None
    calls: Sequence[str] | None = None
    status: str = "done"
    check: Callable[[Run], str | None] | None = None
    name: str = ""

    @staticmethod
    def of(data: Mapping[str, Any]) -> Case:
        """A case as data. Raises InvalidRequestError."""
        try:
            return Case(**data)
        except TypeError as error:
            known = "goal, expect, calls, status, name"
            raise InvalidRequestError(f"This is no case: {error}.", hint=f"It has {known}.") from error


@dataclass(frozen=True)
class Trial:
    """One run of a case. `problem` None: it was right. `prompts` is a hash of all prompts."""

    seed: int
    problem: str | None
    status: str
    output: Any
    tokens: int
    seconds: float
    model: str
    engine: str | None
    prompts: str


@dataclass
class Evaluation:
    """What came of all cases. `print` it for a table."""

    cases: list[Case]
    trials: list[list[Trial]] = field(default_factory=list[list[Trial]])

    @property
    def seeds(self) -> list[int]:
        """The seeds of the runs of each case."""
        return [one.seed for one in self.trials[0]] if self.trials else []

    def pass_hat(self, k: int) -> float:
        """pass^k over all cases. Raises InvalidRequestError: there are fewer runs of a case than k."""
        if not 1 <= k <= len(self.seeds):
            raise InvalidRequestError(f"pass^{k} needs {k} runs of each case; there are {len(self.seeds)}.")
        return sum(_pass_hat(runs, k) for runs in self.trials) / len(self.trials)

    @property
    def stable(self) -> bool:
        """Whether every case had the same prompts and outputs with every seed."""
        return all(len({(one.prompts, str(one.output)) for one in runs}) == 1 for runs in self.trials)

    @property
    def made_by(self) -> list[str]:
        """Models and engines that answered: with a seed and a prompt's hash they say what would again."""
        seen = {f"{one.model} ({one.engine or 'engine unknown'})" for runs in self.trials for one in runs}
        return sorted(seen)

    def rows(self) -> list[list[str]]:
        """A row for each case: name, right runs, tokens, seconds, prompts' hash, and the first problem."""
        rows: list[list[str]] = []
        for case, runs in zip(self.cases, self.trials, strict=True):
            right = sum(one.problem is None for one in runs)
            tokens = sum(one.tokens for one in runs) / len(runs)
            seconds = sum(one.seconds for one in runs) / len(runs)
            wrong = next((one.problem for one in runs if one.problem), "")
            name = digest(case.name or case.goal, characters=_SHOWN)
            hashes = sorted({one.prompts[:8] for one in runs})
            shown = hashes[0] if len(hashes) == 1 else f"{len(hashes)} kinds"
            rows.append([name, f"{right}/{len(runs)}", f"{tokens:.0f}", f"{seconds:.1f}", shown, wrong])
        return rows

    @property
    def summary(self) -> list[str]:
        """What is to be said below the table."""
        most = len(self.seeds)
        told = [f"pass^1 {self.pass_hat(1):.2f}"]
        told += [f"pass^{most} {self.pass_hat(most):.2f}"] if most > 1 else []
        same = "the same with every seed" if self.stable else "not the same with every seed"
        listed = ", ".join(map(str, self.seeds))
        return [f"{', '.join(told)} over {len(self.cases)} cases; seeds {listed}; {same}", *self.made_by]

    def __str__(self) -> str:
        table = [list(COLUMNS), *self.rows()]
        widths = [max(len(row[at]) for row in table) for at in range(len(COLUMNS) - 1)]
        lines: list[str] = []
        for row in table:
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
            lines.append("  ".join([*cells, row[-1]]).rstrip())
        return "\n".join([*lines, *self.summary])


def read_cases(path: Path) -> list[Case]:
    """The cases in a YAML or JSON file: a list of them, without `check`. Raises InvalidRequestError."""
    import yaml

    try:
        data: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InvalidRequestError(f"{path} cannot be read: {error}.", param="cases") from error
    items = cast("list[Any]", data) if isinstance(data, list) else []
    if not items or not all(isinstance(one, dict) for one in items):
        raise InvalidRequestError(
            f"{path} is no list of cases.",
            hint="Each is {goal: ..., expect: {contains: ...}}.",
            param="cases",
        )
    return [Case.of(cast("dict[str, Any]", one)) for one in items]


COLUMNS = ("case", "right", "tokens", "seconds", "prompts", "problem")


async def evaluate(
    agent: Askable,
    cases: Sequence[Case | Mapping[str, Any]],
    *,
    seeds: int | Sequence[int],
    approve: Approve | None,
    at_once: int,
) -> Evaluation:
    """See `Agent.eval`."""
    listed = list(range(seeds)) if isinstance(seeds, int) else list(seeds)
    made = [one if isinstance(one, Case) else Case.of(one) for one in cases]
    if not made or not 1 <= len(listed) <= MOST_SEEDS:
        raise InvalidRequestError(
            "There is nothing to run.", hint=f"Give cases, and 1 to {MOST_SEEDS} seeds.", param="cases"
        )
    kept = facts_only(agent.memories)
    gate = asyncio.Semaphore(at_once)

    async def tried(case: Case, seed: int) -> Trial:
        async with gate:
            twin = agent.changed(client=agent.client(), memory=kept, seed=seed, journal=None, durable=False)
            return _judged(case, seed, await twin.run_async(case.goal, approve=approve))

    work = [[asyncio.create_task(tried(case, seed)) for seed in listed] for case in made]
    return Evaluation(made, [list(await asyncio.gather(*runs)) for runs in work])


def _judged(case: Case, seed: int, run: Run) -> Trial:
    asked = [event for event in run.events if isinstance(event, ModelCalled)]
    hashes = ",".join(event.prompt_hash for event in asked)
    return Trial(
        seed=seed,
        problem=problem_of(case, run),
        status=run.status,
        output=run.state.output,
        tokens=run.cost.tokens,
        seconds=run.cost.seconds,
        model=asked[0].model if asked else "no model",
        engine=asked[0].engine if asked else None,
        prompts=sha256(hashes.encode()).hexdigest()[:16],
    )


def problem_of(case: Case, run: Run) -> str | None:
    """What is wrong with a run; None where it is right."""
    if run.status != case.status:
        return f"{run.status}, not {case.status}" + (f": {run.error}" if run.error else "")
    called = [event.tool for event in run.events if isinstance(event, ToolIntended)]
    if case.calls is not None and called != list(case.calls):
        return f"called {', '.join(called) or 'nothing'}, not {', '.join(case.calls) or 'nothing'}"
    if case.expect is not None and (wrong := mismatch(run.state.output, case.expect)):
        return f"{digest(run.state.output, characters=_SHOWN)!r} is {wrong}"
    return case.check(run) if case.check is not None else None


def _pass_hat(runs: Sequence[Trial], k: int) -> float:
    return math.comb(sum(one.problem is None for one in runs), k) / math.comb(len(runs), k)
