"""Whether what an answer cites was retrieved, and where it is. Knows no model and no knowledge base.

It says that [2] points to a passage and that what stands in quotation marks is in it, word for word. Whether
the passage supports the sentence is the check `grounded`'s to say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from prudent_agents.knowledge.chunks import sentences
from prudent_agents.knowledge.results import Passage

_MARKER = re.compile(r"[\[【［]\s*(\d{1,3}(?:\s*[-–,，、;；]\s*\d{1,3})*)\s*[\]】］]")
_LEADING = re.compile(rf"\s*(?:{_MARKER.pattern}[\s.。]*)+")
_RANGE = re.compile(r"(\d{1,3})\s*[-–]\s*(\d{1,3})|(\d{1,3})")
_QUOTE = re.compile(r"“([^”]{1,2000})”|\"([^\"]{1,2000})\"|「([^」]{1,2000})」|«([^»]{1,2000})»")
_SHORTEST_QUOTE = 8
"""Characters; what is shorter is a name or a word that is meant otherwise."""
_SPACE = re.compile(r"\s+")
_WIDEST_RANGE = 20


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Quote(_Data):
    """Words in quotation marks, and where they are in the document; None: they are not in the passage."""

    text: str
    start: int | None = None
    end: int | None = None


class Citation(_Data):
    """A sentence of an answer, characters `start` to `end`, and a passage that it cites."""

    start: int
    end: int
    passage: Passage
    quotes: list[Quote] = []


class Citations(_Data):
    """What an answer cites. `unknown` are numbers of passages that were not retrieved.

    `uncited` are the sentences, as (start, end), that cite nothing.
    """

    found: list[Citation]
    unknown: list[int]
    uncited: list[tuple[int, int]]

    @property
    def misquoted(self) -> list[Quote]:
        """Quotations that are in none of the passages that their sentence cites."""
        right = {
            (one.start, quote.text) for one in self.found for quote in one.quotes if quote.start is not None
        }
        wrong: dict[str, Quote] = {}
        for one in self.found:
            for quote in one.quotes:
                if (one.start, quote.text) not in right:
                    wrong[quote.text] = quote
        return list(wrong.values())

    @property
    def sound(self) -> bool:
        """Whether something is cited, all of it was retrieved, and nothing is misquoted."""
        return bool(self.found) and not self.unknown and not self.misquoted

    @property
    def references(self) -> list[str]:
        """A line for each passage that is cited, in order of number: `[1] manual.pdf, page 3, ...`."""
        cited = {one.passage.number: one.passage for one in self.found}
        return [f"[{number}] {cited[number].place}" for number in sorted(cited)]


def check_citations(answer: str, passages: Sequence[Passage | Mapping[str, Any]]) -> Citations:
    """Hold the citations of an answer against the passages that were retrieved for it.

    A marker such as [1], [1, 3], [1-3] or 【1】 belongs to the sentence that it ends or follows.
    """
    read = [one if isinstance(one, Passage) else Passage.model_validate(one) for one in passages]
    retrieved = {passage.number: passage for passage in read}
    found: list[Citation] = []
    unknown: list[int] = []
    uncited: list[tuple[int, int]] = []
    for start, end in _claims(answer):
        sentence = answer[start:end]
        numbers = list(dict.fromkeys(n for match in _MARKER.finditer(sentence) for n in _numbers(match[1])))
        quotes = [next(filter(None, match.groups())) for match in _QUOTE.finditer(sentence)]
        for number in numbers:
            if number in retrieved:
                passage = retrieved[number]
                located = [_located(quote, passage) for quote in quotes if len(quote) >= _SHORTEST_QUOTE]
                found.append(Citation(start=start, end=end, passage=passage, quotes=located))
            elif number not in unknown:
                unknown.append(number)
        if not numbers:
            uncited.append((start, end))
    return Citations(found=found, unknown=unknown, uncited=uncited)


def _claims(answer: str) -> list[tuple[int, int]]:
    """Sentences with the markers behind them, without the space around them."""
    claims: list[list[int]] = []
    for start, end in sentences(answer, 0, len(answer)):
        leading = _LEADING.match(answer, start, end)
        if leading and claims:
            claims[-1][1] = leading.end()
            start = leading.end()
        if answer[start:end].strip():
            claims.append([start, end])
    trimmed: list[tuple[int, int]] = []
    for start, end in claims:
        text = answer[start:end]
        trimmed.append((start + len(text) - len(text.lstrip()), start + len(text.rstrip())))
    return trimmed


def _numbers(marker: str) -> list[int]:
    numbers: list[int] = []
    for match in _RANGE.finditer(marker):
        if match[3]:
            numbers.append(int(match[3]))
        else:
            first, last = int(match[1]), int(match[2])
            numbers += range(first, last + 1) if first <= last < first + _WIDEST_RANGE else (first, last)
    return numbers


def _located(quote: str, passage: Passage) -> Quote:
    """Where a quotation is, white space and an ellipsis at either end not counted."""
    words = re.split(r"\s+", _SPACE.sub(" ", quote).strip(" .…,。，"))
    match = re.search(r"\s+".join(map(re.escape, words)), passage.text)
    if match is None:
        return Quote(text=quote)
    if passage.changed or len(passage.text) != passage.end - passage.start:
        return Quote(text=quote, start=passage.start, end=passage.end)
    return Quote(text=quote, start=passage.start + match.start(), end=passage.start + match.end())
