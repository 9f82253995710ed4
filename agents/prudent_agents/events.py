"""The one stream of events that a run is made of. Everything else that is known of a run is a fold over it.

Events are JSON, versioned, and never hold code. Those marked as such are not kept in the journal.
"""

from __future__ import annotations

import time
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from prudent_agents.budget import Cost
from prudent_agents.effect import Effect
from prudent_agents.labels import TRUSTED, Label
from prudent_agents.plan import Plan, Step
from prudent_agents.values import JSON, Value

VERSION = 1
"""Of the events' form. An older one is brought up when it is read."""

Status = Literal["running", "done", "failed", "cancelled", "paused", "refused", "over_budget"]


class _Event(BaseModel):
    # Infinity and NaN stay what they are: as null, a resumed run would go on with another value.
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")

    kept: ClassVar[bool] = True
    """Whether the journal keeps it."""

    at: float = Field(default_factory=time.time)
    """Seconds since 1970."""


class RunStarted(_Event):
    """A run began. `tools` are the digests of what each tool promises; `inputs` are a recipe's parameters."""

    kind: Literal["run_started"] = "run_started"
    version: int = VERSION
    run: str
    goal: str
    agent: str = "agent"
    model: str | None = None
    seed: int | None = None
    tools: dict[str, str] = {}
    inputs: dict[str, Value] = {}
    label: Label = TRUSTED
    """Of the goal: that of a sub-agent may be what somebody else wrote."""
    budget: dict[str, float] = {}
    policy: str | None = None
    parent: str | None = None
    owner: str = ""
    """Whose run it is, where an agent is offered to several."""


class Planned(_Event):
    """A plan, or a new one in place of the last; `reason` says why there is a new one."""

    kind: Literal["planned"] = "planned"
    plan: Plan
    reason: str | None = None


class StepAdded(_Event):
    """One step at a time: the next one was chosen."""

    kind: Literal["step_added"] = "step_added"
    step: Step


class StepStarted(_Event):
    """A step began."""

    kind: Literal["step_started"] = "step_started"
    step: str


class ModelCalled(_Event):
    """A model was asked. `prompt_hash` with `seed`, `model` and `engine` says what would give it again.

    Times are in seconds. `money` is None where the endpoint names no price. `audit_id` is the record of the
    checks that stood guard.
    """

    kind: Literal["model_called"] = "model_called"
    step: str | None = None
    purpose: Literal["plan", "choose", "arguments", "fill", "say", "answer"]
    model: str
    prompt_hash: str
    seed: int | None = None
    engine: str | None = None
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    money: float | None = 0.0
    confidence: float | None = None
    output: JSON = None
    audit_id: str | None = None


class Checked(_Event):
    """The checks looked at something and had something to say. `findings` are `category: severity` lines."""

    kind: Literal["checked"] = "checked"
    step: str | None = None
    what: Literal["argument", "result", "passage", "answer"]
    action: str
    findings: list[str] = []
    reasons: list[str] = []
    audit_id: str | None = None


class ToolIntended(_Event):
    """A call is about to be made. It is in the journal before the tool is called."""

    kind: Literal["tool_intended"] = "tool_intended"
    step: str
    tool: str
    arguments: dict[str, Value]
    key: str
    """The idempotency key: the same whenever this very call is tried again."""
    effect: Effect
    item: int | None = None
    """Which item of `each` it is for."""


class ToolFinished(_Event):
    """A call gave a result."""

    kind: Literal["tool_finished"] = "tool_finished"
    step: str
    tool: str
    key: str
    value: Value
    seconds: float = 0.0
    item: int | None = None
    cost: Cost | None = None
    """What the tool used up itself, where it is an agent."""


class ToolFailed(_Event):
    """A call failed. `known` false: whether it had its effect is not known."""

    kind: Literal["tool_failed"] = "tool_failed"
    step: str
    tool: str
    key: str
    error: str
    known: bool = True
    item: int | None = None
    cost: Cost | None = None


class StepDone(_Event):
    """A step has its result; of a tool step the tool's, or the list of them with `each`."""

    kind: Literal["step_done"] = "step_done"
    step: str
    value: Value


class StepSkipped(_Event):
    """A step was left out: its condition does not hold, or what it needs was left out."""

    kind: Literal["step_skipped"] = "step_skipped"
    step: str
    reason: str


class StepFailed(_Event):
    """A step came to nothing, after its retries."""

    kind: Literal["step_failed"] = "step_failed"
    step: str
    error: str


class Refused(_Event):
    """A rule on tools or data flow, or a check, forbade a call. `rule` is the rule in its own words."""

    kind: Literal["refused"] = "refused"
    step: str
    tool: str
    rule: str
    reason: str


class ApprovalAsked(_Event):
    """A call waits for a person. `digest` is of exactly this call: another call needs another word."""

    kind: Literal["approval_asked"] = "approval_asked"
    step: str
    tool: str
    arguments: dict[str, Value]
    digest: str
    reason: str
    item: int | None = None
    """Which item of `each` it is for."""


class ApprovalGiven(_Event):
    """A person's word on a call, used up by it."""

    kind: Literal["approval_given"] = "approval_given"
    digest: str
    approved: bool
    by: str = "user"


class Asked(_Event):
    """The agent asks its user something; the run pauses until it is answered."""

    kind: Literal["asked"] = "asked"
    question: str


class Answered(_Event):
    """The user's answer to the question asked last."""

    kind: Literal["answered"] = "answered"
    text: str


class Paused(_Event):
    """The run waits: for an approval, an answer, or a word on a call whose outcome is not known."""

    kind: Literal["paused"] = "paused"
    reason: str


class Resumed(_Event):
    """The run goes on, maybe in another process."""

    kind: Literal["resumed"] = "resumed"


class TextDelta(_Event):
    """A piece of the answer as it is written. Not kept: the whole answer is."""

    kept: ClassVar[bool] = False

    kind: Literal["text_delta"] = "text_delta"
    text: str


class RunEnded(_Event):
    """The run is over. `output` is what there is, also where it did not come to its end."""

    kind: Literal["run_ended"] = "run_ended"
    status: Status
    output: JSON = None
    label: dict[str, Any] = {}
    error: str | None = None


Event = (
    RunStarted
    | Planned
    | StepAdded
    | StepStarted
    | ModelCalled
    | Checked
    | ToolIntended
    | ToolFinished
    | ToolFailed
    | StepDone
    | StepSkipped
    | StepFailed
    | Refused
    | ApprovalAsked
    | ApprovalGiven
    | Asked
    | Answered
    | Paused
    | Resumed
    | TextDelta
    | RunEnded
)

EVENTS: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="kind")])
"""Reads and writes events as JSON."""
