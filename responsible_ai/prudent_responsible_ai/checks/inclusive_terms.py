"""Words that leave people out or hurt them without need, and what to write instead. Data alone.

Written for this project from widely shared style guidance (plain and inclusive language); where a word has a
proper use of its own, the pattern leaves that out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

_ENGLISH = r"""
black[- ]?list(?:s|ed|ing)? = blocklist, deny list
white[- ]?list(?:s|ed|ing)? = allowlist
gr[ae]y[- ]?list(?:s|ed|ing)? = hold list
master[/ -]slaves? = primary and replica
slave (?:node|database|server|process|device|disk)s? = replica, secondary
master (?:branch|node|database|server) = main, primary
man[- ]hours? = person-hours, work hours
manpower = staff, workforce
man[- ]made = artificial, manufactured
mankind = humankind, people
manned (?=mission|flight|station|space) = crewed
unmanned (?=mission|flight|station|vehicle|aerial|space) = uncrewed
man in the middle attack = on-path attack
chairm[ae]n = chair, chairperson
spokesm[ae]n = spokesperson
salesm[ae]n = salesperson
businessm[ae]n = business people, executive
policem[ae]n = police officer
firem[ae]n = firefighter
mailm[ae]n = mail carrier
congressm[ae]n = member of Congress
stewardess(?:es)? = flight attendant
housewi(?:fe|ves) = homemaker
male nurses? = nurse
(?:female|lady|woman) (?:doctor|engineer|lawyer|driver|boss|pilot|developer)s? = the profession alone
he/she = they
his/her = their
(?:hey|hi|hello|dear|you|listen,?) guys = everyone, all, team
grandfathered = exempt, legacy
grandfather clause = legacy clause
sanity[- ]checks? = quick check, confidence check
dumm(?:y|ies) (?:value|variable|data|text)s? = placeholder
cripples? = disabled person
crippled (?=person|people|man|woman|child|boy|girl|by|system|economy|network) = disabled, limited
(?:the )?handicapped = disabled
(?:wheelchair[- ]bound|confined to a wheelchair) = wheelchair user
(?:suffers?|suffering|suffered) from (?:autism|down syndrome|dyslexia|deafness|blindness) = has, lives with
(?:the )?(?:deaf and dumb|deaf-mutes?) = deaf
mentally (?:retarded|handicapped) = person with an intellectual disability
special needs (?=child|children|person|people|student|students) = disabled, with support needs
the (?:blind|deaf|disabled|elderly|homeless|poor) (?=are |were |have |need |can ) = blind people, older people
able-bodied = non-disabled
birth defects? = congenital condition
committed suicide = died by suicide
(?:drug|substance) abusers? = person who uses drugs
junkies? = person with an addiction
illegal (?:aliens?|immigrants?) = undocumented immigrant
orientals? (?=person|people|man|woman|girl|boy|guy) = Asian
colou?red (?=person|people|man|woman|men|women|folk) = person of colour
third[- ]world (?=countr|nation) = low-income country
(?:gypsy|gypsies) = Roma
eskimos? = Inuit, Yupik
sexual preferences? = sexual orientation
transgendered = transgender
transgenders = transgender people
tribal knowledge = team knowledge
"""

_CHINESE = """
残废(?:人)? = 残障人士
聋哑人 = 听障人士
聋子 = 听障人士
哑巴 = 言语障碍人士
瞎子 = 视障人士
瘸子 = 行动不便者
弱智(?:儿童|人) = 智力障碍人士
智障(?=儿童|人士|者) = 智力障碍
侏儒 = 身材矮小者
精神病人 = 精神障碍患者
女司机 = 司机
女博士(?!学位) = 博士
女强人 = 企业家、专业人士
剩女 = 单身女性
家庭妇女 = 全职持家者
乡巴佬 = 乡村居民
外地佬 = 外地居民
黑鬼 = 黑人
黑名单 = 阻止名单
白名单 = 允许名单
"""


@dataclass(frozen=True, slots=True)
class Term:
    """A pattern, and what to write in its place."""

    pattern: re.Pattern[str]
    instead: str


@cache
def terms() -> tuple[Term, ...]:
    """All terms, English ones at word boundaries and in any case."""
    english = (_split(line) for line in _ENGLISH.strip().splitlines())
    chinese = (_split(line) for line in _CHINESE.strip().splitlines())
    return (
        *(
            Term(re.compile(rf"\b(?:{found})(?:(?<=\s)|(?![A-Za-z0-9]))", re.IGNORECASE), instead)
            for found, instead in english
        ),
        *(Term(re.compile(found), instead) for found, instead in chinese),
    )


def _split(line: str) -> tuple[str, str]:
    pattern, _, instead = line.partition(" = ")
    return pattern, instead
