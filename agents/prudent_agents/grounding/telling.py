"""What a request wants told to somebody, in its own words: `they are on their way`. Knows no step.

Small models put an earlier result, or the whole request, in the place of a message that the user has worded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from prudent_agents.tool import Effect, Tool
from prudent_agents.values import JSON

_SUBJECT = r"(?:I|we|you|he|she|it|they|there)(?:'\w+)?"
_TELLS = (
    r"(?:tell|inform|notify|warn|remind|text|message|write(?: to)?|(?:e-?)?mail|answer|reply to"
    r"|let(?= .{1,60}? know\b))"
)
_WHO = (
    r"(?P<{0}>(?:(?!\b(?:that|to|know|and(?! (?-i:[A-Z]))|then|so|if|how|what|who|when|where|why|which)\b"
    r"|(?<!\w)['‘])"
    r"(?:[^,.;:?!\"“”「」]|\.(?=\w))){{1,60}}?)"
)
_TO_THE_END = rf"\S.*?(?=[.!?](?:\s|$)|[。！？\n]|,? (?:and|then|but) (?:then )?{_TELLS}\b|$)"
_WORDED = re.compile(
    rf"\b(?:{_TELLS} {_WHO.format('who')}(?: know)?"
    rf"|(?:message|mail|note|line|text|word|reply|answer)(?: (?:to|for) {_WHO.format('whom')})?)"
    rf"(?: (?:saying )?that (?P<clause>{_TO_THE_END})| (?:saying )?(?P<bare>{_SUBJECT} {_TO_THE_END})"
    rf"|(?<!know) to (?P<do>(?!know\b)\w+ {_TO_THE_END}))",
    re.IGNORECASE,
)
_IS_A_CLAUSE = re.compile(
    rf"(?:{_SUBJECT}|the|an?|this|these|those|my|our|your|his|her|its|their|all|every\w*|no\w*|some\w*|\d+"
    r"|(?-i:[A-Z])\S*) \S"
    r"|.*\b(?:is|are|was|were|will|would|has|have|had|can|could|must|should|may|might|do|does|did|need\w*)\b",
    re.IGNORECASE | re.DOTALL,
)
"""How the words after a `that` go on where they say something: `that price` is no message."""
_ASKS_FOR_A_RESULT = re.compile(
    r"\b(?:how (?:many|much)|what|which|the (?:result|answer)|(?:this|that) (?:many|much))\b"
    r"|多少|几[个张把本件只条天]|什么|哪|结果|是否|有没有",
    re.IGNORECASE,
)
_ENDS = " .!。！"
_A_MESSAGE = re.compile(
    r"\b(?:text|message|body|contents?|wording|words)\b|what to (?:say|tell)|内容|消息|正文|文本",
    re.IGNORECASE,
)
"""How the name or the description of an argument says that it is what is told."""
_TELLS_IN_CHINESE = r"(?:告诉|通知|转告|提醒|告知)\s*"
_AFTER_THE_NAME = r"\s*(?:一[声下])?[，,:：说]*\s*"
_SENDS = re.compile(
    r"\s*(?:please )?(?:send|give|forward|(?:e-?)?mail|pass|show|hand)\b|请?(?:把|将|给|发|寄|转发)",
    re.IGNORECASE,
)
"""How a request begins to send something that there is, where it does not word it."""
_IS_TOLD = re.compile(
    r"\s*(?:(?:please|then|and|also) )*"
    r"(?:(?:tell|inform|notify|remind) (?!me\b|us\b)|let (?!me\b|us\b).{1,60}? know\b)"
    r"|[请再就并]*(?:告诉|通知|转告|提醒|告知)(?![我咱])",
    re.IGNORECASE,
)
_TO_WHOM = re.compile(
    r"\s*(?:(?:[Pp]lease|[Tt]hen|[Aa]nd|[Aa]lso) )*(?:[Tt]ell|[Ii]nform|[Nn]otify|[Rr]emind|[Ll]et"
    r"|(?:[Ww]rite|[Ss]end)(?=(?: [A-Z][\w'-]+)+ (?:an?|the) )) "
    r"([A-Z][\w'-]+(?: [A-Z][\w'-]+)*)"
)
_THEN_TELLS = re.compile(
    r"(?:[,;]\s*(?:and )?(?:then )?|\s(?:and|then) (?:then )?)(?=(?:tell|inform|notify) (?!me\b|us\b)\w)"
    r"|[，,；;。]\s*(?:然后|并且?|再|最后|同时|还要)*(?=(?:告诉|通知|转告|告知)(?![我咱]))",
    re.IGNORECASE,
)
_A_THING = re.compile(r"(?:the|an?|my|our|your|his|her|its|their|what|how|who|when|where|which|\w+['’]s)\b")
"""How a message begins that names what is to be found out: `the phone number of Ann`."""
_OWNS = re.compile(r"['’]s?$")
_ADDRESSES = r"(?:\b(?:tell|inform|notify|remind|let) |(?:告诉|通知|转告|提醒|告知))"
_LONGEST = 2_000


def worded(text: str, people: tuple[str, ...] = ()) -> str | None:
    """What a text wants told as it stands there; None where it words nothing, or asks for a result.

    Of a Chinese text `people` are the names after which the message begins.
    """
    if len(text) > _LONGEST:
        return None
    every = list(_WORDED.finditer(text))
    mine = [one for one in every if any(who in (one["who"] or one["whom"] or "") for who in people)]
    if len(every) == 1 or len(mine) == 1:
        found = (mine or every)[0]
        said = found["clause"] or found["bare"] or found["do"]
        said = None if found["clause"] and not _IS_A_CLAUSE.match(said) else said
    else:
        said = next(filter(None, (_worded_in_chinese(text, who) for who in people)), None)
    said = (said or "").strip(_ENDS)
    return None if not said or _ASKS_FOR_A_RESULT.search(said) else f"{said[:1].upper()}{said[1:]}"


def _worded_in_chinese(text: str, who: str) -> str | None:
    found = re.search(rf"{_TELLS_IN_CHINESE}{re.escape(who)}{_AFTER_THE_NAME}({_TO_THE_END})", text)
    return found[1] if found and re.search(r"[\u3400-\u9fff]{2}", found[1]) else None


def in_own_words(tool: Tool, arguments: Mapping[str, JSON], about: str) -> dict[str, JSON]:
    """The arguments of a call that writes, its message as the request words it, where it does."""
    into = message_of(tool, arguments)
    if into is None:
        return dict(arguments)
    arguments = addressed(arguments, into, about)
    people = (one for name, one in arguments.items() if name != into and isinstance(one, str) and one)
    said = worded(about, tuple(people))
    if said is None or _is_its_beginning(str(arguments[into]), said):
        return dict(arguments)
    return {**arguments, into: said}


def of_another(tool: Tool, arguments: Mapping[str, JSON], about: str) -> str | None:
    """The argument of a message whose value the request names only as whose somebody is: `Ann's manager`."""
    into = message_of(tool, arguments)
    for name, value in arguments.items() if into is not None else ():
        if name == into or not isinstance(value, str) or "enum" in tool.properties.get(name, {}):
            continue
        owner = _OWNS.sub("", value.strip())
        whole = rf"(?<![A-Za-z\d]){re.escape(owner)}(?![A-Za-z\d])"
        named = re.findall(rf"{whole}(['’]s [a-z]|(?<=s)['’] [a-z]|的(?=\S))?", about)
        if owner and named and all(named):
            return name
    return None


def is_addressed(value: JSON, about: str) -> bool:
    """Whether a request names a value as whom it has told something."""
    if not isinstance(value, str) or not value:
        return False
    return re.search(rf"{_ADDRESSES}{re.escape(value)}(?!['’]s|的)", about, re.IGNORECASE) is not None


def is_told(about: str) -> bool:
    """Whether a request is to tell somebody else something."""
    return _IS_TOLD.match(about) is not None


def sends(about: str) -> bool:
    """Whether a request begins with something to be sent."""
    return _SENDS.match(about) is not None


def tells(tool: Tool) -> bool:
    """Whether a tool takes a message to somebody."""
    texts: dict[str, JSON] = {
        name: "" for name, one in tool.properties.items() if one.get("type") == "string"
    }
    return len(texts) > 1 and message_of(tool, texts) is not None


def split_telling(text: str) -> list[str]:
    """A request in two where it goes on with something to be told: `..., then tell Bob that ...`."""
    found = _THEN_TELLS.search(text)
    return [text] if found is None else [text[: found.start()], text[found.end() :]]


def repeated(tool: Tool, arguments: Mapping[str, JSON], about: str) -> str | None:
    """The message of a call where the request names what it is, and does not word it: `the report`."""
    into = message_of(tool, arguments)
    if into is None or not (is_told(about) or _SENDS.match(about)):
        return None
    people = tuple(one for name, one in arguments.items() if name != into and isinstance(one, str) and one)
    quoted = re.search(rf"(?:[\"“'‘「『]|[:：]\s*){re.escape(str(arguments[into]).strip(_ENDS))}", about)
    return None if quoted or worded(about, people) is not None else into


def unworded(arguments: Mapping[str, JSON], name: str | None, about: str) -> bool:
    """Whether the message of such a call is the request itself, or what nobody said."""
    if name is None:
        return False
    said = str(arguments[name]).strip(_ENDS).casefold()
    asked = about.strip(_ENDS).casefold()
    thing = said in asked and _A_THING.match(said) is not None
    return thing or asked in said or (is_told(about) and said not in asked)


def addressed(arguments: Mapping[str, JSON], into: str, about: str) -> dict[str, JSON]:
    """The arguments with the message for whom the request names right after its `tell` or `write`."""
    found = _TO_WHOM.match(about)
    others = [name for name, one in arguments.items() if name != into and isinstance(one, str)]
    if found is None or len(others) != 1 or re.search(r"[\d@]", str(arguments[others[0]])):
        return dict(arguments)
    return {**arguments, others[0]: found[1]}


def message_of(tool: Tool, arguments: Mapping[str, JSON]) -> str | None:
    """The argument of a call that writes which is the text that somebody is told; None where none is."""
    texts = [name for name, one in arguments.items() if isinstance(one, str)]
    if tool.effect is Effect.READ:
        return None
    named = [name for name in texts if _A_MESSAGE.search(name.replace("_", " "))]
    described = [
        name
        for name in texts
        if _A_MESSAGE.search(str(tool.properties.get(name, {}).get("description") or ""))
    ]
    into = named[0] if named else described[0] if len(described) == 1 else None
    return None if into is None or "enum" in tool.properties.get(into, {}) else into


def _is_its_beginning(value: str, said: str) -> bool:
    """Whether a value is what is said, up to an `and` that goes on with something else to be done."""
    own = value.strip(_ENDS)
    rest = said[len(own) :]
    return (
        said.casefold().startswith(own.casefold())
        and re.match(r",? (?:and|then)\b|[，,；]", rest) is not None
    )
