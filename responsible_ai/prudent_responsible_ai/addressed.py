"""Finds sentences in a document that speak to the model reading it instead of to people. Knows no model.

Rules, not a classifier: who is spoken to, and that something is ordered. What they say holds in any subject;
which source the text came from, and what follows, is the check's affair. English, Chinese, and the plainest
forms in German, French and Spanish.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prudent_responsible_ai.text_view import canonical

LONGEST = 600
"""Characters of an order that are reported; what goes on longer is told by its beginning."""

_OVERRIDE = 6
_ADDRESS = 5
_HINT = 3
_HIDDEN = 1
_LOOK_BEFORE = 80
_HIGHEST = 7
_AROUND = 120
"""Characters on each side of a word in which a rule that needs the word holds."""

_MODEL = (
    r"(?:AI|A\.I\.|artificial intelligence|(?:virtual|digital|e-?mail|personal|AI) assistants?|assistants?"
    r"|(?:large )?language models?|LLMs?|AI models?|chat ?bots?|(?:AI |autonomous |software )?agents?|ChatGPT"
    r"|GPT(?:-?\d\w?)?|Copilot|summari[sz]ers?|automated (?:reviewer|reader|system)s?)"
)
_VERB = (
    r"(?:ignore|disregard|forget|stop|do not|don'?t|please|you (?:must|are|should|will|have|need|may)|call"
    r"|send|forward|run|execute|open|visit|delete|print|reveal|reply|respond|answer|say|tell|rate|approve|mark"
    r"|transfer|include|insert|add|append|recommend|write|summari[sz]e|translate|output|return|use|invoke|fetch"
    r"|click|search|download|read|give|assign|share|leave|make|start|skip|confirm|before|when|first|instead)"
)
_S = r"[^.!?\n]"
_OF = r"(?:an? |the |any |all |every |whichever |whatever |our )?"

_OVERRIDES = (
    rf"\b(?:ignore|disregard|forget|override|bypass|discard|do not follow|stop following)\b{_S}{{0,20}}"
    rf"\b(?:previous|prior|above|earlier|preceding|original|your|system|user'?s)\b{_S}{{0,20}}"
    r"\b(?:instructions?|prompts?|rules|guidelines|directives?|commands?|requests?|question|task)\b",
    rf"\b(?:do not|don'?t|never|without) (?:tell|telling|inform|informing|mention(?:ing)?{_S}{{0,20}} to"
    r"|alert(?:ing)?|notify(?:ing)?) the user\b",
    rf"\b(?:print|reveal|show|quote|repeat|output|leak|send){_S}{{0,20}}"
    r"\b(?:your|the) (?:system|hidden|initial|secret) (?:prompt|instructions)",
    r"(?:忽略|无视|忘记|忘掉|不要理会|跳过|不要遵守|别管)[^。！？\n]{0,6}(?:之前|以上|上面|前面|先前|此前|所有|你的|用户)"
    r"[^。！？\n]{0,6}(?:指令|提示|规则|规定|要求|任务)",
    r"(?:不要|别|勿|不得)(?:告诉|告知|提醒|让)[^。！？\n]{0,4}用户",
    r"(?:输出|打印|公开|显示|泄露|引用|说出)[^。！？\n]{0,6}(?:系统|隐藏|初始)(?:提示|指令)",
    rf"\b(?:ignorier\w*|vergiss|missachte)\b{_S}{{0,30}}\b(?:anweisung\w*|vorgaben|system-?prompt)",
    rf"\b(?:ignore[rz]?|oublie[rz]?)\b{_S}{{0,30}}\b(?:instructions|consignes) (?:précédentes|ci-dessus)",
    rf"\b(?:ignora\w*|olvida\w*)\b{_S}{{0,30}}\binstrucciones (?:anteriores|previas)",
    rf"\bignora\w*\b{_S}{{0,30}}\b(?:istruzioni precedenti|instruções anteriores)",
    rf"(?:игнорируй|забудь){_S}{{0,20}}инструкци",
)
_ADDRESSES = (
    rf"\b(?:note|message|instructions?|attention|notice|important|hint|hello|hi|hey|dear|to)\b,?:? "
    rf"{{0,2}}(?:to |for )?{_OF}(?:\w+ )?{_MODEL}\b{_S}{{0,60}}?[:,—-]\s*{_VERB}\b",
    rf"\bif you(?:'re| are) {_OF}(?:\w+ )?{_MODEL}\b",
    rf"\bas {_OF}(?:\w+ )?{_MODEL}\b{_S}{{0,40}}\byou (?:must|should|will|have to|need|are)\b",
    rf"\b{_MODEL}\b{_S}{{0,20}}\b(?:reading|processing|summari[sz]ing|parsing|(?:that|who|which) reads?)\b"
    rf"{_S}{{0,30}}\b(?:must|should|has to|have to|needs? to|please|[:,] {_VERB})\b",
    rf"(?:(?<=[.!?\n>|\"*#] )|(?<=[\n>|\"*#])|^){_MODEL}[,:] {_VERB}\b",
    rf"(?:(?<=[.!?\n>|\"*#] )|(?<=[\n>|\"*#])|^){_OF}{_MODEL} (?:must|should|has to|have to|needs to) "
    rf"(?:first |now |also )?{_VERB}\b",
    rf"\b(?-i:SYSTEM|END OF (?:DOCUMENT|TEXT|INPUT|FILE))\b{_S}{{0,30}}?[:.] {_VERB}\b",
    r"(?:致|给|告)[^。！？\n：:，,]{0,12}(?:AI|助手|大?模型|智能体|机器人|程序|系统)[^。！？\n：:，,]{0,8}[：:，,]",
    r"如果你是[^。！？\n]{0,14}(?:AI|人工智能|助手|模型|程序|机器人|智能体)",
    r"(?:AI|人工智能|助手|模型|机器人|智能体|程序)[^。！？\n]{0,4}(?:请注意|注意|你必须|你现在|你的任务|必须先|[，：,:]下一步)",
    r"(?:读取|阅读|处理|总结)[^。！？\n]{0,8}的[^。！？\n]{0,10}(?:AI|助手|模型|程序|机器人|智能体)[^。！？\n]{0,6}"
    r"(?:请|必须|应|[：:，,])",
    r"作为[^。！？\n]{0,10}(?:AI|助手|模型|智能体)[^。！？\n]{0,4}你(?:必须|应|要|需)",
    r"AI助手[：:，,]",
    rf"\b(?:hinweis|nachricht|an)\b{_S}{{0,20}}(?:KI-?\w*|Sprachmodell\w*|Chatbot|Assistent\w*){_S}{{0,40}}[:,]",
    rf"\b(?:note|message|à)\b{_S}{{0,20}}(?:assistant(?: IA)?|modèle de langage|chatbot){_S}{{0,40}}[:,]",
    rf"\b(?:nota|mensaje|a)\b{_S}{{0,20}}(?:asistente(?: de IA)?|modelo de lenguaje|chatbot){_S}{{0,40}}[:,]",
    r"\b(?:wenn|falls) du ein sprachmodell bist|\bsi tu es un modèle de langage"
    r"|\bsi eres un modelo de lenguaje"
    r"|\bse sei un modello linguistico|\bse (?:és|você é) um modelo de linguagem|если ты языковая модель",
)
_HINTS = (
    r"\bin your (?:next )?(?:reply|answer|response|output|summary|solution|message)s?\b",
    r"\bwhen you (?:summari[sz]e|process|translate|analy[sz]e) (?:this|the)\b",
    r"\b(?:end|begin|start) your (?:reply|answer|response|summary)\b",
    r"在你的(?:回答|回复|总结|输出|答案)",
    r"(?:总结|翻译|分析)(?:这段|本文|此文|以上)[^。！？\n]{0,6}时，?请",
)
_ABOUT_INSTRUCTIONS = (
    *("instru", "istruz", "инструкц", "prompt", "guideline", "directive", "command", "rules", "request"),
    *("question", "task", "the user", "anweisung", "vorgaben", "consignes"),
    *("指令", "提示", "规则", "规定", "要求", "任务", "用户"),
)
_ABOUT_MODELS = (
    *("ai", "a.i", "ki", "llm", "gpt", "artificial intel", "assistan", "assistent", "asistente", "chatbot"),
    *("language model", "chat bot", "agent", "copilot", "summarizer", "summariser", "automated re", "system"),
    *("end of", "sprachmodell", "modèle", "modelo", "modello", "языковая"),
    *("人工智能", "助手", "模型", "智能体", "机器人", "程序", "系统"),
)
_ABOUT_ANSWERS = ("your ", "when you ", "在你的", "总结", "翻译", "分析")
_A_WORD_ALONE = 3
"""So short a word counts only where no letters touch it."""
_ENDS = re.compile(r"\n|-->|</|<[a-z]|\*/|\"|\|")
_BEGINS = re.compile(r"<!--\s*|[.!?]\s+|[。！？\n>|\"]|/\*|^")
_CONCEALED = re.compile(
    r"<!--|display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|color\s*:\s*(?:white|#fff)|\balt=\"",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Rule:
    """What is looked for, only around the words that it cannot do without: they are quick to find."""

    words: tuple[str, ...]
    pattern: re.Pattern[str]
    severity: int
    reason: str


_RULES = tuple(
    _Rule(
        words,
        re.compile("|".join(f"(?:{one})" for one in patterns), re.I),
        severity,
        reason,
    )
    for words, patterns, severity, reason in (
        (_ABOUT_INSTRUCTIONS, _OVERRIDES, _OVERRIDE, "it sets aside instructions, or hides from the user"),
        (_ABOUT_MODELS, _ADDRESSES, _ADDRESS, "it gives orders to a model that reads it"),
        (_ABOUT_ANSWERS, _HINTS, _HINT, "it says how an answer is to be written"),
    )
)


@dataclass(frozen=True, slots=True)
class Order:
    """Characters [start, end) of a text, how grave it is that they stand in a document (0-7), and why."""

    start: int
    end: int
    severity: int
    reason: str


def orders_to_models(text: str) -> list[Order]:
    """Orders to a model, each to the end of its line or cell; those inside others are left out."""
    plain = canonical(text)
    lowered = plain.lower() if len(plain.lower()) == len(plain) else plain
    found = [
        Order(*_extent(plain, match), _raised(plain, match.start(), rule.severity), rule.reason)
        for rule in _RULES
        for start, end in _regions(lowered, rule.words)
        for match in rule.pattern.finditer(plain, start, end)
    ]
    return list(_merged(found))


def _regions(lowered: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Stretches around the words, apart from each other."""
    regions: list[tuple[int, int]] = []
    for at, length in sorted(place for word in words for place in _places(lowered, word)):
        start, end = max(0, at - _AROUND), at + length + _AROUND
        if regions and start <= regions[-1][1]:
            regions[-1] = (regions[-1][0], max(end, regions[-1][1]))
        else:
            regions.append((start, end))
    return regions


