"""Which sentences of an answer claim something that documents could support. English and Chinese."""

from __future__ import annotations

import re

from prudent_responsible_ai.grounding.words import telling, words

_FEWEST_WORDS = 2
_SHORT = 3
_SHORT_WITHOUT_MARK = 12
_HAN_A_WORD = 2
_HAN = re.compile(r"[\u3400-\u9fff]")
_FINAL = re.compile(r"[.!?。！？]['\"”’)\]]*\s*\Z")
_QUESTION = re.compile(r"[?？]['\"”’)\]]*\s*\Z")
_LEAD = re.compile(r"[:：]\s*\Z")
_NO_CLAIM = re.compile(
    r"\A\W*(?:"
    r"(?:hi|hello|hey|sure|certainly|of course|absolutely|great question|thank(?:s| you)"
    r"|you(?:'re| are) welcome|good (?:morning|afternoon|evening)|no problem)\b.{0,60}\Z"
    r"|(?:i(?:'m| am) (?:sorry|afraid|glad|happy|an ai|not able|unable)|sorry\b|unfortunately,? i"
    r"|i (?:can(?:not|'t)|could(?: not|n't)|won't|will not|do(?: not|n't) (?:know|have)|hope|apologi[sz]e"
    r"|would be happy))"
    r"|(?:please )?let me (?:know|check|see)|hope (?:this|that) helps|feel free"
    r"|if you (?:have|need|want|would like)\b"
    r"|(?:the|this|these|your) (?:document|context|text|passage|article|page|source)s? "
    r"(?:do(?:es)? not|do(?:es)?n't) (?:say|mention|state|specify|provide|contain|include|tell)"
    r"|(?:你好|您好|嗨|好的|当然|谢谢|不客气|没问题|请问).{0,12}\Z"
    r"|很?抱歉|对不起|不好意思|我(?:无法|不能|不知道|不清楚)|希望(?:这|以上|对)"
    r"|如果(?:您|你)(?:还|需要|想|有)|请(?:随时|告诉)"
    r"|(?:文档|文件|资料|上下文|文中|原文|文章)[里中]?(?:并?没有|未)(?:提到|提及|说明|给出|包含)"
    r")",
    re.IGNORECASE | re.DOTALL,
)


def makes_claim(sentence: str) -> bool:
    """False for questions, greetings, offers, refusals, and for what says that the documents do not say."""
    text = sentence.strip().replace("’", "'")
    if _QUESTION.search(text) or _LEAD.search(text) or _NO_CLAIM.match(text):
        return False
    return len(telling(words(text))) >= _FEWEST_WORDS or any(map(str.isdigit, text))


def is_short_answer(sentence: str) -> bool:
    """Whether a text says something only together with its question: a few words, or no sentence at all."""
    text = sentence.strip()
    size = len(telling(words(text)))
    if _HAN.search(text):
        size = (size + 1) // _HAN_A_WORD
    return size <= _SHORT or (size <= _SHORT_WITHOUT_MARK and not _FINAL.search(text))
