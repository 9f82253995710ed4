"""What models are told: short prompts that ask for one thing and carry no state but what is in them.

Every text that somebody else wrote goes in as a part with its source, so that the checks treat it as such.
Examples are few and in English and Chinese; a model of half a billion parameters follows examples better than
rules.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from prudent.types.content import Source
from prudent_agents.grounding.referring import refers_back
from prudent_agents.models.driver import Message, part
from prudent_agents.values import Value, digest

MOST_PARTS_OF_A_GOAL = 5
ATTACHED = "files"
"""The input of a run that has the texts of the files which came with its goal."""
LONGEST_ATTACHED = 8_000
"""Characters of these texts together: all of them are shown."""
_SHOWN_OF_A_RESULT = 2_000

_STOP_AFTER_A_CODE = re.compile(r"(?<=\d)\.\s*$")
"""A full stop that a small model takes for a decimal point: `B-4.000`, to the end of its tokens."""

_SPLIT = (
    "Split a request into the steps that must be done, one after the other. Each step is a short request of "
    "its own. Leave nothing out and add nothing. Most requests are one step."
)
_SPLIT_EXAMPLES: tuple[tuple[str, list[str]], ...] = (
    ("What is 15% of 240?", ["What is 15% of 240?"]),
    (
        "How many people live in Norway and in Sweden?",
        ["How many people live in Norway?", "How many people live in Sweden?"],
    ),
    (
        "Find the price of the blue lamp and work out what 12 of them cost.",
        ["Find the price of the blue lamp.", "Multiply the price by 12."],
    ),
    (
        "Which used more water in May, the house or the garden?",
        ["How much water did the house use in May?", "How much water did the garden use in May?"],
    ),
    (
        "Raise the volume in the hall by 10.",
        ["What is the volume in the hall?", "Set the volume in the hall to 10 more than it is."],
    ),
    ("查一下上海明天的天气，然后写进 plan.txt。", ["查一下上海明天的天气。", "把天气写进 plan.txt。"]),
)
SPLIT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "steps": {
            "type": "array",
            "items": {"type": "string", "minLength": 1, "maxLength": 240},
            "minItems": 1,
            "maxItems": MOST_PARTS_OF_A_GOAL,
        }
    },
    "required": ["steps"],
    "additionalProperties": False,
}


def split(goal: str) -> list[Message]:
    """Asks for the steps of a goal, as SPLIT_SCHEMA."""
    messages: list[Message] = [{"role": "system", "content": _SPLIT}]
    for asked, steps in _SPLIT_EXAMPLES:
        messages.append({"role": "user", "content": asked})
        messages.append({"role": "assistant", "content": json.dumps({"steps": steps}, ensure_ascii=False)})
    return [*messages, {"role": "user", "content": goal}]


NO_TOOL = "none"
_CHOOSE = "Say which tool does what is asked, or none if no tool does it."
_Cards = tuple[tuple[str, str], ...]
_CHOOSE_EXAMPLES: tuple[tuple[_Cards, str, str], ...] = (
    (
        (
            ("weather", "Weather forecast for a city."),
            ("shop.price", "Price of an article."),
            ("calc", "Work out an arithmetic expression."),
            ("notes.add", "Add a line to the notes."),
        ),
        "Multiply the price by 12.",
        "calc",
    ),
    (
        (
            ("population", "Number of people in a country."),
            ("mail.send", "Send a mail."),
            ("dates", "Count days between dates."),
        ),
        "Who wrote Hamlet?",
        NO_TOOL,
    ),
    (
        (
            ("translate", "Translate a text."),
            ("read", "Read a document."),
            ("store", "Store a document under a name."),
        ),
        "What does plan.md say about parking?",
        "read",
    ),
    (
        (
            ("weather", "Weather forecast for a city."),
            ("notes.add", "Add a line to the notes."),
            ("read", "Read a document."),
        ),
        "把天气写进笔记。",
        "notes.add",
    ),
    (
        (("weather", "Weather forecast for a city."), ("shop.price", "Price of an article.")),
        "Book a table for two.",
        NO_TOOL,
    ),
    (
        (
            ("search", "Search the handbook."),
            ("stock", "How many of an article are in stock."),
            ("mail.send", "Send a mail."),
        ),
        "Are there any lamps left?",
        "stock",
    ),
)


def choose(about: str, cards: Sequence[tuple[str, str]]) -> list[Message]:
    """Asks for the name of the tool that does one step, or NO_TOOL. `cards` are names and what they do."""
    messages: list[Message] = [{"role": "system", "content": _CHOOSE}]
    for shown, asked, chosen in _CHOOSE_EXAMPLES:
        messages.append({"role": "user", "content": _choice(asked, shown)})
        messages.append({"role": "assistant", "content": chosen})
    return [*messages, {"role": "user", "content": _choice(about, cards)}]


def _choice(about: str, cards: Sequence[tuple[str, str]]) -> str:
    listed = "\n".join(f"- {name}: {card}" for name, card in cards)
    return f"Tools:\n{listed}\n- {NO_TOOL}: something that no tool does\n\nAsked: {about}"


def call(
    about: str,
    goal: str,
    results: Mapping[str, tuple[str, Value, Source]],
    *,
    instructions: str = "",
    problem: str | None = None,
) -> list[Message]:
    """Asks for the call that does one step. `results` are what is known: of which step, and from where.

    `problem` is what was wrong with the last call.
    """
    about = _STOP_AFTER_A_CODE.sub("", about)
    parts: list[dict[str, Any]] = []
    if problem:
        parts.append({"type": "text", "text": f"The last try failed: {problem}\nDo it differently.\n\n"})
    if results:
        parts.append({"type": "text", "text": f"The whole request: {goal}\n\nWhat is known so far:\n"})
        parts += [part(f"- {of}: {digest(value.data)}\n", source) for of, value, source in results.values()]
        parts.append({"type": "text", "text": f"\nNow: {about}"})
    elif about != goal and refers_back(about):
        parts.append({"type": "text", "text": f"The whole request: {goal}\n\nNow: {about}"})
    else:
        parts.append({"type": "text", "text": about})
    return [*_system(instructions), {"role": "user", "content": parts}]


def wanted(name: str, schema: Mapping[str, Any], about: str) -> str:
    """Asks for a fact that a call needs and the request does not say."""
    return f"Find out {schema.get('description') or name.replace('_', ' ')}, for: {about}"


_ANSWER = (
    "Answer the request from what is known. Be brief and exact: say the value that was asked for. "
    "Answer in the language of the request."
)


_ANSWER_EXAMPLES = (
    (
        'What is known:\n- weather Rome: {"celsius": 31, "sky": "clear"}\n'
        '- weather Paris: {"celsius": 22, "sky": "rain"}\n\nRequest: How warm is it in Rome and in Paris?',
        "It is 31 °C in Rome and 22 °C in Paris.",
    ),
    (
        'What is known:\n- 图书馆几点开门？: ["图书馆。图书馆9:00开门，由王老师负责。"]\n\n'
        "Request: 图书馆几点开门？由谁负责？",
        "图书馆9:00开门，由王老师负责。",
    ),
)


def answer(
    goal: str, results: Sequence[tuple[str, Value, Source]], *, instructions: str = ""
) -> list[Message]:
    """Asks for the answer to the goal from the results."""
    if not results:
        return [*_system(instructions), {"role": "user", "content": goal}]
    parts: list[dict[str, Any]] = [{"type": "text", "text": "What is known:\n"}]
    parts += [
        part(f"{'' if len(results) == 1 else f'- {of}: '}{digest(value.data, characters=shown)}\n", source)
        for of, value, source in results
        for shown in [LONGEST_ATTACHED if of == ATTACHED else _SHOWN_OF_A_RESULT]
    ]
    parts.append({"type": "text", "text": f"\nRequest: {goal}"})
    told = f"{instructions}\n\n{_ANSWER}" if instructions else _ANSWER
    messages: list[Message] = [{"role": "system", "content": told}]
    for asked, answered in _ANSWER_EXAMPLES:
        messages += [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]
    return [*messages, {"role": "user", "content": parts}]


_SUM = "Write the sum that answers the request, with the numbers that are known. Do not work it out."
_SUM_EXAMPLES = (
    ("- price of a ticket: 12.5\n\nRequest: What do 4 tickets cost?", "4 * 12.5"),
    (
        "- height of the tower: 93\n- height of the church: 58\n\nRequest: How much higher is the tower?",
        "93 - 58",
    ),
    ("- 一月的收入: 5200\n- 二月的收入: 4100\n\nRequest: 两个月一共收入多少？", "5200 + 4100"),
    ("- a bag of flour costs: 3.2\n\nRequest: How many bags can I buy with 40 euros?", "40 // 3.2"),
    (
        "- prices: A single room costs 60 euros a night, a double room 90 euros. Bicycles cost 8 euros a day."
        "\n\nRequest: What do 2 nights in a double room cost?",
        "2 * 90",
    ),
    ("- 车库: 车库每月租金80元，由李明收取。\n\nRequest: 车库一年的租金是多少？", "80 * 12"),
    (
        '- garden: {"zone": "north", "minutes": 40}\n\nRequest: Water the north zone by half of that.',
        "40 / 2",
    ),
)
SUM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"sum": {"type": "string", "minLength": 1, "maxLength": 120}},
    "required": ["sum"],
    "additionalProperties": False,
}


def sum_of(goal: str, results: Sequence[tuple[str, Value, Source]]) -> list[Message]:
    """Asks for the sum that answers the goal, as SUM_SCHEMA."""
    messages: list[Message] = [{"role": "system", "content": _SUM}]
    for asked, written in _SUM_EXAMPLES:
        messages.append({"role": "user", "content": f"What is known:\n{asked}"})
        messages.append({"role": "assistant", "content": json.dumps({"sum": written})})
    parts: list[dict[str, Any]] = [{"type": "text", "text": "What is known:\n"}]
    parts += [
        part(f"- {of}: {digest(value.data, characters=1_000)}\n", source) for of, value, source in results
    ]
    parts.append({"type": "text", "text": f"\nRequest: {goal}"})
    return [*messages, {"role": "user", "content": parts}]


_FILL = "Fill in the form from the text. Copy values as they stand. Leave nothing out."


def fill(instruction: str | None, inputs: Sequence[tuple[str, Value, Source]]) -> list[Message]:
    """Asks for a value that is written in the inputs."""
    parts = [part(f"{digest(value.data, characters=6_000)}\n", source) for _, value, source in inputs]
    asked = {"type": "text", "text": f"\n{instruction or 'Fill in the form.'}"}
    return [{"role": "system", "content": _FILL}, {"role": "user", "content": [*parts, asked]}]


_ENGLISH = "Say what a thing is called in English, in small letters and in the singular."
_ENGLISH_EXAMPLES = (("橡木书架", "oak bookshelf"), ("巴黎", "Paris"), ("打印纸", "printer paper"))
ENGLISH_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"english": {"type": "string", "pattern": "^[A-Za-z][A-Za-z -]{1,39}$"}},
    "required": ["english"],
    "additionalProperties": False,
}


def in_english(name: str) -> list[Message]:
    """Asks for the English name of a thing, as ENGLISH_SCHEMA."""
    messages: list[Message] = [{"role": "system", "content": _ENGLISH}]
    for chinese, english in _ENGLISH_EXAMPLES:
        messages.append({"role": "user", "content": chinese})
        messages.append({"role": "assistant", "content": json.dumps({"english": english})})
    return [*messages, {"role": "user", "content": name}]


def not_there(values: Iterable[str]) -> str:
    """What is wrong with values that the text does not have."""
    return f"the text does not say {', '.join(values)}. Copy its own words, or leave the field empty."


def say(
    instruction: str, inputs: Sequence[tuple[str, Value, Source]], *, instructions: str = ""
) -> list[Message]:
    """Asks for a text made from the inputs."""
    parts = [part(f"{digest(value.data, characters=6_000)}\n", source) for _, value, source in inputs]
    asked = {"type": "text", "text": f"\n{instruction}"}
    return [*_system(instructions), {"role": "user", "content": [*parts, asked]}]


def _system(instructions: str) -> list[Message]:
    return [{"role": "system", "content": instructions}] if instructions else []
