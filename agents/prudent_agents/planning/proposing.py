"""What a goal asks, and what a proposed call takes from it: questions, names, echoes. Makes no plan."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from prudent_agents.grounding.copying import addressed, copied
from prudent_agents.grounding.dates import dates
from prudent_agents.grounding.enumerated import first_item, other_options, siblings
from prudent_agents.grounding.facts import SUMS, stated
from prudent_agents.grounding.scripts import IDEOGRAPHS
from prudent_agents.grounding.telling import in_own_words, split_telling
from prudent_agents.grounding.units import counted_as
from prudent_agents.grounding.unsaid import leads_to, limits, made_up, shares_words
from prudent_agents.models.driver import Call
from prudent_agents.plan import Argument, Given, Plan, Step
from prudent_agents.planning.respelling import in_words, pieces, respelt
from prudent_agents.tool import Effect, Tool
from prudent_agents.values import JSON

NAME = re.compile(r"(?<=\w )[A-Z]\w+")
"""A capitalised word that begins no sentence."""
ASKS_IN_WORDS = frozenset(("question", "query", "request"))
"""Arguments that are the part of the goal itself, in the user's own words."""
_ASKS_TO_DO = re.compile(r"\s*(?:(?:can|could|would|will) you|please)\b|[请帮能可]", re.IGNORECASE)
"""How a request to do something begins that has the form of a question."""
_QUESTION = re.compile(
    r"[?？]|^\s*(?:how|what|which|who|whose|when|where|why|is|are|does|did"
    r"|do(?! (?:nothing|not|so|it|that|this)\b))\b|多少|几[个本点天次岁]|什么|哪|谁|吗",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?。？！]+(?:\.\w+[^.!?。？！]*)*[.!?。？！]*")
_TELLS = re.compile(
    r"(?:I|We|You|He|She|It|They|There|This|That|A|An|The|My|Our|His|Her|Their|\d+)\b"
    r"|[A-Z]\w+ (?:has|have|is|was)\b"
    r"|[我他她它这那有]"
)
"""How a sentence begins that tells something."""
_BY_WORDS, _BY_VALUE, _EXACT = 0.6, 0.5, 2
_LOOK_UP = re.compile(
    r"\s*(?:(?:then|and|also|please)\s+)*(?:look(?: up)?|check|find(?: out)?|search|see|tell me)\b"
    r"[^?.!]{0,60}?"
    r"(?=\b(?:how|what|who|whose|when|where|which|why)\b)",
    re.IGNORECASE,
)
_EACH = re.compile(r"\b(?:each|both)\b|[各都]|分别", re.IGNORECASE)
_BEGINS = re.compile(
    r"\s*(?:(?:please|then|and|also|can you|could you) )*\w+ (?:the |an? |some |my |our |his |her )?[\"“]?",
    re.IGNORECASE,
)
"""What stands before the thing that something is done with: a verb, and an article."""
_LEAST_OF_A_QUESTION = 3
LEAST_OF_A_SUM = 2
"""Numbers in a request that is a sum by itself."""
WIDE = 100
"""Items that are read where the goal does not say how many."""
CODED = re.compile(r"#?[A-Za-z]*[-_]?\d[\w-]*")
"""What stands for one thing: A-17."""
_OF_PEOPLE_AND_PLACES = re.compile(
    r"(?:.*_)?(?:customer|person|employee|member|author|who|city|country|town)(?:_?name)?", re.IGNORECASE
)
_TAKES_DATES = re.compile(r"YYYY-MM-DD|ISO[ -](?:8601|dates?)", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“「『][^\"“”「」『』]{0,500}[\"”」』]|(?<!\w)['‘][^'‘’]{0,500}['’](?!\w)")
_ENDS = " .?!。？！"
MAY_BE_SPLIT = re.compile(
    r"\b(?:and|or|then|after|before|than|versus)\b|[,;，；、。]|[.!?？！]\s*\S|[和与跟及或比并再]|然后|还是|之后",
    re.IGNORECASE,
)
"""What a goal of several parts has; the rest is one part."""
MUST_STAY = re.compile(
    r"(?<![\w-])[\w-]++\.[a-z]{2,4}\b|\d+(?:[.,]\d+)*|[\"“‘「『][^\"“‘「『”’」』]+[\"”’」』]"
)
"""What no part of a goal may lose: numbers, quotations, names of files."""


def corrected(tool: Tool, arguments: Mapping[str, JSON], about: str, goal: str) -> dict[str, JSON]:
    """The arguments without slips of the copy, a message as the goal words it, nothing optional made up."""
    text, kept = f"{about}\n{goal}", dict[str, JSON]()
    for name, value in arguments.items():
        asks = name in ASKS_IN_WORDS or "enum" in tool.properties.get(name, {})
        right = in_words(copied(value, goal), goal) if isinstance(value, str) and not asks else value
        if isinstance(right, str) and not asks and tool.effect is Effect.READ:
            right = addressed(first_item(right), goal)
        if isinstance(right, str) and not asks:
            right = split_telling(right)[0]
        if tool.properties.get(name, {}).get("format") == "date" and not stated(right, text):
            right = _only(dates(about) or dates(goal)) or right
        elif isinstance(right, str) and _TAKES_DATES.search(_described(tool, name)):
            right = _only(dates(right)) or right
        if isinstance(right, int | float) and not isinstance(right, bool):
            right = _as_counted(name, right, about, goal)
        if name in tool.required or not made_up(right, text):
            kept[name] = _wide(tool, name, right, text)
    return in_own_words(tool, kept, about)


