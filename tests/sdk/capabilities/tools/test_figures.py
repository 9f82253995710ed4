"""Numbers that a request names, in digits and in words, in a text of any script."""

from __future__ import annotations

import pytest

from prudent.capabilities.tools.grounding import Evidence


@pytest.mark.parametrize("text", ["", "奥斯陆现在多少度？", "12 月 3 日", "...", "one"])
def test_a_text_with_few_words_or_none_has_figures_all_the_same(text: str) -> None:
    assert isinstance(Evidence(text).figures, tuple)


def test_digits_are_found_between_chinese_characters() -> None:
    assert {12.0, 3.0} <= Evidence("12月3日有多少人？").numbers
