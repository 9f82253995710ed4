"""Disguises are undone beside the text, offsets lead back, and plain text has no second view."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prudent_responsible_ai.undisguised import undisguised


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("k1ll th3m 4ll", "kill them all"),
        ("r3tard5", "retards"),
        ("$h1t, @ss", "shit, ass"),
        ("I h.a.t.e them", "I hate them"),
        ("so s t u p i d they are", "so stupid they are"),
        ("垃 圾 人", "垃圾人"),
        ("杀*光*他们", "杀光他们"),
        ("kіll уоu", "kill you"),
        ("ｋｉｌｌ", "kill"),
        ("k\u200bi\u200bl\u200bl", "kill"),
        ("l͓o͓v͓e", "love"),
        ("fuuuuck", "fuck"),
        ("killlll", "kill"),
    ],
)
def test_disguises_are_undone(text: str, plain: str) -> None:
    view = undisguised(text)
    assert view is not None
    assert view.text == plain
    assert view.original(0, len(plain))[0] == 0
    assert view.offsets is not None
    assert len(view.offsets) == len(plain)


@pytest.mark.parametrize(
    "text",
    [
        "A plain sentence, with commas - and dashes.",
        "Rooms 12 and 2001 on the 1st, 2nd and 3rd floor, 5kg at 7pm",
        "C++ and C#",
        "naïve café, coöperate",
        "привет, как дела",
        "今天的天气很好。",
        "我们用 Python 3 写代码。",
    ],
)
def test_what_is_written_plainly_has_no_second_view(text: str) -> None:
    assert undisguised(text) is None


def test_a_span_of_the_view_is_found_in_the_text() -> None:
    text = "They say: k.1.l.l and s.t.e.a.l now"
    view = undisguised(text)
    assert view is not None
    at = view.text.index("steal")
    start, end = view.original(at, at + len("steal"))
    assert text[start:end] == "s.t.e.a.l"


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_offsets_rise_and_stay_within_the_text(text: str) -> None:
    view = undisguised(text)
    if view is None:
        return
    assert view.offsets is not None
    assert len(view.offsets) == len(view.text)
    assert all(a < b for a, b in zip(view.offsets, view.offsets[1:], strict=False))
    assert all(0 <= offset < len(text) for offset in view.offsets)