def _described(tool: Tool, name: str) -> str:
    """What a tool says of an argument: its description, and the card."""
    return f"{tool.properties.get(name, {}).get('description') or ''} {tool.card}"


def misplaced(arguments: Mapping[str, JSON], about: str) -> bool:
    """Whether a code of the request stands where somebody, or some place, is wanted."""
    return any(
        isinstance(one, str)
        and _OF_PEOPLE_AND_PLACES.fullmatch(name) is not None
        and CODED.fullmatch(one) is not None
        and not one.isdigit()
        and one in about
        for name, one in arguments.items()
    )


def _as_counted(name: str, value: float, about: str, goal: str) -> float:
    """The number that the text has with the argument's own word; else the value."""
    said = counted_as(name, about)
    said = counted_as(name, goal) if said is None else said
    return value if said is None else int(said) if isinstance(value, int) and said.is_integer() else said


def _only(found: Sequence[str]) -> str | None:
    return found[0] if len(found) == 1 else None


def _wide(tool: Tool, name: str, value: JSON, text: str) -> JSON:
    """A limit that nobody set, so wide that nothing is missed; any other value as it is."""
    if value == 1 or not isinstance(value, int) or not limits(tool, name) or stated(value, text):
        return value
    most = tool.properties.get(name, {}).get("maximum")
    return max(value, min(WIDE, most) if isinstance(most, int) else WIDE)


def asked_of(text: str) -> str:
    """The question in a request to look something up: from its `how much` or `when` on."""
    lead = _LOOK_UP.match(text)
    return text[lead.end() :] if lead and len(text[lead.end() :].split()) >= _LEAST_OF_A_QUESTION else text


def speaks_of(argument: Argument, problem: str) -> bool:
    """Whether a failure speaks of the value that was given."""
    value = argument.value if isinstance(argument, Given) else None
    return isinstance(value, str) and bool(value.strip()) and value in problem


def keyed(arguments: Mapping[str, JSON], key: str, used: str) -> dict[str, JSON]:
    """The arguments with the key in the place of a value that another call has already."""
    if any(isinstance(one, str) and key in one for one in arguments.values()):
        return dict(arguments)
    return {name: key if isinstance(one, str) and one in used else one for name, one in arguments.items()}


def same_item(tool: Tool, arguments: Mapping[str, JSON], values: Sequence[JSON]) -> dict[str, JSON]:
    """The arguments of a call, for the item of a list that these values were of."""
    texts = {len(one.split()): one for one in values if isinstance(one, str)}
    return {
        name: texts.get(len(one.split()), one)
        if isinstance(one, str) and "enum" not in tool.properties.get(name, {})
        else one
        for name, one in arguments.items()
    }


def replaced(plan: Plan, step: Step, by: Sequence[Step]) -> Plan:
    """The plan with other steps in the place of one. Raises PlanError."""
    steps = [new for one in plan.steps for new in (by if one.id == step.id else [one])]
    return Plan.model_validate(plan.model_dump() | {"steps": steps})


def is_question(text: str) -> bool:
    """Whether a text asks something, and not for something to be done."""
    return bool(_QUESTION.search(_QUOTED.sub(" ", text))) and not _ASKS_TO_DO.match(text)


def only_asks(goal: str) -> bool:
    """Whether a goal asks, or tells and asks, and has nothing done."""
    sentences = [one.strip() for one in _SENTENCE.findall(goal) if one.strip()]
    return any(map(is_question, sentences)) and all(
        is_question(one) or _TELLS.match(one) for one in sentences
    )


def echoes(call: Call, *texts: str) -> bool:
    """Whether an argument is a text that was asked for itself, where it is no question for the tool."""
    plain = {text.strip(_ENDS).casefold() for text in texts}
    return any(
        isinstance(one, str) and name not in ASKS_IN_WORDS and one.strip(_ENDS).casefold() in plain
        for name, one in call.arguments.items()
    )


def takes_something(call: Call, tool: Tool, text: str) -> bool:
    """Whether a call has anything from the text: a value, a number or a word. One without arguments has."""
    return not call.arguments or any(
        stated(one, text)
        or (isinstance(one, str) and (shares_words(one, text) or translated(tool, name, text)))
        for name, one in call.arguments.items()
    )


def translated(tool: Tool, name: str, text: str) -> bool:
    """Whether an argument is one of a tool's choices, in another script than the text: `台灯` is a lamp."""
    options = tool.properties.get(name, {}).get("enum", ())
    return bool(options and IDEOGRAPHS.search(text)) and not IDEOGRAPHS.search("".join(map(str, options)))


