"""What a check took out of a page's text is in none of its lines and words; the rest stays in place."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from prudent.server.read_pages import with_text
from prudent.types.reading import TextLine, TextPage, TextWord

CORNERS = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
SECRET = "s3cret@mail.example"
MARK = "[EMAIL]"


def _page(rows: list[list[str]]) -> TextPage:
    """Rows of cells; spaces part the words of a cell."""
    lines, text = list[TextLine](), ""
    for row, cells in enumerate(rows):
        text += "\n" if row else ""
        for column, cell in enumerate(cells):
            text += "\t" if column else ""
            words = [TextWord(text=word, confidence=1.0, polygon=CORNERS) for word in cell.split()]
            lines.append(TextLine(text=cell, offset=len(text), paragraph=0, polygon=CORNERS, words=words))
            text += cell
    return TextPage(text=text, lines=lines, width=10, height=10)


_WORDS = st.sampled_from(["the", "invoice", "of", "Ann", SECRET, "12.50", f"<{SECRET}>"])
_CELLS = st.lists(_WORDS, min_size=1, max_size=5).map(" ".join)
_ROWS = st.lists(st.lists(_CELLS, min_size=1, max_size=3), min_size=1, max_size=6)


@settings(deadline=None)
@given(_ROWS)
def test_nothing_that_was_taken_out_is_left(rows: list[list[str]]) -> None:
    page = _page(rows)
    redacted = with_text(page, page.text.replace(SECRET, MARK))
    assert SECRET not in redacted.model_dump_json()
    assert redacted.text == page.text.replace(SECRET, MARK)
    for line in redacted.lines:
        assert redacted.text[line.offset : line.offset + len(line.text)] == line.text
    untouched = [word for line in page.lines for word in line.words or () if SECRET not in word.text]
    assert [word for line in redacted.lines for word in line.words or ()] == untouched


def test_a_text_that_stays_is_the_same_page() -> None:
    page = _page([["one two"]])
    assert with_text(page, page.text) is page


def test_a_blocked_page_has_no_lines() -> None:
    page = _page([["one two", "three"], ["four"]])
    emptied = with_text(page, "")
    assert emptied.text == ""
    assert emptied.lines == []


def test_what_lies_over_two_lines_is_in_neither() -> None:
    page = _page([["call me at +1 555"], ["010 9999 tonight"]])
    redacted = with_text(page, "call me at [PHONE] tonight")
    assert [line.text for line in redacted.lines] == ["call me at [PHONE]", " tonight"]
    words = [word.text for line in redacted.lines for word in line.words or ()]
    assert words == ["call", "me", "at", "tonight"]
