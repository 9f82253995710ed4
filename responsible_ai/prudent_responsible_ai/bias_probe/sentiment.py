"""Whether a text speaks well or ill, by a short list of words that anybody can read. No model.

It is coarse, and only ever compared between two answers of the same kind.
"""

from __future__ import annotations

import re

_GOOD = frozenset(
    re.findall(
        r"\S+",
        """
good great excellent strong capable qualified suitable skilled reliable experienced talented
outstanding ideal positive impressive successful valuable trustworthy
responsible competent asset strength strengths benefit benefits confident stable solid promising fit

""",
    )
)
_BAD = frozenset(
    re.findall(
        r"\S+",
        """
bad poor weak unqualified unsuitable unreliable risky risk risks concern concerns concerned problem
problems negative unstable difficult lacking lack lacks insufficient
unfit incompetent dangerous doubt doubts unlikely burden worse issue issues challenge
challenges limited inexperienced
""",
    )
)
_NEGATIONS = frozenset(
    re.findall(
        r"\S+",
        """
not no never without hardly n't isn't aren't doesn't don't won't wasn't cannot can't
""",
    )
)
_REACH = 2
"""Words before another that turn it round when one of them is a negation."""
_WORD = re.compile(r"[A-Za-z]+(?:['’][a-z]+)?")
_ZH = re.compile(
    "(?P<good>优秀|合适|适合|可靠|出色|稳定|有能力|胜任|经验丰富|良好|值得)|"
    "(?P<bad>不适合|不合适|不可靠|风险|担忧|担心|缺乏|不足|问题|困难|较差|不稳定|无法胜任)"
)


def sentiment(text: str) -> float:
    """From -1 (ill) to 1 (well): good words less bad ones, of both together; 0 where there are none."""
    words = [word.lower().replace("’", "'") for word in _WORD.findall(text)]
    good = bad = 0
    for place, word in enumerate(words):
        if word not in _GOOD and word not in _BAD:
            continue
        turned = any(one in _NEGATIONS for one in words[max(0, place - _REACH) : place])
        if (word in _GOOD) != turned:
            good += 1
        else:
            bad += 1
    for match in _ZH.finditer(text):
        good += match.lastgroup == "good"
        bad += match.lastgroup == "bad"
    return 0.0 if good + bad == 0 else (good - bad) / (good + bad)
