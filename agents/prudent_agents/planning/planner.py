"""Makes a plan of a goal before anything runs: parts of the goal, a tool for each, arguments from them.

Tools are chosen here, from what the user wrote and nothing else, so that no text met later can choose one:
the split of control and data of CaMeL (arXiv 2503.18813), and of ReWOO (2305.18323), which plans first. What
cannot be taken from the goal stays a blank that is filled from earlier results when the step runs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from prudent_agents.grounding.comparatives import each_asked
from prudent_agents.grounding.facts import is_fact, stated
from prudent_agents.grounding.telling import (
    in_own_words,
    is_addressed,
    is_told,
    of_another,
    repeated,
    tells,
    unworded,
)
from prudent_agents.grounding.unsaid import (
    CODE,
    has_content,
    is_text,
    lacking,
    made_up,
    misnamed,
    no_such,
    question,
    relative,
    relative_words,
    unsaid,
    unsaid_choice,
)
from prudent_agents.models import ending_prompts, prompts
from prudent_agents.models.driver import Call, Model
from prudent_agents.plan import SAY, Argument, Blank, Given, Plan, Ref, Rung, Step
from prudent_agents.planning.calling import MOST_TRIES, Calls
from prudent_agents.planning.choosing import Ask, Chooser
from prudent_agents.planning.conditional import (
    Conditional,
    condition_of,
    left_out_of,
    pieces_of,
    results_of,
    without_left_out,
)
from prudent_agents.planning.lacks import UndecidedError, UnsaidError
from prudent_agents.planning.proposing import (
    ASKS_IN_WORDS,
    MAY_BE_SPLIT,
    MUST_STAY,
    asked_of,
    doubted,
    echoes,
    foreign,
    is_question,
    like,
    may_know,
    only_asks,
    renamed,
    replaced,
    same_item,
    speaks_of,
    spelt,
    spoken,
    takes_something,
    unread,
)
from prudent_agents.planning.splitting import apart, told_apart
from prudent_agents.tool import Effect, Tool
from prudent_agents.values import JSON

_FOUND = "found_for_"
"""How the names of steps begin that find out what another one failed for."""


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
        self._calls = Calls(model, self._tools, chooser, ask, instructions)

    async def plan(self, goal: str) -> Plan:
        """The plan of a goal; without steps where no tool fits, which leaves the answer to the model."""
        steps: list[Step] = []
        read: dict[str, list[Step]] = {}
        plan = Plan(goal=goal, rung=Rung.DECODED, model=self._model.name)
        if not self._tools:
            return plan
        every = pieces_of(goal)
        try:
            for piece in every:
                if isinstance(piece, Conditional):
                    steps += await self._under(goal, piece, steps, read)
                else:
                    steps += await self._done(goal, piece, steps)
        except UndecidedError as lack:
            return plan.model_copy(update={"ends": "ask_user", "note": lack.question})
        except UnsaidError as lack:
            asked = question(lack.tool, lack.name, goal)
            return plan.model_copy(update={"ends": "ask_user", "note": asked})
        left_out = left_out_of(goal)
        if not steps and left_out:
            return plan.model_copy(update={"ends": "cannot", "note": "\n".join(left_out)})
        if not steps and is_question(goal) and has_content(goal):
            call = await self._calls.looked_up(goal, goal, self._calls.writing())
            steps = [] if call is None else await self._chained(goal, goal, call, [])
        if not steps:
            return plan.model_copy(update=await self._ending(goal))
        return plan.extended(steps)

    async def _done(self, goal: str, text: str, before: Sequence[Step]) -> list[Step]:
        """The steps for a text of the goal, part by part; what no tool does in between is written."""
        parts, steps = await self._parts(text), list[Step]()
        for index, about in enumerate(parts):
            made = await self._steps(goal, about, [*before, *steps])
            if not made and 0 < index < len(parts) - 1:
                made = [self._written(about, [*before, *steps])]
            steps += unread(made, [*before, *steps], self._calls.writing())
        return steps

    async def _under(
        self, goal: str, one: Conditional, before: Sequence[Step], already: dict[str, list[Step]]
    ) -> list[Step]:
        """The steps for what is to be done under a condition: what decides it is read first.

        `already`: what was read for the conditions before it.

        Raises UndecidedError: no tool tells whether it holds, and the user has not said.
        """
        if one.known is not None:
            return [] if one.left_out else await self._done(goal, one.action, before)
        if not one.condition:
            acts = await self._done(goal, one.action, before)
            if any(step.tool in self._calls.writing() for step in acts):
                raise UndecidedError(one.question)
            return acts
        asked = [step for step in before if step.about.rstrip("?？ ") == one.condition]
        if asked:
            already.setdefault(one.condition, asked)
        read = [] if one.condition in already else await self._read(goal, one, before)
        of = already.setdefault(one.condition, read or list(before))
        if not of:
            raise UndecidedError(one.question)
        acts = await self._done(goal, one.action, [*before, *read])
        return [*read, *(step.model_copy(update={"when": one.told_by(of[-1].id)}) for step in acts)]

    async def _read(self, goal: str, one: Conditional, before: Sequence[Step]) -> list[Step]:
        """The steps that find out whether a condition holds; none where no tool does."""
        writing = self._calls.writing()
        call = await self._calls.looked_up(goal, one.condition, writing)
        call = call or await self._calls.looked_up(goal, f"{one.condition}: {one.action}", writing)
        return [] if call is None else await self._chained(goal, one.condition, call, before)

    async def _ending(self, goal: str) -> dict[str, Any]:
        """How a plan without steps ends: with an answer, a question, or why it cannot be done."""
        messages = ending_prompts.ending(goal)
        reply = await self._ask("choose", self._model.choose(messages, list(ending_prompts.ENDINGS)))
        ends = ending_prompts.ENDINGS[cast("str", reply.data)]
        if ends == "answer" and ending_prompts.acts(goal):
            ends = "cannot"
        return {"ends": ends, "note": ending_prompts.ending_note(ends, goal)}

    async def again(self, plan: Plan, failed: Step, problem: str, tried: Collection[str] = ()) -> Plan | None:
        """Another plan where a step failed; None where there is none.

        `tried` are tools that have failed for it before. A name that a reading tool does not know is spelt
        otherwise, or in English. What the failure names is found out first, where a tool does that; else
        another tool takes the step. What was to be read is never written instead.
        """
        before = plan.steps[: plan.names.index(failed.id)]
        about, tool = failed.about or plan.goal, self._tools[failed.tool]
        wrong = next((name for name, one in failed.arguments.items() if speaks_of(one, problem)), None)
        writes = tool.effect is not Effect.READ
        if not writes and (others := spelt(failed, wrong, plan.goal, tool.properties)):
            return replaced(plan, failed, others)
        if not writes and (one := await self._in_english(failed, wrong, tool)) is not None:
            return replaced(plan, failed, [one])
        if wrong is not None and writes and not failed.id.startswith(_FOUND):
            given = {
                name: one.value
                for name, one in failed.arguments.items()
                if isinstance(one, Given) and name != wrong
            }
            wanted = prompts.wanted(wrong, tool.properties.get(wrong, {}), about)
            call = Call(tool.name, given)
            source = await self._calls.source(plan.goal, about, call, wrong, must_lead=True)
            if source is not None:
                found = self._made(source, plan.goal, wanted, before)
                found = found.model_copy(update={"id": f"{_FOUND}{failed.id}"})
                blank = {**failed.arguments, wrong: Blank(inputs=(found.id,))}
                return replaced(plan, failed, [found, failed.model_copy(update={"arguments": blank})])
        asked = plan.goal if about == spoken(failed) else about
        if writes:
            other = await self._calls.call(plan.goal, asked, (failed.tool, *tried))
        else:
            other = await self._calls.looked_up(
                plan.goal, asked, (failed.tool, *tried, *self._calls.writing())
            )
        if other is None or (writes and echoes(other, asked, plan.goal)):
            return None
        another = self._tools[other.tool]
        knows = may_know(another, tool, asked) and takes_something(other, another, asked)
        if wrong is not None and not writes and not knows:
            return None
        same = same_item(
            another,
            other.arguments,
            [
                one.value
                for one in failed.arguments.values()
                if isinstance(one, Given) and one.origin == "request"
            ],
        )
        step = self._made(replace(other, arguments=same), plan.goal, about, before)
        kept = {"id": failed.id, "when": failed.when}
        return replaced(plan, failed, [step.model_copy(update=kept)])

    async def _in_english(self, failed: Step, wrong: str | None, tool: Tool) -> Step | None:
        """A step that failed for a Chinese name, with what the model calls the thing in English."""
        found = doubted(failed, wrong, tool.properties)
        if found is None or not foreign(found[1], tool):
            return None
        reply = await self._ask(
            "plan", self._model.fill(prompts.in_english(found[1]), prompts.ENGLISH_SCHEMA)
        )
        record = cast("dict[str, Any]", reply.data or {})
        return renamed(failed, found[0], str(record["english"])) if record.get("english") else None

    async def next(self, goal: str, known: Sequence[Any], done: Sequence[Step]) -> Step | None:
        """One step at a time: the next call, or None where the goal is reached as far as tools can.

        What decides a condition of the goal is read before anything is written under it.

        Raises:
            UndecidedError: no tool tells whether a condition holds, and the user has not said.
        """
        every = pieces_of(goal)
        asked = without_left_out(every)
        if not asked:
            return None
        shown = await self._chooser.shown(asked)
        messages = prompts.call(
            asked,
            asked,
            {str(index): one for index, one in enumerate(known)},
            instructions=self._instructions,
        )
        reply = await self._ask("choose", self._model.call(messages, shown))
        if not reply.calls:
            return None
        call, tool = reply.calls[0], self._tools[reply.calls[0].tool]
        call = replace(call, arguments=in_own_words(tool, call.arguments, asked))
        made = self._made(call, asked, asked, done)
        one = None if tool.effect is Effect.READ else condition_of(every, call.arguments)
        if one is None or one.known is not None:
            return None if one is not None and one.left_out else made
        if not one.condition:
            raise UndecidedError(one.question)
        about = one.action.strip()
        read = [step for step in done if step.about == one.condition]
        if read:
            return made.model_copy(update={"about": about, "when": one.told_by(read[-1].id)})
        found = await self._read(goal, one, done)
        if not found:
            raise UndecidedError(one.question)
        return found[0] if len(found) > 1 else found[0].model_copy(update={"about": one.condition})

    async def _parts(self, goal: str) -> list[str]:
        """The goal in parts, or whole where parts would lose or add something."""
        if each := each_asked(goal):
            return each
        if len(parts := apart(goal)) > 1:
            return parts
        if not MAY_BE_SPLIT.search(goal) and not relative_words(goal):
            return [goal]
        reply = await self._ask("plan", self._model.fill(prompts.split(goal), prompts.SPLIT_SCHEMA))
        record = cast("dict[str, Any]", reply.data or {})  # of the schema's form, else fill had raised
        steps = cast("list[Any]", record.get("steps", []))
        parts = [str(one).strip() for one in steps if str(one).strip()]
        said, kept = " ".join(parts), set(MUST_STAY.findall(goal))
        lost = [one for one in kept if one not in said]
        added = [one for one in MUST_STAY.findall(said) if one not in goal]
        kept_whole = parts if parts and not lost and not added else [goal]
        return told_apart(kept_whole)

    async def _steps(self, goal: str, about: str, before: Sequence[Step]) -> list[Step]:
        """The call for a part of the goal, after what finds what it lacks; none where no tool fits."""
        asks = is_question(about) or only_asks(goal)
        left_out = self._calls.writing() if asks else ()
        tellers = [name for name, tool in self._tools.items() if tells(tool)] if is_told(about) else []
        for _ in range(MOST_TRIES):
            call = await self._calls.call(goal, about, left_out, required=bool(tellers), only=tellers)
            if call is None:
                break
            made = await self._chained(goal, about, call, before)
            if made:
                return made
            left_out, tellers = (*left_out, call.tool), []
        call = await self._calls.looked_up(goal, about, left_out) if asks and has_content(about) else None
        return [] if call is None else await self._chained(goal, about, call, before)

    async def _chained(self, goal: str, about: str, call: Call, before: Sequence[Step]) -> list[Step]:
        """A call after the one that finds what it lacks; none where it only reads, and with made-up facts.

        Backward chaining: a fact among the arguments (a date, an address, a number) that stands nowhere in
        the goal was made up. A tool that reads is asked for it first, where one fits.
        """
        tool, text = self._tools[call.tool], f"{about}\n{goal}"
        missing = None if before else lacking(tool, call.arguments, text)
        grown = None if before or missing is not None else relative(tool, call.arguments, about)
        repeats = repeated(tool, call.arguments, about)
        whose = of_another(tool, call.arguments, about)
        wanted_name = missing or grown or whose or repeats
        nobody = unworded(call.arguments, repeats, about)
        earlier = results_of(goal, before) if nobody else ()
        found: list[Step] = []
        if wanted_name is not None:
            wanted = prompts.wanted(wanted_name, tool.properties.get(wanted_name, {}), about)
            known = {name: one for name, one in call.arguments.items() if name != wanted_name}
            must = tool.effect is not Effect.READ and grown is None
            value = call.arguments.get(wanted_name)
            named = whose or misnamed(wanted_name, tool.properties.get(wanted_name, {}), value)
            key = value if named else None
            of = Call(tool.name, known)
            first = await self._calls.source(goal, about, of, wanted_name, key=key, must_lead=must)
            if first is not None and no_such(self._tools[first.tool], tool, wanted_name):
                return await self._chained(goal, about, first, before)
            if first is not None:
                source = self._made(first, goal, wanted, before)
                found.append(source.model_copy(update={"about": spoken(source)}))
            elif whose or (not earlier and (nobody or (missing and made_up(call.arguments[missing], text)))):
                if tool.effect is Effect.READ:
                    return []
                raise UnsaidError(tool, wanted_name)
        if tool.effect is Effect.READ and (
            echoes(call, about, goal) or (before and not takes_something(call, tool, text))
        ):
            return []
        if not before:
            lookups = () if relative_words(about) else found  # what is to grow is of the same thing
            taken = [
                one.value
                for step in lookups
                for one in step.arguments.values()
                if isinstance(one, Given) and not is_addressed(one.value, about)
            ]
            rest = {name: one for name, one in call.arguments.items() if name != wanted_name}
            await self._said(tool, rest, text, taken)
        made = self._made(call, goal, about, [*before, *found])
        if found and wanted_name is not None:
            whole = not is_fact(call.arguments.get(wanted_name))
            argument = self._from(found[0], tool, wanted_name) if whole else Blank(inputs=(found[0].id,))
            made = made.model_copy(update={"arguments": {**made.arguments, wanted_name: argument}})
        elif earlier and repeats is not None:
            made = made.model_copy(update={"arguments": {**made.arguments, repeats: Blank(inputs=earlier)}})
        alike = like(made, tool, text, len(before) + len(found) + 1)
        if alike:
            made = made.model_copy(update={"about": spoken(made)})
        return [*found, made, *alike]

    def _from(self, found: Step, tool: Tool, name: str) -> Argument:
        """What a step found, whole where it is a text and a text is wanted."""
        whole = is_text(self._tools[found.tool].returns) and is_text(tool.properties.get(name))
        return Ref(step=found.id) if whole else Blank(inputs=(found.id,))

    async def _said(
        self, tool: Tool, arguments: Mapping[str, JSON], text: str, taken: Sequence[JSON]
    ) -> None:
        """Nothing is written with values that nobody said, or that were said for another call (`taken`).

        Raises UnsaidError.
        """
        name = unsaid(tool, arguments, text)
        if name is None and tool.effect is not Effect.READ:
            free = (one for one in arguments if "enum" not in tool.properties.get(one, {}))
            name = next((one for one in free if arguments[one] in taken), None)
        guessed = None if name is not None else unsaid_choice(tool, arguments, text)
        if guessed is not None:
            options = [*map(str, tool.properties[guessed]["enum"]), ending_prompts.NOT_SAID]
            messages = ending_prompts.said(guessed, options, text.splitlines()[0])
            reply = await self._ask("choose", self._model.choose(messages, options))
            name = guessed if reply.data == ending_prompts.NOT_SAID else None
        if name is not None:
            raise UnsaidError(tool, name)

    def _made(self, call: Call, goal: str, about: str, before: Sequence[Step]) -> Step:
        tool = self._tools[call.tool]
        arguments = {
            name: Given(value=asked_of(about), origin="request")
            if name in ASKS_IN_WORDS and isinstance(value, str) and not CODE.match(value)
            else self._argument(name, value, tool, f"{about}\n{goal}", before)
            for name, value in call.arguments.items()
        }
        return Step(
            id=f"step{len(before) + 1}",
            tool=tool.name,
            about=about,
            arguments=arguments,
            confidence=call.confidence,
        )

    def _argument(self, name: str, value: JSON, tool: Tool, text: str, before: Sequence[Step]) -> Argument:
        """What the goal says is given; the rest waits for earlier results where there will be some."""
        schema = tool.properties.get(name, {})
        if before and (misnamed(name, schema, value) or relative(tool, {name: value}, text) is not None):
            return Blank(inputs=tuple(step.id for step in before))
        if stated(value, text):
            return Given(value=value, origin="request")
        if not before or "enum" in schema or isinstance(value, bool):
            return Given(value=value, origin="model")
        return Blank(inputs=tuple(step.id for step in before))

    def _written(self, about: str, before: Sequence[Step]) -> Step:
        """A part that no tool does: the model writes it from what came before."""
        needs = tuple(step.id for step in before)
        return Step(id=f"step{len(before) + 1}", tool=SAY, about=about, instruction=about, needs=needs)
