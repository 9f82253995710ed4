"""Number plates of vehicles in China, by form: province, office, five or six signs (GA 36-2018).

Knows no check. It is not told by words, so plates of other countries, which look like any code, are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE = re.compile(
    rf"[{_PROVINCES}][A-HJ-NP-Z][·・•.\- ]?[A-HJ-NP-Z0-9]{{4,5}}[A-HJ-NP-Z0-9挂学警港澳]"
    r"(?![0-9A-Za-z])"
)
_TELLING = re.compile("[0-9·・•]")
"""What most plates have, and words in capitals after a province's sign have not."""
_BEFORE = 8
_NAMED = re.compile("(?:车牌|車牌|号牌|车号|牌照)[号是为:：]{0,3} ?$")


def number_plates(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of number plates in canonical text."""
    for match in _PLATE.finditer(text):
        named = _NAMED.search(text, max(0, match.start() - _BEFORE), match.start())
        if named or _TELLING.search(match[0]):
            yield match.span()