def _places(lowered: str, word: str) -> Iterator[tuple[int, int]]:
    alone = len(word) <= _A_WORD_ALONE and word.isascii()
    at = lowered.find(word)
    while at >= 0:
        around = lowered[max(0, at - 1) : at] + lowered[at + len(word) : at + len(word) + 1]
        if not (alone and any("a" <= one <= "z" for one in around)):
            yield at, len(word)
        at = lowered.find(word, at + len(word))


def _extent(text: str, match: re.Match[str]) -> tuple[int, int]:
    """The sentence that the match begins in, and what follows it."""
    first = max(0, match.start() - _LOOK_BEFORE)
    starts = [begin.end() for begin in _BEGINS.finditer(text, first, match.start() + 1)]
    start = max((one for one in starts if one <= match.start()), default=first)
    end = _ENDS.search(text, match.end(), min(len(text), start + LONGEST))
    return start, end.start() if end else max(match.end(), min(len(text), start + LONGEST))


def _raised(text: str, at: int, severity: int) -> int:
    hidden = _CONCEALED.search(text, max(0, at - _LOOK_BEFORE), at)
    return min(_HIGHEST, severity + _HIDDEN) if hidden and severity > _HINT else severity


def _merged(orders: list[Order]) -> Iterator[Order]:
    """Orders that overlap become one, as grave as the graver of them."""
    last: Order | None = None
    for order in sorted(orders, key=lambda one: (one.start, one.end)):
        if last is None or order.start >= last.end:
            if last is not None:
                yield last
            last = order
        else:
            graver = max(last, order, key=lambda one: one.severity)
            last = Order(last.start, max(last.end, order.end), graver.severity, graver.reason)
    if last is not None:
        yield last
