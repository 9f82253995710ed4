"""Stop strings under every way of cutting text into tokens."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from prudent.generation.text import Release, TextStream


class Pieces:
    """A decoder whose token i is the i-th piece; what is in `tail` comes at the end."""

    def __init__(self, pieces: list[str], tail: str = "") -> None:
        self._pieces = pieces
        self._tail = tail

    def push(self, token: int, /) -> str:
        return self._pieces[token]

    def finish(self) -> str:
        return self._tail


def run(pieces: list[str], stops: list[str], tail: str = "") -> tuple[list[Release], bool]:
    stream = TextStream(Pieces(pieces, tail), stops)
    releases: list[Release] = []
    for token in range(len(pieces)):
        releases.append(stream.push(token))
        if releases[-1].stopped:
            return releases, True
    releases.append(stream.finish())
    return releases, releases[-1].stopped


def first_stop(text: str, stops: list[str]) -> str | None:
    """The plain answer: read character by character, stop when any stop string is complete."""
    for end in range(1, len(text) + 1):
        starts = [end - len(stop) for stop in stops if text[:end].endswith(stop)]
        if starts:
            return text[: min(starts)]
    return None


letters = st.text("ab🙂", max_size=4)


@given(st.lists(letters, max_size=8), st.lists(st.text("ab🙂", min_size=1, max_size=4), max_size=3), letters)
def test_any_cut_into_tokens_gives_the_same_text(pieces: list[str], stops: list[str], tail: str) -> None:
    releases, stopped = run(pieces, stops, tail)
    expected = first_stop("".join(pieces) + tail, stops)
    assert stopped == (expected is not None)
    assert "".join(r.text for r in releases) == ("".join(pieces) + tail if expected is None else expected)


@given(st.lists(letters, max_size=8), st.lists(st.text("ab🙂", min_size=1, max_size=4), max_size=3))
def test_what_is_released_never_contains_or_ends_in_the_start_of_a_stop(
    pieces: list[str], stops: list[str]
) -> None:
    stream = TextStream(Pieces(pieces), stops)
    shown = ""
    for token in range(len(pieces)):
        release = stream.push(token)
        shown += release.text
        assert not any(stop in shown for stop in stops)
        if release.stopped:
            break
        taken = "".join(pieces[: token + 1])
        assert not any(
            taken.endswith(stop[:k]) and len(shown) > len(taken) - k
            for stop in stops
            for k in range(1, len(stop))
        )


@given(st.lists(letters, max_size=8), st.lists(st.text("ab🙂", min_size=1, max_size=4), max_size=3), letters)
def test_tokens_are_released_in_step_with_their_text(pieces: list[str], stops: list[str], tail: str) -> None:
    releases, stopped = run(pieces, stops, tail)
    shown = tokens = 0
    for release in releases:
        shown += len(release.text)
        tokens += release.tokens
        if not release.stopped:
            assert shown in (len("".join(pieces[:tokens])), len("".join(pieces) + tail))
    if not stopped:
        assert tokens == len(pieces)
    else:  # every token with a character in the answer, and none without one
        assert len("".join(pieces[:tokens])) >= shown or tokens == len(pieces)


def test_a_token_cut_by_a_stop_string_counts_and_those_inside_do_not() -> None:
    releases, stopped = run(["Hello", "!\n", "\nUs", "er"], ["\n\nUser"])
    assert stopped
    assert [(r.text, r.tokens) for r in releases] == [("Hello", 1), ("", 0), ("", 0), ("!", 1)]


def test_a_token_whose_end_may_begin_a_stop_string_waits_whole() -> None:
    releases, _ = run(["key ", "a1b2", "c"], ["2!"])
    assert [(r.text, r.tokens) for r in releases] == [("key ", 1), ("", 0), ("a1b2c", 2), ("", 0)]


def test_a_character_spread_over_tokens_comes_with_all_of_them() -> None:
    releases, _ = run(["a", "", "", "🙂", "b"], [])
    assert [(r.text, r.tokens) for r in releases][:5] == [("a", 1), ("", 0), ("", 0), ("🙂", 3), ("b", 1)]


def test_a_stop_string_completed_by_the_decoders_last_text_stops() -> None:
    releases, stopped = run(["x", "EN"], ["END"], tail="D")
    assert stopped
    assert "".join(r.text for r in releases) == "x"
