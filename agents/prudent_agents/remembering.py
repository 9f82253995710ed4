"""What a run is told of what came before it: the conversation, facts that are remembered, what was found.

Each goes into the run as an input with its label, so that it is in the journal and taints what is made of it.
It is shown where the answer is written. Tools are never chosen by it: what the user said before, and nothing
else, helps to understand a request that leans on it ("and in the kitchen?").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from prudent.types.content import Source
from prudent_agents.grounding.ellipsis import keeps_words, written_out
from prudent_agents.labels import TRUSTED, UNTRUSTED, Confidentiality, Label, join
from prudent_agents.models.driver import Message, Model
from prudent_agents.models.prompts import ATTACHED
from prudent_agents.plan import Plan, Step
from prudent_agents.planning.planner import Planner
from prudent_agents.values import Value

if TYPE_CHECKING:
    from prudent_agents.memory import ConversationMemory, LongTermMemory

    Memory: TypeAlias = ConversationMemory | LongTermMemory

CONVERSATION = "conversation"
REMEMBERED = "remembered"
FOUND = "found"
ASKED_BEFORE = "asked_before"
"""The name of an input with what the user asked in a conversation, and nothing that anybody else wrote."""
BACKGROUND = (CONVERSATION, REMEMBERED, FOUND, ATTACHED)
"""Names of inputs that are shown with the results."""

_PRIVATE = TRUSTED.model_copy(update={"confidentiality": Confidentiality.PRIVATE})
_RECALLED = 3
_ALIKE = 0.8
"""Cosine of multilingual-e5-small: unrelated texts begin at about 0.75."""
_TURNS = 3
"""Requests before this one that it may lean on."""
_LEANS = re.compile(
    r"^\s*(?:and|but|what about|how about|then|also|same|again|now)\b"
    r"|\b(?:it|its|they|them|their|that one|those|these|he|she|him|her|there|the same|both|the other)\b"
    r"|呢[？?。]?\s*$|^\s*(?:那|还有|再)|它|他们|她|这个|那个|同样",
    re.IGNORECASE,
)
"""Words of a request that cannot be understood alone."""
_MUST_STAY = re.compile(r"\d+(?:[.,]\d+)*")
_REWRITE = (
    "Write the last request so that it can be understood without the ones before it. "
    "Change nothing else and answer nothing."
)
_EXAMPLES = (
    ("Before:\n- How warm is it in Rome?\n\nLast: And in Paris?", "How warm is it in Paris?"),
    (
        "Before:\n- Find the price of the blue lamp.\n\nLast: What do 3 of them cost?",
        "What do 3 blue lamps cost?",
    ),
    ("Before:\n- 图书馆几点开门？\n\nLast: 那博物馆呢？", "博物馆几点开门？"),
)
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"request": {"type": "string", "minLength": 1, "maxLength": 400}},
    "required": ["request"],
    "additionalProperties": False,
}


async def came_before(goal: str, memories: Sequence[Memory]) -> dict[str, Value]:
    """What is to be known in a run from what came before. Raises PrudentError: a memory cannot be read."""
    from prudent_agents.memory import ConversationMemory

    inputs: dict[str, Value] = {}
    for memory in memories:
        if isinstance(memory, ConversationMemory):
            messages = [one for one in await memory.messages_async() if one["role"] != "system"]
            if messages:
                inputs[CONVERSATION] = _conversation(messages)
            if own := _own_requests(messages):
                inputs[ASKED_BEFORE] = Value(data=[*own], label=_PRIVATE)
        else:
            facts = await memory.recall_async(goal, limit=_RECALLED, least=_ALIKE)
            if facts:
                label = join(one.fact.label for one in facts)
                inputs[REMEMBERED] = Value(
                    data=[{"fact": one.fact.text, "source": one.fact.source} for one in facts], label=label
                )
    return inputs


def remember(memories: Sequence[Memory], goal: str, asked: Label, output: Any, label: Label) -> None:
    """Add a request and its answer to the conversation; what is secret is not kept."""
    if not memories:
        return
    from prudent_agents.memory import ConversationMemory

    for memory in memories:
        if isinstance(memory, ConversationMemory):
            memory.add("user", goal, source=None if asked.trusted else Source.TOOL)
            if label.confidentiality is not Confidentiality.SECRET and output is not None:
                text = output if isinstance(output, str) else str(output)
                memory.add("assistant", text, source=None if label.trusted else Source.TOOL)


def facts_only(memories: Sequence[Memory]) -> list[Memory]:
    """The memories without conversations: for runs that must not know of each other."""
    if not memories:
        return []
    from prudent_agents.memory import ConversationMemory

    return [one for one in memories if not isinstance(one, ConversationMemory)]


def handed_over(results: Mapping[str, Value]) -> dict[str, Value]:
    """What one run knows as the inputs of another: `other.run(goal, inputs=handed_over(run.results))`."""
    passed = (*BACKGROUND, ASKED_BEFORE)
    inputs = {name: results[name] for name in passed if name in results}
    own = {name: value for name, value in results.items() if name not in passed}
    if own:
        label = join(value.label for value in own.values())
        inputs[FOUND] = Value(data={name: value.data for name, value in own.items()}, label=label)
    return inputs


def _conversation(messages: Sequence[Message]) -> Value:
    lines: list[dict[str, Any]] = []
    own = TRUSTED
    for message in messages:
        content: Any = message["content"]
        if not isinstance(content, str):
            content, own = "".join(str(part["text"]) for part in content), UNTRUSTED
        lines.append({message["role"]: content})
    return Value(data=lines, label=own.model_copy(update={"confidentiality": Confidentiality.PRIVATE}))


def _own_requests(messages: Sequence[Message]) -> list[str]:
    """The last requests that the user wrote; what came from elsewhere has parts, and is none of them."""
    own = (one["content"] for one in messages if one["role"] == "user")
    return [one for one in cast("Iterable[object]", own) if isinstance(one, str)][-_TURNS:]


def requests(inputs: Mapping[str, Value]) -> list[str]:
    """What the user asked before in the conversation, whatever anybody else wrote in it."""
    value = inputs.get(ASKED_BEFORE)
    data: object = None if value is None or not value.label.trusted else value.data
    return [str(one) for one in cast("list[object]", data)] if isinstance(data, list) else []


class Leaning(Planner):
    """Understands a request from what the same user asked before it; plans it as another planner does."""

    def __init__(self, inner: Planner, model: Model, ask: Any, before: Sequence[str]) -> None:
        """`ask` has a model asked within the budget."""
        self._inner, self._rewriter, self._asking, self._before = inner, model, ask, list(before)

    async def plan(self, goal: str) -> Plan:
        """See `Planner.plan`."""
        return await self._inner.plan(await self._whole(goal))

    async def again(self, plan: Plan, failed: Step, *more: Any, **named: Any) -> Plan | None:
        """See `Planner.again`."""
        return await self._inner.again(plan, failed, *more, **named)

    async def next(self, goal: str, known: Sequence[Any], done: Sequence[Step]) -> Step | None:
        """See `Planner.next`."""
        return await self._inner.next(goal, known, done)

    async def _whole(self, goal: str) -> str:
        """The request as it can be understood alone; as it is where that would lose words or add a number."""
        if not self._before or not _LEANS.search(goal):
            return goal
        if (exact := written_out(goal, self._before[-1])) is not None:
            return exact
        messages: list[Message] = [{"role": "system", "content": _REWRITE}]
        for asked, written in _EXAMPLES:
            messages += [
                {"role": "user", "content": asked},
                {"role": "assistant", "content": f'{{"request": "{written}"}}'},
            ]
        listed = "\n".join(f"- {one}" for one in self._before)
        messages.append({"role": "user", "content": f"Before:\n{listed}\n\nLast: {goal}"})
        reply = await self._asking("plan", self._rewriter.fill(messages, _SCHEMA))
        record = cast("dict[str, Any]", reply.data or {})
        whole = str(record.get("request", "")).strip()
        numbers = set(_MUST_STAY.findall(whole))
        lost = set(_MUST_STAY.findall(goal)) - numbers
        added = numbers - set(_MUST_STAY.findall(f"{goal} {' '.join(self._before)}"))
        kept = keeps_words(whole, _LEANS.sub(" ", goal))
        return whole if whole and kept and not lost and not added else goal
