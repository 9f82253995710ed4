"""What models are told where no tool fits, or where a choice may be a guess. See prompts.py for the rest."""

from __future__ import annotations

import re
from typing import Literal

from prudent_agents.grounding.scripts import IDEOGRAPHS
from prudent_agents.models.driver import Message

NOT_SAID = "not said"
_SAID = "Say which of the options the request names, or 'not said' if it names none of them."
_SAID_EXAMPLES = (
    ("room", ("hall", "cellar"), "Turn on the lamp in the hall.", "hall"),
    ("room", ("hall", "cellar", "garden"), "Play some music.", NOT_SAID),
    ("priority", ("low", "high"), "It is urgent: have the pump mended.", "high"),
    ("colour", ("red", "blue"), "Order twelve shirts.", NOT_SAID),
    ("room", ("living_room", "bathroom"), "把客厅的灯关了。", "living_room"),
    ("account", ("savings", "current"), "转账200元。", NOT_SAID),
)
Ends = Literal["answer", "ask_user", "cannot"]
ENDINGS: dict[str, Ends] = {"answer": "answer", "ask": "ask_user", "cannot": "cannot"}
_ENDING = (
    "No tool fits. Say `answer` if the request can be answered in words alone, from common knowledge or "
    "by thinking; `ask` if it is not clear what is wanted; `cannot` if something would have to be done, or a "
    "fact looked up that nobody knows by heart."
)
_ENDING_EXAMPLES = (
    ("Who wrote Hamlet?", "answer"),
    ("Book a table for two at eight.", "cannot"),
    ("Do the same with the other one.", "ask"),
    ("Anna has 12 pears and eats 5. How many are left?", "answer"),
    ("How many visitors came to the museum yesterday?", "cannot"),
    ("帮我叫一辆出租车。", "cannot"),
    ("What does the parking space behind our house cost?", "cannot"),
    ("Hello!", "answer"),
    ("会议室在几楼？", "cannot"),
    ("写一首关于春天的诗。", "answer"),
    ("Send it to her.", "ask"),
    ("Mend the roof of the garage.", "cannot"),
)

_ACTS = re.compile(
    r"\s*(?:please |can you |could you )*(?:buy|pay|reserve|cancel|remind|phone|e-?mail|schedule|deliver|rent"
    r"|order (?:me |us )?(?:an?|some|\d+|two|three)|book (?:me |us )?(?:an?|the|\d+)|send|transfer"
    r"|(?:turn|switch) (?:on|off|up|down)|call (?!me\b|it\b)(?:an?|the|my)) "
    r"|[请帮我给你能可以麻烦]*(?:订|买|购买|预[订约定]|取消|提醒|付款|支付|转账|打电话|叫(?:一?辆|车)|寄"
    r"|关[掉闭]|打开|播放)",
    re.IGNORECASE,
)
"""How a request begins that no words can do."""


def acts(goal: str) -> bool:
    """Whether a request wants something done in the world: where no tool does it, no answer can."""
    return _ACTS.match(goal) is not None


def said(name: str, options: list[str], request: str) -> list[Message]:
    """Asks which option a request names, NOT_SAID among them."""
    messages: list[Message] = [{"role": "system", "content": _SAID}]
    for kind, ones, asked, named in _SAID_EXAMPLES:
        messages.append({"role": "user", "content": _form(kind, [*ones, NOT_SAID], asked)})
        messages.append({"role": "assistant", "content": named})
    return [*messages, {"role": "user", "content": _form(name, options, request)}]


def ending(goal: str) -> list[Message]:
    """Asks how a request that no tool fits ends, as one of ENDINGS."""
    messages: list[Message] = [{"role": "system", "content": _ENDING}]
    for asked, ends in _ENDING_EXAMPLES:
        messages += [{"role": "user", "content": asked}, {"role": "assistant", "content": ends}]
    return [*messages, {"role": "user", "content": goal}]


def ending_note(ends: Ends, goal: str) -> str | None:
    """What the user is told, in the language of the goal; nothing where the model answers."""
    chinese = IDEOGRAPHS.search(goal) is not None
    if ends == "cannot":
        return (
            "我做不到：我没有能完成这件事的工具。"
            if chinese
            else "I cannot do that: none of my tools does it."
        )
    if ends == "ask_user":
        return "请说明具体要做什么？" if chinese else "What exactly is to be done?"
    return None


def _form(kind: str, options: list[str], request: str) -> str:
    return f"Options for {kind}: {', '.join(options)}\nRequest: {request}"
