"""Server-sent events, cut anywhere."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from prudent.client.sse import EventDecoder, ServerEvent

STREAM = (
    'data: {"a": "é世界😀"}\n\nevent: note\r\ndata: x\rdata:y\n\n: a comment\n\ndata: [DONE]\r\n\r\n'.encode()
)
EVENTS = [ServerEvent('{"a": "é世界😀"}'), ServerEvent("x\ny", "note"), ServerEvent("[DONE]")]


def _decode(chunks: list[bytes]) -> list[ServerEvent]:
    decoder = EventDecoder()
    return [event for chunk in chunks for event in decoder.feed(chunk)]


def test_events_are_read() -> None:
    assert _decode([STREAM]) == EVENTS


def test_events_are_the_same_byte_by_byte() -> None:
    assert _decode([bytes([byte]) for byte in STREAM]) == EVENTS


@given(st.lists(st.integers(0, len(STREAM))))
def test_events_are_the_same_wherever_the_bytes_are_cut(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    assert _decode([STREAM[a:b] for a, b in itertools.pairwise(edges)]) == EVENTS


def test_an_event_that_was_not_closed_is_not_given() -> None:
    assert _decode([b"data: half"]) == []


@given(st.binary())
def test_any_bytes_are_taken(data: bytes) -> None:
    _decode([data])


@given(st.lists(st.text().filter(lambda text: "\r" not in text), min_size=1))
def test_what_is_written_is_read(texts: list[str]) -> None:
    written = "".join("".join(f"data: {line}\n" for line in text.split("\n")) + "\n" for text in texts)
    assert [event.data for event in _decode([written.encode()])] == texts
