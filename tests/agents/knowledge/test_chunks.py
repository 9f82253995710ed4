"""Passages cover a document without overlap, end with sentences, and know heading, page and time."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from prudent_agents.knowledge.chunks import Chunk, cut, weight
from prudent_agents.knowledge.extraction.extracted import Extracted, Heading, Mark
from prudent_agents.knowledge.extraction.plain import read_markdown

TEXTS = st.text(
    st.one_of(st.sampled_from(" \n\n.。!?、，#a中文字\t"), st.characters(codec="utf-8")), max_size=600
)


@given(TEXTS, st.integers(4, 60))
@settings(max_examples=80, deadline=None)
def test_passages_leave_out_white_space_only(text: str, tokens: int) -> None:
    chunks = cut(Extracted(text, "text"), tokens=tokens)
    spans = [(0, 0), *((chunk.start, chunk.end) for chunk in chunks), (len(text), len(text))]
    for (_, before), (start, _) in itertools.pairwise(spans):
        assert before <= start
        assert text[before:start].strip() == ""
    for chunk in chunks:
        passage = text[chunk.start : chunk.end]
        assert passage == passage.strip() != ""
        assert weight(passage) <= tokens


def test_a_long_text_is_cut_at_the_ends_of_sentences() -> None:
    text = "The ferry leaves at nine. " * 60 + "船九点开。" * 200
    chunks = cut(Extracted(text, "text"), tokens=100)
    assert len(chunks) > 5
    assert {text[chunk.end - 1] for chunk in chunks} == {".", "。"}


def test_pieces_of_a_section_are_about_equally_long() -> None:
    chunks = cut(Extracted("One two three four. " * 55, "text"), tokens=256)
    lengths = [chunk.end - chunk.start for chunk in chunks]
    assert len(lengths) == 2
    assert max(lengths) < 1.2 * min(lengths)


def test_headings_begin_passages_and_are_known_with_those_above() -> None:
    document = read_markdown(
        b"# Guide\n\n## Travel\n\nBy rail.\n\n```\n# no heading\n```\n\n## Pay\n\nMonthly.\n", "guide.md"
    )
    chunks = cut(document)
    assert [chunk.heading for chunk in chunks] == ["Guide > Travel", "Guide > Pay"]
    assert document.text[chunks[1].start :].startswith("## Pay")
    assert document.title == "Guide"


def test_pages_part_passages_and_times_do_not() -> None:
    text = "First page.\n\nSecond page."
    pages = cut(Extracted(text, "pdf", marks=(Mark(0, page=1), Mark(13, page=2))))
    assert [(chunk.page, text[chunk.start : chunk.end]) for chunk in pages] == [
        (1, "First page."),
        (2, "Second page."),
    ]
    heard = cut(
        Extracted(text, "audio", marks=(Mark(0, seconds=1.5, until=3.0), Mark(13, seconds=4.0, until=6.5)))
    )
    assert heard == [Chunk(0, len(text), "", None, 1.5, 6.5)]


def test_a_heading_with_nothing_under_it_is_no_passage_of_its_own() -> None:
    document = Extracted("Top\nSub\nText.", "html", headings=(Heading(0, 1, "Top"), Heading(4, 2, "Sub")))
    assert cut(document) == [Chunk(0, 13, "Top > Sub")]
