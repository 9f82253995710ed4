"""Progress is shown while somebody waits, and at no other time."""

from __future__ import annotations

import pytest

from prudent.cli.waiting import Waiting
from prudent.types.progress import Progress

LOADING = Progress("load", "some-model", 0, 1)


def test_events_are_shown_between_question_and_answer(capsys: pytest.CaptureFixture[str]) -> None:
    waiting = Waiting()
    waiting.begin()
    waiting(LOADING)
    waiting.over()
    assert "some-model" in capsys.readouterr().err


def test_events_after_the_wait_are_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    waiting = Waiting()
    waiting(LOADING)
    waiting.begin()
    waiting.over()
    waiting(LOADING)
    waiting.over()
    assert capsys.readouterr().err == ""


def test_the_last_event_is_timed_even_where_it_is_not_shown() -> None:
    waiting = Waiting()
    assert waiting.last_event_at is None
    waiting(LOADING)
    assert waiting.last_event_at is not None
