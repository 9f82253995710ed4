"""Citations of an answer are held against the passages that were retrieved, in English and Chinese."""

from __future__ import annotations

import pytest
from word_vectors import WordVectors

from prudent_agents.knowledge import Passage, check_citations

TRIPS = Passage(
    number=1, document="travel.pdf", title="Travel", start=100, end=145, page=3,
    text="Trips above 500 EUR need an approval in writ.",
)  # fmt: skip
MEETING = {"number": 2, "text": "公司每周五下午四点开例会。", "document": "zh.txt", "start": 0, "end": 13}


def test_each_sentence_knows_its_passages() -> None:
    answer = "Trips need an approval [1]. The meeting is on Friday.[2] Good luck!"
    checked = check_citations(answer, [TRIPS, MEETING])
    assert [(answer[one.start : one.end], one.passage.number) for one in checked.found] == [
        ("Trips need an approval [1].", 1),
        ("The meeting is on Friday.[2]", 2),
    ]
    assert [answer[start:end] for start, end in checked.uncited] == ["Good luck!"]
    assert checked.sound
    assert checked.references == ["[1] Travel, page 3, characters 100-145", "[2] zh.txt, characters 0-13"]


@pytest.mark.parametrize(
    ("answer", "numbers", "unknown"),
    [
        ("会议在周五【2】。出差要批准［1］。", [2, 1], []),
        ("Both [1, 2].", [1, 2], []),
        ("Both [1-3].", [1, 2], [3]),
        ("None [7][7].", [], [7]),
        ("In 2019 [sic] nothing.", [], []),
        ("", [], []),
    ],
)
def test_markers_of_any_form(answer: str, numbers: list[int], unknown: list[int]) -> None:
    checked = check_citations(answer, [TRIPS, MEETING])
    assert [one.passage.number for one in checked.found] == numbers
    assert checked.unknown == unknown
    assert checked.sound == (bool(numbers) and not unknown)


def test_quotations_are_found_word_for_word_or_said_to_be_missing() -> None:
    right = check_citations('It says "500 EUR need  an approval" [1].', [TRIPS])
    (quote,) = right.found[0].quotes
    assert (quote.start, quote.end) == (112, 136)
    assert TRIPS.text[quote.start - 100 : quote.end - 100] == "500 EUR need an approval"
    wrong = check_citations("It says “trips below 500 EUR are free” [1].", [TRIPS])
    assert [one.text for one in wrong.misquoted] == ["trips below 500 EUR are free"]
    assert not wrong.sound


def test_what_a_search_gives_can_be_cited(tmp_path) -> None:
    from prudent_agents.knowledge import KnowledgeBase

    with KnowledgeBase(tmp_path / "kb.db", WordVectors()) as kb:  # pyright: ignore[reportArgumentType]
        kb.add_text("a", "The ferry takes forty minutes.")
        found = [passage.brief() for passage in kb.search("ferry")]
    assert check_citations("Forty minutes [1].", found).sound
