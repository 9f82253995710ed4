"""The patterns of stereotypes and of requests for a decision about a person, in English and Chinese.

Patterns alone; what a finding leads to is the check's and the policy's. Made without looking at any test set.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from prudent_responsible_ai.identity.lexicon import (
    chinese_pattern,
    mentions,
    plural_pattern,
    singular_pattern,
)

_TRAITS = (
    "lazy|greedy|stupid|dumb|dirty|violent|dangerous|aggressive|emotional|hysterical|weak|submissive|"
    "bossy|nagging|"
    "stingy|cheap|dishonest|untrustworthy|criminals?|thieves|terrorists?|illiterate|uneducated|primitive|"
    "backward|uncivili[sz]ed|promiscuous|perverts?|drunks?|alcoholics?|rude|loud|smelly|inferior|superior|"
    "irrational|incompetent|unreliable|fragile|helpless|senile|useless|slow|forgetful|crazy|insane|"
    "bad at|good at math|bad drivers?|terrible drivers?|worse at|better at|poor at|gold diggers?|"
    "not (?:very )?(?:smart|bright|intelligent|clever|capable|trustworthy)|less (?:intelligent|capable|"
    "competent)|"
    "always late|tech[- ]illiterate|sneaky|cunning|arrogant|hot[- ]tempered|good for nothing"
)
_ALL = r"(?:all|every|most|typical|any|those|these)\s+(?:of\s+)?(?:the\s+|those\s+|these\s+)?"
_ADVERB = (
    r"(?:all|always|never|just|only|naturally|inherently|innately|simply|generally|usually|typically|"
    r"mostly|by nature|born)"
)
_CANNOT = (
    r"(?:can(?:'t|not|’t)|can not|should(?:n't| not)|never|don't know how to|do not know how to|don't "
    r"deserve|"
    r"belong in|belong at home|only care about|only want|are only good for|have no)"
)
_APART = re.compile(
    r"\b(?:stereotyp\w*|myths?|false|untrue|not true|wrong|incorrect|not all|no evidence|prejudice\w*|biased|"
    r"misconceptions?|generali[sz]\w*|harmful|unfair|not fair|discriminat\w*|racist|sexist|don't "
    r"(?:think|believe)|"
    r"do not (?:think|believe)|equal\w*|rights?|regardless|diverse|differ\w*|welcome|eligible|entitled|"
    r"invited)\b",
    re.IGNORECASE,
)
"""Words of a sentence that speaks about a stereotype, or of equal treatment."""

_ZH_TRAITS = (
    "懒|笨|蠢|小气|抠门|情绪化|歇斯底里|暴力|危险|肮脏|不讲卫生|不可靠|不可信|骗子|小偷|罪犯|恐怖分子|没文化|"
    "素质低|落后|野蛮|低人一等|无能|没用|糊涂|固执|拜金|花心|粗鲁|开不好车|不擅长|学不好|不聪明|靠不住|"
    "爱占便宜|狡猾"
)
_ZH_ADVERB = "都|总是|就是|天生|本来就|从来|一般都|普遍|只会|只配|不会|不能|不该|不应该|不配|永远|就应该|就该"
_ZH_APART = re.compile(
    "偏见|刻板印象|并不|不是所有|并非|不对|错误|歧视|平等|权利|都有权|都应该|都可以|都能|误解|不公平|"
    "不真实|以偏概全"
)

_SENTENCE = re.compile(r"[^.!?。！？\n]{1,2000}[.!?。！？\n]?")

_SURE, _TRAIT, _BARE = 5, 4, 2
"""Severities: a trait ascribed to all of a group; a trait; a generalisation without one."""


@dataclass(frozen=True, slots=True)
class Stereotype:
    """A sentence [start, end) that generalises over a group of people."""

    start: int
    end: int
    severity: int
    reason: str


def stereotypes(text: str) -> list[Stereotype]:
    """Sentences that say of a group what its members are like. Those that reject such a saying are not."""
    found: list[Stereotype] = []
    for sentence in _SENTENCE.finditer(text):
        severity = _severity(sentence[0])
        if severity:
            kind = "a trait" if severity >= _TRAIT else "something"
            reason = f"says {kind} of a whole group of people"
            first = sentence.start() + len(sentence[0]) - len(sentence[0].lstrip())
            found.append(Stereotype(first, sentence.end(), severity, reason))
    return found


def _severity(sentence: str) -> int:
    if not mentions(sentence) or _APART.search(sentence) or _ZH_APART.search(sentence):
        return 0
    return max((severity for pattern, severity in _patterns() if pattern.search(sentence)), default=0)


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[re.Pattern[str], int], ...]:
    group, one, zh = plural_pattern(), singular_pattern(), chinese_pattern()
    verb = r"(?:are|is|were|act|seem|tend to be)"
    english = (
        (rf"\b{_ALL}{group}\s+{verb}\s+(?:\w+\s+){{0,3}}?(?:{_TRAITS})\b", _SURE),
        (rf"\b{group}\s+{verb}\s+(?:\w+\s+){{0,3}}?(?:{_TRAITS})\b", _TRAIT),
        (
            rf"\b(?:all|every|most)\s+(?:the\s+)?{group}\s+(?:are|do|love|like|hate|want|steal|lie|cheat|"
            rf"smell|drink)\b",
            _BARE,
        ),
        (rf"\b(?:{_ALL})?{group}\s+{_CANNOT}\b", _TRAIT),
        (rf"\b{group}\s+{verb}\s+{_ADVERB}\b", _BARE),
        (
            rf"\bbecause\s+(?:he|she|they|you)(?:['’](?:s|re)|\s+(?:is|are|was|were))\s+(?:an?\s+)?{one}\b",
            _BARE,
        ),
    )
    chinese = (
        (rf"(?:{zh})们?[^，。！？\n]{{0,4}}(?:{_ZH_ADVERB})[^，。！？\n]{{0,8}}(?:{_ZH_TRAITS})", _SURE),
        (rf"(?:所有|大多数|大部分|凡是)的?(?:{zh})[^，。！？\n]{{0,8}}(?:{_ZH_TRAITS})", _SURE),
        (rf"(?:{zh})们?(?:很|太|真|非常|比较)?(?:{_ZH_TRAITS})", _TRAIT),
        (rf"(?:{zh})们?(?:天生|本来就|只会|只配|不配|就应该|就该|永远)", _TRAIT),
        (rf"(?:所有|大多数|大部分|凡是)的?(?:{zh})们?都", _BARE),
    )
    compiled = ((re.compile(pattern, re.IGNORECASE), severity) for pattern, severity in english)
    return (*compiled, *((re.compile(pattern), severity) for pattern, severity in chinese))


_PERSON = (
    r"(?:him|her|them|this (?:person|man|woman|candidate|applicant|employee|patient|tenant|defendant|"
    r"student|customer)|"
    r"the (?:candidate|applicant|employee|patient|tenant|defendant|student|customer|person|borrower)|"
    r"[A-Z][\w'-]+|"
    r"an? [\w -]{2,60}|me)"
)
_APPLIED_FOR = (
    "loans?|credit|mortgage|visa|asylum|citizenship|residence permit|scholarship|benefits|grant|job|position|"
    "post|flat|apartment|licen[cs]e"
)
_DECIDE = (
    r"\b(?:should (?:we|i|they|the \w+)\b[^.?!\n]{0,20}\b"
    r"(?:approve|accept|grant|give|deny|reject|refuse|hire)|"
    r"decide\b|(?:approve|accept|deny|reject|refuse|grant) (?:or\b|it\b|her\b|him\b|them\b)|"
    r"(?:answer|say) (?:with )?yes or no)"
)
"""Words that ask for a decision which an earlier sentence has told the subject of."""
_DECISIONS = (
    (
        "hiring",
        rf"\b(?:hire|employ|recruit|shortlist|interview)\s+{_PERSON}|\bhiring decision\b|\b(?:score|rate|"
        rf"rank|evaluate|assess|screen)\s+(?:\w+\s+){{0,3}}(?:candidates?|applicants?|resumes?|cvs?)\b",
    ),
    (
        "promotion",
        rf"\b(?:promote|fire|dismiss|lay off)\s+{_PERSON}|\b(?:promotion|raise|salary|"
        rf"bonus)\b[^.?!\n]{{0,60}}\?|\bdeserves? (?:a |the )?(?:promotion|raise|bonus)\b",
    ),
    (
        "lending",
        r"\b(?:approve|grant|give|deny|reject|refuse)\b[^.?!\n]{0,60}\b(?:loan|credit|mortgage|card)\b|"
        r"\bcredit ?(?:score|limit|worth\w*)\b|\blend\b[^.?!\n]{0,40}\bto\b|\beligible for (?:a |the "
        r")?(?:loan|credit|mortgage)",
    ),
    (
        "admission",
        rf"\b(?:admit|accept|enrol?l)\s+{_PERSON}|\badmissions? decision\b|\b(?:be|get) admitted\b",
    ),
    (
        "renting",
        r"\b(?:rent|lease|let)\b[^.?!\n]{0,60}\bto\b|\b(?:tenant|rental) (?:application|screening)\b|"
        r"\b(?:accept|approve|reject)\b[^.?!\n]{0,40}\btenants?\b",
    ),
    (
        "diagnosis",
        r"\b(?:diagnos\w+|triage|prescri\w+|treatment)\b[^.?!\n]{0,80}\?|\b(?:what|"
        r"which)\b[^.?!\n]{0,40}\b(?:diagnosis|treatment|dose)\b|\bdiagnose\b",
    ),
    (
        "sentencing",
        r"\b(?:sentenc(?:ed|ing)|(?:prison|jail|life|custodial) sentence|bail|parole|recidivis\w+|"
        r"reoffend\w*|guilty)\b|"
        r"\bsentence\s+(?:should|would|for|him|her|them|(?:the|this) (?:defendant|man|woman))\b",
    ),
    ("insurance", r"\b(?:insure|underwrite|premium|insurance (?:rate|quote|application|claim))\b"),
    (
        "application",
        rf"\b(?:appl(?:y|ies|ied|ying)|asks|asked|application|request(?:s|ed)?|wants)\b[^\n]{{0,40}}?"
        rf"\b(?:{_APPLIED_FOR})\b[^\n]{{0,200}}?{_DECIDE}|"
        rf"\b(?:process|decide|review|assess|evaluate|approve|reject|deny)\b[^.?!\n]{{0,40}}\b"
        rf"(?:{_APPLIED_FOR})\s+(?:application|request)s?\b|"
        rf"\b(?:get|given?|granted?)\b[^.?!\n]{{0,20}}\b(?:{_APPLIED_FOR})\b[^\n]{{0,100}}?{_DECIDE}",
    ),
)
_ZH_DECISIONS = (
    (
        "hiring",
        r"(?:该不该|是否|要不要|应不应该|可以|能否|应该|会|决定)[^。！？\n]{0,15}(?:录用|聘用|雇用|雇佣|"
        r"招聘|面试|录取进公司)|(?:录用|聘用|招聘)[^。！？\n]{0,10}(?:吗|建议|决定|评分|打分)|"
        r"给[^。！？\n]{0,10}(?:候选人|应聘者|求职者)[^。！？\n]{0,6}(?:打分|评分)|"
        r"简历[^。！？\n]{0,10}(?:打分|评分|筛选)",
    ),
    (
        "promotion",
        r"(?:该不该|是否|要不要|应该|会)[^。！？\n]{0,15}(?:晋升|提拔|升职|加薪|辞退|解雇|裁掉)|(?:晋升|"
        r"提拔|升职|加薪|辞退|解雇)[^。！？\n]{0,10}(?:吗|建议|决定)",
    ),
    (
        "lending",
        r"(?:批准|通过|拒绝|发放|给)[^。！？\n]{0,20}(?:贷款|信用卡|房贷)|(?:贷款|房贷|"
        r"信用)[^。！？\n]{0,10}(?:批准|通过|拒绝|评分|额度)",
    ),
    (
        "admission",
        r"(?:该不该|是否|要不要|应该|能否)[^。！？\n]{0,15}(?:录取|招收)|录取[^。！？\n]{0,10}(?:吗|"
        r"建议|决定)",
    ),
    ("renting", r"(?:租给|出租给|房子租)[^。！？\n]{0,25}|(?:租客|租户)[^。！？\n]{0,15}(?:吗|合适|审核)"),
    ("diagnosis", r"(?:诊断|用药|治疗方案|分诊)[^。！？\n]{0,15}"),
    ("sentencing", r"(?:判刑|量刑|保释|假释|再犯|有罪)"),
    ("insurance", r"(?:承保|保费|投保|核保)"),
    (
        "application",
        r"(?:申请|应聘|求职|贷款|签证|奖学金|补助)[^\n]{0,60}"
        r"(?:是否|要不要|该不该|能不能|应不应该|应该|可以|决定)[^。！？\n]{0,6}"
        r"(?:批准|批|通过|同意|录用|接受|拒绝|给予|授予|发放)",
    ),
)


@lru_cache(maxsize=1)
def _decision_patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    english = ((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _DECISIONS)
    return (*english, *((kind, re.compile(pattern)) for kind, pattern in _ZH_DECISIONS))


def decisions(text: str) -> Iterator[str]:
    """Kinds of decision about a person that the text asks for."""
    seen: set[str] = set()
    for kind, pattern in _decision_patterns():
        if kind not in seen and pattern.search(text):
            seen.add(kind)
            yield kind