def searches(tool: Tool) -> bool:
    """Whether a tool reads, and is asked in the user's own words."""
    return tool.effect is Effect.READ and any(name in ASKS_IN_WORDS for name in tool.required)


def may_know(other: Tool, failed: Tool, about: str) -> bool:
    """Whether another tool may know something of what one that reads knows nothing of.

    It searches, or the request has words for what it finds that the other one leaves unused.
    """
    return searches(other) or leads_to(other, {}, failed, about)


def sums(tool: Tool) -> bool:
    """Whether a tool works out a sum that it is given."""
    return any(name in SUMS for name in tool.required)


def taken_up(call: Call, tool: Tool, about: str, names: Collection[str]) -> float:
    """How many of the names in a question a call takes up; less than one where it is asked in words."""
    values = [
        one
        for name, one in call.arguments.items()
        if isinstance(one, str) and (stated(one, about) or translated(tool, name, about))
    ]
    asks = any(name in ASKS_IN_WORDS for name in call.arguments)
    taken = [name for name in names if not asks and any(name in value for value in values)]
    return sum(_EXACT if MUST_STAY.fullmatch(name) else 1 for name in taken) or (
        _BY_WORDS if asks else _BY_VALUE if values else 0.0
    )


def spoken(step: Step) -> str:
    """A call in words: the tool and what it was given."""
    given = [str(one.value) for one in step.arguments.values() if isinstance(one, Given)]
    return " ".join([step.tool.replace("_", " "), *given])


def like(step: Step, tool: Tool, text: str, count: int) -> list[Step]:
    """The same call for the other items of a list that its argument is in.

    One that writes, only where the request begins with the list, or says that it is for each of them.
    """
    for name, argument in step.arguments.items():
        value = argument.value if isinstance(argument, Given) else None
        if not isinstance(value, str):
            continue
        options = tool.properties.get(name, {}).get("enum")
        others = siblings(value, text) if options is None else other_options(value, options, text)
        if others and (tool.effect is Effect.READ or _for_each(value, others, step.about)):
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


def _for_each(value: str, others: Sequence[str], about: str) -> bool:
    """Whether a request has something done for each item of a list: it says so, begins with it, or names
    codes."""
    if not all(one in about for one in (value, *others)):
        return False
    first = min(about.find(one) for one in (value, *others))
    if all(CODED.fullmatch(one) for one in (value, *others)):
        return True
    return bool(_EACH.search(about)) or _BEGINS.fullmatch(about[:first]) is not None


def unread(made: Sequence[Step], before: Sequence[Step], writing: Collection[str]) -> list[Step]:
    """The steps without those that read once more what was read since the last write, and that none needs."""
    last = max((at for at, step in enumerate(before) if step.tool in writing), default=-1)
    already = [(step.tool, step.arguments) for step in before[last + 1 :]]
    needed = {name for step in made for name in step.inputs}
    return [step for step in made if step.id in needed or (step.tool, step.arguments) not in already]


def doubted(
    failed: Step, wrong: str | None, properties: Mapping[str, Mapping[str, Any]]
) -> tuple[str, str] | None:
    """The argument of a step that failed which may be another name of something, and its value.

    `wrong` is the argument that the failure names; where it names none, one that is the only text.
    """
    texts = {
        name: one.value
        for name, one in failed.arguments.items()
        if isinstance(one, Given)
        and isinstance(one.value, str)
        and name not in ASKS_IN_WORDS
        and "enum" not in properties.get(name, {})
    }
    name = next(iter(texts), None) if wrong is None and len(texts) == 1 else wrong
    return None if name is None or name not in texts else (name, texts[name])


def foreign(value: str, tool: Tool) -> bool:
    """Whether a name is Chinese, and what a tool says of itself is not: it may know the thing in English."""
    return bool(IDEOGRAPHS.search(value)) and not IDEOGRAPHS.search(tool.card)


def renamed(failed: Step, name: str, value: str) -> Step:
    """A step that failed, with another name for the same thing."""
    return failed.model_copy(
        update={"arguments": {**failed.arguments, name: Given(value=value, origin="model")}}
    )


def spelt(
    failed: Step, wrong: str | None, goal: str, properties: Mapping[str, Mapping[str, Any]]
) -> list[Step]:
    """A step that failed, for each of the things that an argument names, or with another spelling of it."""
    found = doubted(failed, wrong, properties)
    if found is None:
        return []
    name, value = found
    said = failed.arguments[name]
    origin = said.origin if isinstance(said, Given) else "model"
    one = respelt(value)
    values = pieces(value, goal) or ([] if one is None else [one])
    steps = [
        failed.model_copy(update={"arguments": {**failed.arguments, name: Given(value=other, origin=origin)}})
        for other in values
    ]
    return [
        step.model_copy(update={"id": f"{failed.id}_{at}", "about": spoken(step)}) if at else step
        for at, step in enumerate(steps)
    ]
