"""Which call a request needs: a tool that is chosen for it, with arguments of the model's. Knows no plan.

That a question is looked up, and what another call lacks is found out, beats an answer from memory and a
question back: to read does no harm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from prudent_agents.grounding.facts import numbers
from prudent_agents.grounding.unsaid import lacking, leads_to, unnamed
from prudent_agents.models import prompts
from prudent_agents.models.driver import Call, Model
from prudent_agents.planning.choosing import Ask, Chooser
from prudent_agents.planning.proposing import (
    LEAST_OF_A_SUM,
    MUST_STAY,
    NAME,
    corrected,
    echoes,
    keyed,
    misplaced,
    searches,
    sums,
    taken_up,
)
from prudent_agents.tool import Effect, Tool
from prudent_agents.values import JSON, canonical

MOST_TRIES = 4
"""Tools that are tried for one part of a goal."""
_MOST_SOURCES = 3
"""How many tools are tried for one that finds a missing fact."""


class Calls:
    """Finds calls of the tools of one agent."""

    def __init__(
        self, model: Model, tools: Mapping[str, Tool], chooser: Chooser, ask: Ask, instructions: str
    ) -> None:
        self._model, self._tools, self._chooser, self._ask = model, tools, chooser, ask
        self._instructions = instructions

    async def call(
        self,
        goal: str,
        about: str,
        leave_out: Sequence[str] = (),
        *,
        required: bool = False,
        only: Sequence[str] | None = None,
    ) -> Call | None:
        """The model's call for a request, None where it says that no tool fits; `only` of these tools."""
        if only:
            leave_out = [name for name in self._tools if name not in only]
        elif len(numbers(about)) < LEAST_OF_A_SUM:
            leave_out = (*leave_out, *(name for name, tool in self._tools.items() if sums(tool)))
        for _ in range(MOST_TRIES):
            choice = await self._chooser.choose(about, self._model, self._ask, leave_out, required=required)
            if choice.tool is None:
                return None
            messages = prompts.call(about, goal, {}, instructions=self._instructions)
            reply = await self._ask("arguments", self._model.call(messages, [choice.tool], required=True))
            if reply.calls:
                arguments = corrected(choice.tool, reply.calls[0].arguments, about, goal)
                if misplaced(arguments, about):
                    leave_out = (*leave_out, choice.tool.name)
                    continue
                return replace(reply.calls[0], arguments=arguments, confidence=round(choice.confidence, 4))
            leave_out = (*leave_out, choice.tool.name)
        return None

    async def looked_up(self, goal: str, about: str, left_out: Sequence[str]) -> Call | None:
        """A call that answers a question of which the model says that no tool does: to read does no harm.

        That beats a question back, and an answer from memory. Of several the one that takes up most of what
        the question names; None where none takes up anything.
        """
        names = {*NAME.findall(about), *MUST_STAY.findall(about)}
        best: tuple[float, Call | None] = (0.0, None)
        searching = [name for name, tool in self._tools.items() if searches(tool) and name not in left_out]
        for _ in range(MOST_TRIES):
            call = await self.call(goal, about, left_out, required=True)
            if call is None:
                break
            left_out = (*left_out, call.tool)
            tool, text = self._tools[call.tool], f"{about}\n{goal}"
            missing = lacking(tool, call.arguments, text) or unnamed(tool, call.arguments, text)
            if missing is None and not echoes(call, about, goal):
                taken = taken_up(call, tool, about, names)
                best = max(best, (taken, call), key=lambda one: one[0])
                if taken >= max(1, len(names)):
                    break
        if best[1] is None and searching:
            return await self.call(goal, about, required=True, only=searching)
        return best[1]

    async def source(
        self, goal: str, about: str, of: Call, lacks: str, *, key: JSON = None, must_lead: bool = False
    ) -> Call | None:
        """A call that finds out what another one lacks, from what is known; None where there is none.

        That something must be asked is sure here, so the model is not asked whether a tool fits. A call that
        takes up a name which the other one left unused goes before one that does not, and so does one that
        the goal has words for (`must_lead`: no other one will do). `key` is the name that the fact is of.
        """
        tool, text, used = self._tools[of.tool], f"{about}\n{goal}", canonical(of.arguments)
        wanted = prompts.wanted(lacks, tool.properties.get(lacks, {}), about)
        names = [one for one in NAME.findall(goal) if one not in used]
        second: Call | None = None
        left_out = [of.tool, *self.writing()]
        for _ in range(_MOST_SOURCES):
            call = await self.call(goal, wanted, left_out, required=True)
            if call is None:
                break
            source = self._tools[call.tool]
            if isinstance(key, str):
                call = replace(call, arguments=keyed(call.arguments, key, used))
            leads = leads_to(source, call.arguments, tool, about, lacks=lacks, used=of.arguments)
            known = lacking(source, call.arguments, text) is None and not echoes(call, goal, wanted, about)
            known = known and unnamed(source, call.arguments, text) is None
            if known and (leads or not must_lead):
                takes = not names or any(one in canonical(call.arguments) for one in names)
                if takes and leads:
                    return call
                second = second or call
            left_out.append(call.tool)
        return second

    def writing(self) -> tuple[str, ...]:
        """The tools that leave something behind: none of them answers a question."""
        return tuple(name for name, tool in self._tools.items() if tool.effect is not Effect.READ)
