"""The words of conditions, in English and Chinese, as patterns. Knows no request and decides nothing."""

from __future__ import annotations

import re

_ENGLISH = (
    r"(?:if and only if|if|unless|in case(?: that| of)?|on (?:the )?condition that|in the event (?:that|of)"
    r"|provided(?: that)?(?= (?:that|it|the|there|this|he|she|they|no|any|all|my|our|[A-Z])\b)"
    r"|(?:providing|assuming)(?: that)?(?= (?:that|it|there)\b)|as long as|so long as|whenever|only when"
    r"|as soon as|once(?= (?!(?:an?|per|every|each|more|again|in|to|for|at|on|and|or)\b)))"
)
_CHINESE = (
    r"(?:如果|(?<![主重只需还])要是|假如|假若|假使|假设|倘若|倘使|(?<![\u3400-\u9fff])若是|(?<![\u3400-\u9fff])若(?!干)"
    r"|除非|(?<![\u3400-\u9fff])只要|万一|一旦|(?<![\u3400-\u9fff])只有"
    r"|(?<![\u3400-\u9fff])当(?=[^，,。]{2,30}(?:时|的时候)[，,]))"
)
_LEAD = r"(?:(?:and|then|but|also|so|now|next|finally|please|ok|okay|hi|hello|hey)[, ]\s*)*"
NEGATED = ("unless", "除非")
CONDITIONAL = re.compile(
    rf"\b{_ENGLISH}\s|\b(?:if|unless)$"
    rf"|^\s*{_LEAD}(?:when\s(?!is|are|was|were|do|does|did|will|can|could|should|would|has|have)"
    r"|should (?=it|the|there|[A-Z]))"
    rf"|{_CHINESE}|的话(?=[，,])",
    re.IGNORECASE,
)
"""Where a condition begins."""
BEFORE = re.compile(rf"^\s*{_LEAD}(?P<word>{_ENGLISH}|when|should)\s+(?P<rest>\S.*)$", re.IGNORECASE)
AFTER = re.compile(
    rf"^(?P<action>.*?\S),?\s+(?:but\s+)?(?:only\s+)?(?P<word>{_ENGLISH})\s+(?P<condition>\S.*)$",
    re.IGNORECASE,
)
CHINESE_BEFORE = re.compile(
    rf"^\s*(?:请|那么|那|然后|并且|但是|但|还有|另外|同时)?[，,]?(?P<word>{_CHINESE})?(?P<rest>\S.*)$"
)
CHINESE_AFTER = re.compile(rf"^(?P<action>.*?\S)[，,]\s*(?P<word>{_CHINESE})(?P<condition>[^，,]+)$")
END = re.compile(r"\s*[,:]\s*(?:then\s+)?(?=\S)|\s+then\s+(?=\S)", re.IGNORECASE)
"""What stands between a condition and what is to be done under it."""
GOES_ON = re.compile(
    r"(?:who|which|whose|whom|where|that|and|or|but|the|an?|is|are|was|were|has|have|does|did|in|on|at|of|not"
    r"|both|either|my|our|his|her|its|their|for example|e\.g\.|i\.e\.)\b|(?-i:[A-Z])",
    re.IGNORECASE,
)
"""How the words after a comma begin where the condition goes on, or may."""
CHINESE_ENDS = (
    re.compile(r"[，,：:]\s*(?:那么|那就|则|就(?![说好行算是]))(?=\S)"),
    re.compile(r"[，,：:]\s*(?:那么?|就|便|才|否则)?(?=\S)"),
    re.compile(r"(?:那么|那就|就|则)(?=\S)"),
)
"""The same, from the surest to the least sure."""
OF_THE_CONDITION = re.compile(r"(?:的话|的时候|的情况下|时)$")
ELSE = re.compile(
    r"\s*[,;，；]\s*(?:(?:and|or|but)\s+)?(?:(?:otherwise|else|if not)\b|否则|不然的话|要不然|不然)"
    r"\s*[,，:：]?\s*(?=\S)",
    re.IGNORECASE,
)
STARTS_ELSE = re.compile(
    rf"\s*[,;，；]?\s*{_LEAD}(?:(?:otherwise|or else|else)\b|if not\s*(?=[,:])|否则|不然的话|要不然|不然"
    r"|(?:如果|要是)(?:不是|没有|否)(?=[，,]))"
    r"\s*[,，:：]?\s*",
    re.IGNORECASE,
)
LOOSE_ELSE = re.compile(r"\botherwise\b|否则", re.IGNORECASE)
POLITE_END = re.compile(
    r"\s*[,，]?\s*\b(?:please|thanks|thank you(?: very much| so much)?)[.!\s]*$|[，,]?谢谢[。！]*$",
    re.IGNORECASE,
)
BREAKS = re.compile(
    r"(?<=[.!?])\s+|(?<=[。！？])|\n+|[;；]\s*(?=(?:otherwise|if|else)\b|否则|如果)"
    r"|[,;]?\s+(?:and\s+|then\s+)?(?=if\s+(?:so|yes)\b[,:]?\s+\S|if\s+not\s*[,:])"
    r"|[，,；](?=(?:如果|要是)(?:是|不是|有|没有|否)(?:的话)?[，,])",
    re.IGNORECASE,
)
"""Where sentences end."""
ENDS_OPEN = re.compile(
    r"(?:[,，:：]|\b(?:if|unless|that|of|case|as|once|when|whenever))$|(?:如果|除非|只要)$", re.IGNORECASE
)
BULLET = re.compile(r"\s*(?:[-*•·]|\d{1,2}[.)、])\s+")
WHETHER = re.compile(
    r"\b(?:check(?: with \w+)?|see|know|say|tell (?:me|us)|asks?(?: \w+)?|(?:find|figure) out|(?:un)?sure"
    r"|wonder(?:ing)?|determine|decide|verify|confirm|remember|matters?|depends on|look(?: up)?|as|even|what"
    r"|only|test|learn)$|(?:即使|看看|问问|告诉我|知道)$",
    re.IGNORECASE,
)
"""How the words before an `if` end that means whether, or is another word's."""
WHETHER_CLAUSE = re.compile(
    r"\b(?:whether|if)\s+(?P<clause>\S.*)$|^(?P<chinese>.*(?:是否|是不是|有没有).*)$", re.IGNORECASE
)
MANNERS = re.compile(
    r"(?:(?:at all )?possible|necessary|needed|required|appropriate|desired|applicable)"
    r"(?=$|[,.!]|\s+(?:by|with|in|at|on|for|from|to|before|after|via|using)\b)"
    r"|you (?:could|would|will|please|like|want|wish|prefer|must|have to|need|don't mind)\b"
    r"|you can(?!not|'t)(?=$|[,.!]|\s+(?!find|see|get|reach|confirm|verify|afford|still))|any(?=$|[,.!])",
    re.IGNORECASE,
)
"""Conditions that nothing can be read for."""
IN_ORDER = re.compile(
    r"(?:you|i|we)(?:'re| are|'ve| have| had)?\b"
    r"|(?:(?:that|this|it|all|everything)(?:'s| is| has been| are) )?(?:done|finished|ready|complete)\b",
    re.IGNORECASE,
)
"""What follows `once` or `when` where it tells only what comes first."""
TIMES = ("once", "when", "whenever", "as soon as", "only when")
POINTS_BACK = re.compile(
    r"^(?:it|they|that|this|he|she|these|those)?\s*(?:is|are|was|were|does|do|did|has|have)?$", re.IGNORECASE
)
NO_ACTION = re.compile(r"\b(?:and|or|but|then|(?<!say )(?<!do )so|also|please|in|on|at)$", re.IGNORECASE)
"""How words end that are not all of what is to be done."""
LOOKED_UP = re.compile(r"^(?:请|帮我|麻烦)*(?:[查看问]一?[下查看问]|确认一?下?|检查一?下?)")
ANSWERED_BEFORE = re.compile(
    r"^(?:so|yes|true|that is (?:so|the case|true)|it is (?:so|true)|是|有|是的|是这样)$", re.IGNORECASE
)
YES = re.compile(r"\s*(?:y|true\b|it (?:is|does)\b|they (?:are|do)\b|[是对有会好嗯])", re.IGNORECASE)
