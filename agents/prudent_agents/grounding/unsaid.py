"""What a call has that nobody said: facts and choices that a model made up. Asks no model, knows no plan."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from prudent_agents.grounding.enumerated import speaks_of_all
from prudent_agents.grounding.facts import is_fact, numbers, stated
from prudent_agents.grounding.scripts import IDEOGRAPHS
from prudent_agents.grounding.stems import stems
from prudent_agents.grounding.units import counts_others
from prudent_agents.tool import Effect, Tool
from prudent_agents.values import JSON, canonical

CODE = re.compile(r"\s*(?:SELECT|WITH)\b", re.IGNORECASE)
"""A query in a language of its own."""
_DIGITS = re.compile(r"\d+(?:\.\d+)?")
_COUNTED = ("0", "1")
"""Numbers that any text may have."""
_IDENTIFIES = re.compile(
    r"\b(?:id|e-?mail|phone|iban|(?:\w+ )?number)\b(?! of\b)|编号|号码|邮箱|电话", re.IGNORECASE
)
"""Words for an argument that stands for something by a number or an address."""
_LIMIT = re.compile(
    r"^(?:limit|top_?[nk]|max_?(?:results|items|rows|entries|count)|(?:num|number_of)_results|page_size)$"
    r"|\b(?:number|maximum) of \w+(?: \w+)? to (?:return|get|fetch|show|list|retrieve|read)\b",
    re.IGNORECASE,
)
"""Names and descriptions of an argument that says how much is to be read at most."""
_RELATIVE = re.compile(
    r"\b(?:raise|lower|increase|decrease|reduce|cut|extend|shorten|turn (?:up|down))\b.{0,300}?\bby\b"
    r"|\b(?:more|less|higher|lower|longer|shorter|earlier|later|warmer|colder) than\b"
    r"|\b(?:half|double|twice|triple|third|quarter)\b|\bpercent\b|%"
    r"|[调提]高\d|[调降]低\d|增加|减少|一半|两倍",
    re.IGNORECASE | re.DOTALL,
)
"""Words for an amount that is said in proportion to another one."""
_BY_AN_AMOUNT = re.compile(
    r"\b(?P<verb>raise|lower|increase|decrease|reduce|extend|shorten)\b.{0,300}?\bby "
    r"(?P<amount>(?!.{0,20}\b(?:half|third|quarter|percent)\b)[^%.,;?!]+)(?![%\w])",
    re.IGNORECASE | re.DOTALL,
)
"""A change that is said by an amount of its own."""
_ASKS_IN_CHINESE = re.compile(r"多少|几|谁|哪|什么|最|所有|全部")
_HEADS_A_MESSAGE = re.compile(r"subject|heading|主题", re.IGNORECASE)
_A_MESSAGE = re.compile(r"body|text|message|contents?|正文|内容", re.IGNORECASE)
_EMPTY_SIGNS = frozenset("的了一些个请把给和与在是有我你他她它们这那不就都也还将被为对上下中里到从向用")
"""Characters that any Chinese sentence may have."""
_ASKING = frozenset(("how", "what", "which", "who", "when", "where", "why", "hello", "thank", "你好", "谢谢"))


def lacking(tool: Tool, arguments: Mapping[str, JSON], text: str) -> str | None:
    """The first argument with a fact (a number, a date, an address) which the text does not hold.

    A name is none where the number or the address of what it names is wanted. How much is to be read at most
    is no fact.
    """
    for name, value in arguments.items():
        schema = tool.properties.get(name, {})
        if "enum" in schema or limits(tool, name):
            continue
        if made_up(value, text) or misnamed(name, schema, value):
            return name
    return None


def limits(tool: Tool, name: str) -> bool:
    """Whether an argument of a tool that reads says how much is to be read at most."""
    schema = tool.properties.get(name, {})
    described = str(schema.get("description") or "")
    whole = tool.effect is Effect.READ and schema.get("type") == "integer"
    return whole and bool(_LIMIT.search(name) or _LIMIT.search(described))


def made_up(value: JSON, text: str) -> bool:
    """Whether a value is a fact, or has a number in it, that the text does not hold. Code is not judged."""
    if is_fact(value):
        return not stated(value, text)
    if not isinstance(value, str) or CODE.match(value):
        return False
    held = {*(one.lstrip("-") for one in numbers(text)), *_COUNTED}
    return any(one not in held for one in _DIGITS.findall(value))


def misnamed(name: str, schema: Mapping[str, Any], value: JSON) -> bool:
    """Whether a value is plain words where a number or an address that stands for something is wanted."""
    if not isinstance(value, str) or schema.get("type") != "string":
        return False
    described = f"{name.replace('_', ' ')} {schema.get('description') or ''}"
    return bool(_IDENTIFIES.search(described)) and not re.search(r"[\d@]", value)


def relative(tool: Tool, arguments: Mapping[str, JSON], about: str) -> str | None:
    """The number of a call that writes which the request says only in proportion to what there is."""
    if tool.effect is Effect.READ or not relative_words(about) or _takes_the_change(tool, arguments, about):
        return None
    numeric = (
        name for name in arguments if tool.properties.get(name, {}).get("type") in ("number", "integer")
    )
    return next(numeric, None)


def _takes_the_change(tool: Tool, arguments: Mapping[str, JSON], about: str) -> bool:
    """Whether a tool takes the change itself, and the request says it: `extend_loan` of `by 14 days`."""
    found = _BY_AN_AMOUNT.search(about)
    if found is None or not stems(found["verb"]) & stems(tool.name.replace(".", " ")):
        return False
    return any(
        not isinstance(one, bool) and isinstance(one, int | float) and stated(one, found["amount"])
        for one in arguments.values()
    )


def relative_words(text: str) -> bool:
    """Whether a text says an amount in proportion to another one."""
    return _RELATIVE.search(text) is not None


def has_content(text: str) -> bool:
    """Whether a text is about something: `How are you?` is not."""
    return bool(stems(text) - _ASKING)


def leads_to(
    source: Tool,
    found_by: Mapping[str, JSON],
    tool: Tool,
    text: str,
    *,
    lacks: str | None = None,
    used: Mapping[str, JSON] | None = None,
) -> bool:
    """Whether the text asks for what a source finds out: it has words for it that the tool leaves unused.

    What the tool says of the argument that it lacks uses up nothing; the values that it has from the text
    (`used`) are used up. Of a Chinese text nothing can be told where the source describes itself in English.
    """
    if IDEOGRAPHS.search(text):
        asks = not IDEOGRAPHS.search(source.card) or _ASKS_IN_CHINESE.search(text) is not None
        return asks or bool(_signs(text) & _signs(source.card))
    said = [one for one in (used or {}).values() if stated(one, text)]
    left = stems(text) - _own_words(tool, lacks) - stems(canonical(said))
    return bool(left & (_own_words(source) | stems(canonical(found_by))))


def _signs(text: str) -> set[str]:
    """The characters of a Chinese text that say something: `价` is in `价格` and in `单价`."""
    return set(IDEOGRAPHS.findall(text)) - _EMPTY_SIGNS


def is_text(schema: Mapping[str, Any] | None) -> bool:
    """Whether values of a schema are texts, so that one may be handed on whole."""
    return schema is not None and schema.get("type") == "string"


def no_such(source: Tool, tool: Tool, name: str) -> bool:
    """Whether a tool that reads cannot be told a number where another one wants a word: no day is an amount.

    Then the question is for the source itself.
    """
    returned = (source.returns or {}).get("type")
    wanted = tool.properties.get(name, {}).get("type")
    return tool.effect is Effect.READ and wanted == "string" and returned in ("integer", "number", "boolean")


def unsaid(tool: Tool, arguments: Mapping[str, JSON], text: str) -> str | None:
    """The first required argument of a call that writes which has nothing to do with the text.

    Words of the tool's own card do not count: `Open a ticket.` says of no ticket what it is about. Choices
    that the tool's author wrote are not judged here, nor is the subject of a message, which may be its own.
    """
    if tool.effect is Effect.READ:
        return None
    own = stems(f"{tool.name} {tool.card}")
    for name in tool.required:
        value = arguments.get(name)
        schema = tool.properties.get(name, {})
        if isinstance(value, str) and counts_others(value, name, text):
            return name
        if not isinstance(value, str) or "enum" in schema or is_fact(value):
            continue
        if _HEADS_A_MESSAGE.fullmatch(name) and any(_A_MESSAGE.fullmatch(one) for one in arguments):
            continue
        words = stems(value) - own
        said = stated(value, text) and (bool(words) or not stems(value))
        if not said and not (words & stems(text)):
            return name
    return None


def unnamed(tool: Tool, arguments: Mapping[str, JSON], text: str) -> str | None:
    """The first words of a call that have nothing to do with the text: a name that a model made up.

    Of a Chinese text nothing can be told: the name may be a translation.
    """
    if IDEOGRAPHS.search(text):
        return None
    for name, value in arguments.items():
        if isinstance(value, str) and "enum" not in tool.properties.get(name, {}) and not is_fact(value):
            words = stems(value)
            if words and not words & stems(text):
                return name
    return None


def shares_words(value: str, text: str) -> bool:
    """Whether words or numbers of a value stand in a text."""
    return bool(stems(value) & stems(text)) or bool({*_DIGITS.findall(value)} & {*_DIGITS.findall(text)})


def unsaid_choice(tool: Tool, arguments: Mapping[str, JSON], text: str) -> str | None:
    """The first choice of a call whose word does not stand in the text: it may be a guess.

    Of a call that reads only the choice that is all it needs: the thing that is asked about. Of a Chinese
    text nothing can be told: tools name their options in English.
    """
    if IDEOGRAPHS.search(text) or (tool.effect is Effect.READ and len(tool.required) != 1):
        return None
    for name in tool.required:
        value = arguments.get(name)
        if "enum" not in tool.properties.get(name, {}) or not isinstance(value, str) or stated(value, text):
            continue
        if tool.effect is not Effect.READ or not (stems(value) & stems(text) or speaks_of_all(text)):
            return name
    return None


def question(tool: Tool, name: str, goal: str) -> str:
    """Asks the user for what a call lacks, in the language of the goal."""
    schema: Mapping[str, Any] = tool.properties.get(name, {})
    what = str(schema.get("description") or name.replace("_", " ")).rstrip(" .。?？")
    options = f" ({', '.join(map(str, schema['enum']))})" if "enum" in schema else ""
    if IDEOGRAPHS.search(goal):
        return f"请告诉我{name}（{what}）{options}是什么？"
    return f"I need to know this first: {what}{options}?"


def _own_words(tool: Tool, but: str | None = None) -> set[str]:
    described = (
        f"{name} {schema.get('description') or ''}" for name, schema in tool.properties.items() if name != but
    )
    return stems(" ".join((tool.name, tool.card, *described)))
