"""How often an agent is right: pass^k, what is called wrong, and what would give the same again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_planner import ScriptedAgentModel
from typer.testing import CliRunner

from prudent.cli.agent import app
from prudent.client import AsyncClient
from prudent.client.transports import AsyncAppTransport
from prudent.errors import InvalidRequestError
from prudent.testing import scripted_app
from prudent_agents import Agent, tool
from prudent_agents.evaluation import Case, Evaluation, Trial, read_cases
from prudent_agents.plan import Plan, Rung, Step
from prudent_agents.planning.planner import Planner


@tool(trusted=True)
def meter() -> int:
    """Energy used today."""
    return 31


class Reads(Planner):
    """Calls the meter."""

    def __init__(self) -> None:
        """Asks no model."""

    async def plan(self, goal: str) -> Plan:
        """The plan."""
        return Plan(goal=goal, rung=Rung.DECODED, steps=(Step(id="read", tool="meter"),))


@pytest.fixture(scope="module")
def agent() -> Iterator[Agent]:
    transport = AsyncAppTransport(scripted_app)
    client = AsyncClient(http_client=httpx.AsyncClient(transport=transport))
    yield Agent(tools=[meter], model=ScriptedAgentModel(text="31 kWh."), planner=Reads(), client=client)
    transport.thread.close()


def test_cases_are_judged_by_output_calls_and_status(agent: Agent) -> None:
    done = agent.eval(
        [
            Case("How much?", expect={"contains": "31"}, calls=["meter"], name="right"),
            {"goal": "How much?", "expect": {"contains": "32"}, "name": "wrong number"},
            {"goal": "How much?", "calls": ["other"]},
            Case("How much?", check=lambda run: None if run.cost.tokens < 5 else "too many tokens"),
        ],
        seeds=2,
    )
    problems = [runs[0].problem or "" for runs in done.trials]
    assert problems[0] == ""
    assert "not contains 32" in problems[1]
    assert problems[2] == "called meter, not other"
    assert problems[3] == "too many tokens"
    assert (done.pass_hat(1), done.pass_hat(2), done.seeds, done.stable) == (0.25, 0.25, [0, 1], True)
    table = str(done)
    assert "right         2/2" in table
    assert "seeds 0, 1; the same with every seed" in table
    assert "scripted (engine unknown)" in table
    with pytest.raises(InvalidRequestError, match="needs 3 runs"):
        done.pass_hat(3)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.lists(st.booleans(), min_size=4, max_size=4), min_size=1, max_size=4))
def test_pass_hat_is_what_counting_all_choices_gives(results: list[list[bool]]) -> None:
    """And never grows with k."""
    from itertools import combinations

    trials = [
        [Trial(at, None if ok else "no", "done", None, 0, 0.0, "m", None, "") for at, ok in enumerate(case)]
        for case in results
    ]
    done = Evaluation([Case("g")] * len(results), trials)
    for k in range(1, 5):
        counted = [[all(chosen) for chosen in combinations(case, k)] for case in results]
        expected = sum(sum(one) / len(one) for one in counted) / len(counted)
        assert done.pass_hat(k) == pytest.approx(expected)
        assert k == 1 or done.pass_hat(k) <= done.pass_hat(k - 1)


def test_the_command_prints_a_table_and_fails_where_a_case_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, agent: Agent
) -> None:
    (tmp_path / "cases.yaml").write_text("- {goal: 'How much?', expect: {contains: '32'}, name: wrong}\n")
    monkeypatch.setattr("prudent.cli.agent.agent_at", lambda where: agent)
    done = CliRunner().invoke(app, ["eval", str(tmp_path / "cases.yaml"), "--app", "x:y", "--seeds", "1"])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert (done.exit_code, "0/1" in done.stdout, "pass^1 0.00" in done.stdout) == (1, True, True)


@pytest.mark.parametrize("text", ["", "goal: x", "- 3", "- {gaol: x}", "[", "- {goal: {}, expects: 1}"])
def test_a_file_of_cases_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "cases.yaml").write_text(text)
    with pytest.raises(InvalidRequestError):
        read_cases(tmp_path / "cases.yaml")
