"""Number plates of vehicles in China, by form: province, office, five or six signs (GA 36-2018).

Knows no check. It is not told by words, so plates of other countries, which look like any code, are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE = re.compile(
    rf"[{_PROVINCES}][A-HJ-NP-Z][·・•.\- ]?(?=[A-Z]{{0,4}}[0-9])[A-HJ-NP-Z0-9]{{4,5}}[A-HJ-NP-Z0-9挂学警港澳]"
    r"(?![0-9A-Za-z])"
)


def number_plates(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of number plates in canonical text."""
    for match in _PLATE.finditer(text):
        yield match.span()
