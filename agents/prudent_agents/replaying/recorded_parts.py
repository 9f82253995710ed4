"""A model, tools and checks that answer from a run's events: what they gave then, and nothing else.

Knows the loop's protocols and no agent. What is asked that was not asked then is a mismatch: it is raised
where it happens, and kept, because a loop takes errors of models and tools for failures of steps.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from prudent.client import AsyncClient
from prudent.errors import NotFoundError
from prudent.types.safety import Action
from prudent.types.safety_check import CheckedPart, SafetyCheck
from prudent_agents.errors import ReplayMismatchError, ToolArgumentsError, ToolError
from prudent_agents.events import (
    Event,
    ModelCalled,
    Planned,
    Refused,
    StepAdded,
    ToolFailed,
    ToolFinished,
    ToolIntended,
)
from prudent_agents.models.driver import Call, Message, OnText, Reply, fitting, prompt_hash
from prudent_agents.plan import Plan, Step
from prudent_agents.planning.planner import Planner
from prudent_agents.tool import Tool, ToolContext
from prudent_agents.values import JSON, canonical, digest

_REFUSED = "stopped by the checks in the recorded run: "
_SHOWN = 400


class RecordedModel:
    """Answers every prompt with what was answered to the very same one."""

    def __init__(
        self, events: Iterable[Event], name: str, missed: Callable[[str], ReplayMismatchError]
    ) -> None:
        self.name = name
        self._missed = missed
        self._calls: dict[str, deque[ModelCalled]] = defaultdict(deque)
        for event in events:
            if isinstance(event, ModelCalled):
                self._calls[event.prompt_hash].append(event)

    async def say(
        self, messages: Sequence[Message], *, max_tokens: int = 0, on_text: OnText | None = None
    ) -> Reply:
        """See `Model.say`."""
        del max_tokens
        reply = self._reply(messages)
        text = reply.data if isinstance(reply.data, str) else ""
        if on_text is not None:
            await on_text(text)
        return replace(reply, text=text, data=None)

    async def fill(
        self, messages: Sequence[Message], schema: Mapping[str, Any], *, max_tokens: int = 0
    ) -> Reply:
        """See `Model.fill`."""
        del max_tokens
        return fitting(self._reply(messages), schema)

    async def choose(self, messages: Sequence[Message], options: Sequence[str]) -> Reply:
        """See `Model.choose`."""
        del options
        return self._reply(messages)

    async def call(
        self, messages: Sequence[Message], tools: Sequence[Tool], *, required: bool = False
    ) -> Reply:
        """See `Model.call`."""
        del tools, required
        reply = self._reply(messages)
        said: Any = reply.data
        if not isinstance(said, list):
            return replace(reply, text=str(said or ""), data=None)
        listed = cast("list[dict[str, Any]]", said)
        calls = tuple(Call(one["tool"], one["arguments"], reply.confidence) for one in listed)
        return replace(reply, calls=calls, data=None)

    def _reply(self, messages: Sequence[Message]) -> Reply:
        key = prompt_hash(messages)
        if not self._calls[key]:
            asked = digest(messages[-1].get("content"), characters=_SHOWN) if messages else "nothing"
            raise self._missed(f"the model is asked what it was not asked then: {asked}")
        event = self._calls[key].popleft()
        return Reply(
            model=event.model,
            data=event.output,
            confidence=event.confidence,
            prompt_hash=key,
            engine=event.engine,
            prompt_tokens=event.prompt_tokens,
            cached_tokens=event.cached_tokens,
            completion_tokens=event.completion_tokens,
            audit_id=event.audit_id,
        )


class RecordedPlanner(Planner):
    """Gives the plans and the single steps of the run, in their order; none of them is thought of again."""

    def __init__(self, events: Iterable[Event], missed: Callable[[str], ReplayMismatchError]) -> None:
        """Nothing is asked of a model."""
        self._missed = missed
        self._plans = deque(event.plan for event in events if isinstance(event, Planned))
        self._added = deque(event.step for event in events if isinstance(event, StepAdded))

    async def plan(self, goal: str) -> Plan:
        """See `Planner.plan`."""
        if not self._plans:
            raise self._missed(f"a plan is made that was not made then, for: {goal[:_SHOWN]}")
        return self._plans.popleft()

    async def again(self, plan: Plan, failed: Step, problem: str, tried: Collection[str] = ()) -> Plan | None:
        """See `Planner.again`."""
        del plan, failed, problem, tried
        return self._plans.popleft() if self._plans else None

    async def next(self, goal: str, known: Sequence[Any], done: Sequence[Step]) -> Step | None:
        """See `Planner.next`."""
        del goal, known, done
        return self._added.popleft() if self._added else None


class RecordedTools:
    """Gives the results of calls by their keys: the same run, step, tool and arguments have the same key."""

    def __init__(self, events: Sequence[Event], missed: Callable[[str], ReplayMismatchError]) -> None:
        self._missed = missed
        self._finished = {event.key: event for event in events if isinstance(event, ToolFinished)}
        self._failed = {event.key: event for event in events if isinstance(event, ToolFailed)}
        self._intended = [event for event in events if isinstance(event, ToolIntended)]
        self._refused = {event.step: event for event in events if isinstance(event, Refused)}

    def of(self, tool: Tool) -> Tool:
        """The tool as it was in the run: what it promises stays, what it does is looked up."""

        async def looked_up(recorded_call: ToolContext, **arguments: Any) -> JSON:
            return self._result(tool.name, arguments, recorded_call)

        return replace(
            tool,
            function=looked_up,
            context_parameter="recorded_call",
            timeout=None,
            retries=0,
            precondition=None,
            verify=None,
            validate=dict,
            dump=_as_it_is,
        )

    def _result(self, tool: str, arguments: Mapping[str, Any], call: ToolContext) -> JSON:
        key = call.idempotency_key
        if key in self._finished:
            event = self._finished[key]
            refused = self._refused.get(event.step)
            return event.value.data if refused is None else _REFUSED + refused.rule
        if key in self._failed:
            later = [one for one in self._intended if one.step == call.step and one.key != key]
            kind = ToolArgumentsError if later else ToolError
            raise kind(self._failed[key].error)
        then = [
            canonical({name: value.data for name, value in one.arguments.items()})
            for one in self._intended
            if (one.step, one.tool) == (call.step, tool)
        ]
        raise self._missed(
            f"{call.step} calls {tool} with {canonical(dict(arguments))[:_SHOWN]}; "
            + (f"then it was {' and '.join(then)[:_SHOWN]}" if then else "then it was not called")
        )


class RecordedChecks:
    """Stands where the client's checks are: what passed then passes, what was stopped is stopped."""

    async def check(self, parts: Sequence[Mapping[str, Any]]) -> SafetyCheck:
        """Let everything through but what the recorded tools mark."""
        texts = [str(part["text"]) for part in parts]
        stopped = [text.startswith(_REFUSED) for text in texts]
        actions = [Action.BLOCK if one else Action.ALLOW for one in stopped]
        checked = [
            CheckedPart.model_construct(
                source=part["source"], text=None if stop else text, action=action, content_filter_results={}
            )
            for part, text, stop, action in zip(parts, texts, stopped, actions, strict=True)
        ]
        action = Action.BLOCK if any(stopped) else Action.ALLOW
        return SafetyCheck.model_construct(blocked=any(stopped), action=action, parts=checked, safety=None)


class NoEmbeddings:
    """An endpoint without an embedding model: which tools were shown then is in what was chosen."""

    async def create(self, **_: object) -> None:
        """Raises NotFoundError, always."""
        raise NotFoundError("There are no embeddings in a replay.")


class RecordedClient(AsyncClient):
    """A client that reaches nothing: it has the recorded checks, and no models."""

    def __init__(self) -> None:
        """Nothing is opened."""
        self.safety = cast("Any", RecordedChecks())
        self.embeddings = cast("Any", NoEmbeddings())


def _as_it_is(result: Any) -> JSON:
    return result
