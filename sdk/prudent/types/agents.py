"""Agents and recipes that a server offers, and their runs, on the wire. Not OpenAI's. Knows no agent."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from prudent.types.base import RequestModel, ResponseModel
from prudent.types.operation import Operation

RUN_ID = r"^run_[a-z0-9]{8,64}$"
MOST_INPUT = 20_000
"""Characters of a goal."""
MOST_FILES = 8
"""Files of a run; their size is that of the request's body."""


class AgentTool(ResponseModel):
    """A tool that an agent may use. `effect` is what a call leaves behind: read, idempotent or write."""

    name: str
    about: str
    effect: Literal["read", "idempotent", "write"]


class OfferedAgent(ResponseModel):
    """An agent that is offered. `parameters` is the JSON Schema of what its runs take.

    An agent of kind `agent` is given a goal in words (`input`), a `recipe` its parameters.
    """

    id: str
    object: Literal["agent"] = "agent"
    kind: Literal["agent", "recipe"]
    about: str = ""
    parameters: dict[str, Any] = {}
    tools: list[AgentTool] = []


class AgentList(ResponseModel):
    """What is offered."""

    object: Literal["list"] = "list"
    data: list[OfferedAgent]


class AttachedFile(RequestModel):
    """A file for a run: `data` is base64 of its bytes, or a data URL. The name's ending says its kind."""

    name: str = Field(min_length=1, max_length=255)
    data: str = Field(min_length=1)


class RunAgentRequest(RequestModel):
    """A run to begin: `input` is the goal of an agent, `parameters` are those of a recipe.

    `files` go with a goal, or are a recipe's: texts, PDFs, images, recordings. What is in them is read as
    somebody else's text.

    `id` is the run's, where the caller chooses it: sent again, the same run is not begun twice (409).
    """

    id: str | None = Field(default=None, pattern=RUN_ID)
    input: str | None = Field(default=None, max_length=MOST_INPUT)
    parameters: dict[str, Any] | None = None
    files: list[AttachedFile] | None = Field(default=None, max_length=MOST_FILES)
    stream: bool = False


class ResumeAgentRequest(RequestModel):
    """What a run that waits is told: a word on exactly one call, or an answer. Nothing: go on after a stop.

    `digest` names the call, as `waiting.digest` of the run does; `approve` is the word.
    """

    digest: str | None = Field(default=None, max_length=64)
    approve: bool | None = None
    answer: str | None = Field(default=None, max_length=MOST_INPUT)
    stream: bool = False


class AgentWaiting(ResponseModel):
    """What a person is asked: whether a call may be made (`digest`), or a question."""

    digest: str | None = None
    step: str | None = None
    tool: str | None = None
    arguments: dict[str, Any] | None = None
    reason: str | None = None
    question: str | None = None


class AgentUsage(ResponseModel):
    """What a run used. `seconds` leave out the time in which it waited for a person."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    model_calls: int = 0
    tool_calls: int = 0
    seconds: float = 0.0


class AgentRun(ResponseModel):
    """A run as it stands. `status` is running, done, paused, failed, refused, over_budget or cancelled.

    `trust` says, of a run that is over, whether others than the user and the developer have a part in it.
    """

    id: str
    object: Literal["agent.run"] = "agent.run"
    agent: str
    status: str
    output: Any = None
    error: str | None = None
    trust: Literal["trusted", "untrusted"] | None = None
    waiting: AgentWaiting | None = None
    usage: AgentUsage = AgentUsage()


class AgentEvent(ResponseModel):
    """Something that happened in a run. `type` says what; the other fields are those of that event.

    The last event of a stream has type `run` and the run as it stands then.
    """

    model_config = ConfigDict(extra="allow")

    object: Literal["agent.event"] = "agent.event"
    type: str
    run: AgentRun | str | None = None


LIST_AGENTS: Operation[None, AgentList, None] = Operation("agents.list", "GET", "/v1/agents", None, AgentList)
RUN_AGENT: Operation[RunAgentRequest, AgentRun, AgentEvent] = Operation(
    "agents.run", "POST", "/v1/agents/{agent}/runs", RunAgentRequest, AgentRun, AgentEvent
)
RETRIEVE_AGENT_RUN: Operation[None, AgentRun, None] = Operation(
    "agents.retrieve", "GET", "/v1/agents/{agent}/runs/{run}", None, AgentRun
)
RESUME_AGENT_RUN: Operation[ResumeAgentRequest, AgentRun, AgentEvent] = Operation(
    "agents.resume", "POST", "/v1/agents/{agent}/runs/{run}/resume", ResumeAgentRequest, AgentRun, AgentEvent
)
CANCEL_AGENT_RUN: Operation[None, AgentRun, None] = Operation(
    "agents.cancel", "POST", "/v1/agents/{agent}/runs/{run}/cancel", None, AgentRun
)
