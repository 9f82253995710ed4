"""Makes a plan of a goal before anything runs: parts of the goal, a tool for each, arguments from them.

Tools are chosen here, from what the user wrote and nothing else, so that no text met later can choose one:
the split of control and data of CaMeL (arXiv 2503.18813), and of ReWOO (2305.18323), which plans first. What
cannot be taken from the goal stays a blank that is filled from earlier results when the step runs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from prudent_agents import ending_prompts, prompts
from prudent_agents.choosing import Ask, Chooser
from prudent_agents.driver import Call, Model
from prudent_agents.enumerated import other_options, siblings
from prudent_agents.facts import stated
from prudent_agents.plan import SAY, Argument, Blank, Given, Plan, Ref, Rung, Step
from prudent_agents.tool import Effect, Tool
from prudent_agents.unsaid import is_text, lacking, question, unsaid, unsaid_choice
from prudent_agents.values import JSON, canonical

_MOST_SOURCES = 3
"""How many tools are tried for one that finds a missing fact."""
_NAME = re.compile(r"(?<=\w )[A-Z]\w+")
"""A capitalised word that begins no sentence."""
_ASKS_IN_WORDS = frozenset(("question", "query", "request"))
"""Arguments that are the part of the goal itself, in the user's own words."""
_ASKS_TO_DO = re.compile(r"\s*(?:(?:can|could|would|will) you|please)\b|[请帮能可]", re.IGNORECASE)
"""How a request to do something begins that has the form of a question."""
_CODE = re.compile(r"\s*(?:SELECT|WITH)\b", re.IGNORECASE)
"""A query in a language of its own."""
_MUST_STAY = re.compile(r"\d+(?:[.,]\d+)*|[\"“‘「『][^\"”’」』]+[\"”’」』]|[\w-]+\.[a-z]{2,4}\b")
"""What no part of a goal may lose: numbers, quotations, names of files."""


class _UnsaidError(Exception):
    """A call would write something that nobody said."""

    def __init__(self, tool: Tool, name: str) -> None:
        super().__init__(f"{tool.name}: {name}")
        self.tool = tool
        self.name = name


class Planner:
    """Plans the goals of one agent."""

    def __init__(
        self, model: Model, tools: Sequence[Tool], chooser: Chooser, ask: Ask, *, instructions: str = ""
    ) -> None:
        self._model = model
        self._tools = {tool.name: tool for tool in tools}
        self._chooser = chooser
        self._ask = ask
        self._instructions = instructions

    async def plan(self, goal: str) -> Plan:
        """The plan of a goal; without steps where no tool fits, which leaves the answer to the model."""
        steps: list[Step] = []
        plan = Plan(goal=goal, rung=Rung.DECODED, model=self._model.name)
        if not self._tools:
            return plan
        parts = await self._parts(goal)
        try:
            for index, about in enumerate(parts):
                made = await self._steps(goal, about, steps)
                if not made and 0 < index < len(parts) - 1:
                    made = [self._written(about, steps)]
                steps += made
        except _UnsaidError as lack:
            asked = question(lack.tool, lack.name, goal)
            return plan.model_copy(update={"ends": "ask_user", "note": asked})
        if not steps:
            ending = await self._ending(goal)
            looked_up = await self._looked_up(goal) if ending["ends"] != "answer" else []
            return plan.extended(looked_up) if looked_up else plan.model_copy(update=ending)
        return plan.extended(steps)

    def _writing(self) -> tuple[str, ...]:
        """The tools that leave something behind: none of them answers a question."""
        return tuple(name for name, tool in self._tools.items() if tool.effect is not Effect.READ)

    async def _looked_up(self, goal: str) -> list[Step]:
        """A question is looked up where it can be, rather than asked back: to read does no harm."""
        if not _is_question(goal):
            return []
        call = await self._call(goal, goal, self._writing(), required=True)
        return [] if call is None else [self._made(call, goal, goal, [])]

    async def _ending(self, goal: str) -> dict[str, Any]:
        """How a plan without steps ends: with an answer, a question, or why it cannot be done."""
        messages = ending_prompts.ending(goal)
        reply = await self._ask("choose", self._model.choose(messages, list(ending_prompts.ENDINGS)))
        ends = ending_prompts.ENDINGS[cast("str", reply.data)]
        return {"ends": ends, "note": ending_prompts.ending_note(ends, goal)}

    async def again(self, plan: Plan, failed: Step) -> Plan | None:
        """The plan with another tool where a step failed; None where there is no other."""
        before = plan.steps[: plan.names.index(failed.id)]
        about = failed.about or plan.goal
        call = await self._call(plan.goal, about, (failed.tool,))
        if call is None:
            return None
        step = self._made(call, plan.goal, about, before)
        replaced = step.model_copy(update={"id": failed.id})
        steps = [replaced if one.id == failed.id else one for one in plan.steps]
        return plan.model_copy(update={"steps": tuple(steps)})

    async def next(self, goal: str, known: Sequence[Any], done: Sequence[Step]) -> Step | None:
        """One step at a time: the next call, or None where the goal is reached as far as tools can."""
        shown = await self._chooser.shown(goal)
        messages = prompts.call(
            goal, goal, {str(index): one for index, one in enumerate(known)}, instructions=self._instructions
        )
        reply = await self._ask("choose", self._model.call(messages, shown))
        return self._made(reply.calls[0], goal, goal, done) if reply.calls else None

    async def _parts(self, goal: str) -> list[str]:
        """The goal in parts, or whole where parts would lose or add something."""
        reply = await self._ask("plan", self._model.fill(prompts.split(goal), prompts.SPLIT_SCHEMA))
        record = cast("dict[str, Any]", reply.data or {})  # of the schema's form, else fill had raised
        steps = cast("list[Any]", record.get("steps", []))
        parts = [str(one).strip() for one in steps if str(one).strip()]
        said, kept = " ".join(parts), set(_MUST_STAY.findall(goal))
        lost = [one for one in kept if one not in said]
        added = [one for one in _MUST_STAY.findall(said) if one not in goal]
        return parts if parts and not lost and not added else [goal]

    async def _steps(self, goal: str, about: str, before: Sequence[Step]) -> list[Step]:
        """The call for a part of the goal, after the one that finds what it lacks; none where no tool fits.

        Backward chaining: a fact among the arguments (a date, an address, a number) that stands nowhere in
        the goal was made up. A tool that reads is asked for it first, where one fits.
        """
        call = await self._call(goal, about, self._writing() if _is_question(about) else ())
        if call is None:
            return []
        found: list[Step] = []
        tool, text = self._tools[call.tool], f"{about}\n{goal}"
        missing = None if before else lacking(tool, call.arguments, text)
        source: Ref | None = None
        if missing is not None:
            wanted = prompts.wanted(missing, tool.properties.get(missing, {}), about)
            first = await self._source(goal, wanted, text, call)
            if first is not None:
                found.append(self._made(first, goal, wanted, before))
                whole = is_text(self._tools[first.tool].returns) and is_text(tool.properties.get(missing))
                source = Ref(step=found[0].id) if whole else None
        if not before and not found:
            await self._said(tool, call, text)
        made = self._made(call, goal, about, [*before, *found])
        if missing is not None and source is not None:
            made = made.model_copy(update={"arguments": {**made.arguments, missing: source}})
        alike = self._like(made, text, len(before) + len(found) + 1)
        if alike:
            made = made.model_copy(update={"about": _spoken(made)})
        return [*found, made, *alike]

    def _like(self, step: Step, text: str, count: int) -> list[Step]:
        """The same call for the other items of a list that its argument is in, where it only reads."""
        tool = self._tools[step.tool]
        if tool.effect is not Effect.READ:
            return []
        for name, argument in step.arguments.items():
            value = argument.value if isinstance(argument, Given) else None
            if not isinstance(value, str):
                continue
            options = tool.properties.get(name, {}).get("enum")
            others = siblings(value, text) if options is None else other_options(value, options, text)
            if others:
                return [
                    step.model_copy(
                        update={
                            "id": f"step{count + at + 1}",
                            "about": f"{tool.name.replace('_', ' ')} {other}",
                            "arguments": {**step.arguments, name: Given(value=other, origin="request")},
                        }
                    )
                    for at, other in enumerate(others)
                ]
        return []

    async def _said(self, tool: Tool, call: Call, text: str) -> None:
        """Nothing is written with values that nobody said. Raises _UnsaidError."""
        name = unsaid(tool, call.arguments, text)
        guessed = None if name is not None else unsaid_choice(tool, call.arguments, text)
        if guessed is not None:
            options = [*map(str, tool.properties[guessed]["enum"]), ending_prompts.NOT_SAID]
            messages = ending_prompts.said(guessed, options, text.splitlines()[0])
            reply = await self._ask("choose", self._model.choose(messages, options))
            name = guessed if reply.data == ending_prompts.NOT_SAID else None
        if name is not None:
            raise _UnsaidError(tool, name)

    async def _source(self, goal: str, wanted: str, text: str, of: Call) -> Call | None:
        """A call that finds a missing fact out, with arguments that are all known; None where there is none.

        That something must be asked is sure here, so the model is not asked whether a tool fits. A call that
        takes up a name which the other one left unused goes before one that does not.
        """
        used = canonical(of.arguments)
        names = [one for one in _NAME.findall(goal) if one not in used]
        second: Call | None = None
        left_out = [of.tool, *self._writing()]
        for _ in range(_MOST_SOURCES):
            call = await self._call(goal, wanted, left_out, required=True)
            if call is None:
                break
            if lacking(self._tools[call.tool], call.arguments, text) is None:
                if not names or any(one in canonical(call.arguments) for one in names):
                    return call
                second = second or call
            left_out.append(call.tool)
        return second

    async def _call(
        self, goal: str, about: str, leave_out: Sequence[str] = (), *, required: bool = False
    ) -> Call | None:
        """The model's call for a request, None where it says that no tool fits."""
        choice = await self._chooser.choose(about, self._model, self._ask, leave_out, required=required)
        if choice.tool is None:
            return None
        messages = prompts.call(about, goal, {}, instructions=self._instructions)
        reply = await self._ask("arguments", self._model.call(messages, [choice.tool], required=True))
        made = reply.calls[0] if reply.calls else None
        return made and replace(made, confidence=round(choice.confidence, 4))

    def _made(self, call: Call, goal: str, about: str, before: Sequence[Step]) -> Step:
        tool = self._tools[call.tool]
        arguments = {
            name: Given(value=about, origin="request")
            if name in _ASKS_IN_WORDS and isinstance(value, str) and not _CODE.match(value)
            else self._argument(value, tool.properties.get(name, {}), f"{about}\n{goal}", before)
            for name, value in call.arguments.items()
        }
        return Step(
            id=f"step{len(before) + 1}",
            tool=tool.name,
            about=about,
            arguments=arguments,
            confidence=call.confidence,
        )

    def _argument(self, value: JSON, schema: Any, text: str, before: Sequence[Step]) -> Argument:
        """What the goal says is given; the rest waits for earlier results where there will be some."""
        if stated(value, text):
            return Given(value=value, origin="request")
        if not before or "enum" in schema or isinstance(value, bool):
            return Given(value=value, origin="model")
        return Blank(inputs=tuple(step.id for step in before))

    def _written(self, about: str, before: Sequence[Step]) -> Step:
        """A part that no tool does: the model writes it from what came before."""
        needs = tuple(step.id for step in before)
        return Step(id=f"step{len(before) + 1}", tool=SAY, about=about, instruction=about, needs=needs)


def _is_question(text: str) -> bool:
    """Whether a text asks something, and not for something to be done."""
    return text.rstrip().endswith(("?", "？")) and not _ASKS_TO_DO.match(text)


def _spoken(step: Step) -> str:
    """A call in words: the tool and what it was given."""
    given = [str(one.value) for one in step.arguments.values() if isinstance(one, Given)]
    return " ".join([step.tool.replace("_", " "), *given])
