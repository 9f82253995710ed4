"""The conversation at a terminal: a real one (pty), a real process, a real server, a model with a script."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

import pytest

from prudent.runtime.artifact import DecoderArtifact
from prudent.testing import ScriptedModel

Serve = Callable[..., str]
SECONDS = 60
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\r")


class Terminal:
    """One end of a pseudo-terminal with `prudent chat` at the other."""

    def __init__(self, arguments: list[str]) -> None:
        self._end, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "prudent", "chat", *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm", "PRUDENT_BASE_URL": ""},
            start_new_session=True,
        )
        os.close(theirs)
        self._unread = ""

    def type(self, text: str) -> None:
        """Type text, or a control character such as Ctrl-D."""
        os.write(self._end, text.encode())

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def interrupt_until(self, expected: str) -> str:
        """Press Ctrl-C as a person does where nothing happens: again.

        Python misses a signal that comes between the prompt and the first wait for a key, until a key comes.
        """
        for _ in range(SECONDS // 5):
            self.interrupt()
            if self._shows(expected, time.monotonic() + 5):
                break
        return self.until(expected)

    def until(self, expected: str) -> str:
        """Read up to and with the expected text; fail with what was shown where it does not come."""
        shown = self._shows(expected, time.monotonic() + SECONDS)
        assert shown, f"{expected!r} did not come; shown: {self._unread!r}"
        seen, _, self._unread = self._unread.partition(expected)
        return seen + expected

    def _shows(self, expected: str, deadline: float) -> bool:
        while expected not in self._unread:
            ready, _, _ = select.select([self._end], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                return False
            self._unread += ESCAPES.sub("", os.read(self._end, 4096).decode())
        return True

    def close(self) -> None:
        """End the process where it has not ended."""
        self.process.kill()
        self.process.wait()
        os.close(self._end)


@contextmanager
def chatting(*arguments: str) -> Generator[Terminal]:
    """A terminal at its first prompt."""
    terminal = Terminal(list(arguments))
    try:
        terminal.until("> ")
        yield terminal
    finally:
        terminal.close()


def test_a_conversation_remembers_what_was_said(serve: Serve) -> None:
    model = ScriptedModel("Hello Ann!", "You are Ann.")
    with chatting("--base-url", serve(model)) as terminal:
        terminal.type("I am Ann.\n")
        terminal.until("Hello Ann!\n")
        terminal.until("> ")
        terminal.type("Who am I?\n")
        terminal.until("You are Ann.\n")
        terminal.until("> ")
        terminal.type("\x04")
        assert terminal.process.wait(SECONDS) == 0
    assert [(message.role, message.content) for message in model.requests[1].messages] == [
        ("user", "I am Ann."),
        ("assistant", "Hello Ann!"),
        ("user", "Who am I?"),
    ]


def test_ctrl_c_stops_the_reply_and_not_the_chat(serve: Serve) -> None:
    model = ScriptedModel("word " * 2000, "Fine.", delay=0.02)
    with chatting("--base-url", serve(model)) as terminal:
        terminal.type("Talk.\n")
        terminal.until("word word")
        terminal.interrupt()
        terminal.until("Stopped.\n")
        terminal.until("> ")
        _eventually(lambda: model.running == 0)
        terminal.type("And now?\n")
        terminal.until("Fine.\n")
        terminal.type("/exit\n")
        assert terminal.process.wait(SECONDS) == 0
    assert model.cancelled == 1
    assert model.tokens < 1000


def test_ctrl_c_at_the_prompt_does_not_leave(serve: Serve) -> None:
    with chatting("--base-url", serve(ScriptedModel("Hello!"))) as terminal:
        terminal.interrupt_until("/exit leaves")
        terminal.until("> ")
        terminal.type("hi\n")
        terminal.until("Hello!\n")


def test_reset_forgets_and_system_stays(serve: Serve) -> None:
    model = ScriptedModel("Aye.")
    with chatting("--base-url", serve(model), "--system", "Be a pirate.") as terminal:
        for line, shown in (("hi", "Aye.\n"), ("/reset", "Forgotten."), ("ho", "Aye.\n")):
            terminal.type(f"{line}\n")
            terminal.until(shown)
            terminal.until("> ")
        terminal.type("/system\n")
        terminal.until("Be a pirate.")
    assert [message.content for message in model.requests[1].messages] == ["Be a pirate.", "ho"]


def test_a_new_system_message_starts_anew(serve: Serve) -> None:
    model = ScriptedModel("Yes.")
    with chatting("--base-url", serve(model)) as terminal:
        for line, shown in (("hi", "Yes.\n"), ("/system Be brief.", "starts anew"), ("ho", "Yes.\n")):
            terminal.type(f"{line}\n")
            terminal.until(shown)
            terminal.until("> ")
    assert [message.content for message in model.requests[1].messages] == ["Be brief.", "ho"]


def test_the_model_can_be_changed_and_a_wrong_name_changes_nothing(serve: Serve) -> None:
    one, two = ScriptedModel("I am one.", id="one"), ScriptedModel("I am two.", id="two")
    with chatting("--base-url", serve(one, two)) as terminal:
        steps = (
            ("/model three", "error: There is no model 'three'."),
            ("hi", "I am one.\n"),
            ("/model two", "model: two"),
            ("hi", "I am two.\n"),
        )
        for line, shown in steps:
            terminal.type(f"{line}\n")
            terminal.until(shown)
            terminal.until("> ")


def test_an_error_leaves_the_chat_open(serve: Serve) -> None:
    key = "AKIA" + "QYLPMN5HGRTZ7K2D"
    with chatting("--base-url", serve(ScriptedModel("Hello!"), policy="strict")) as terminal:
        terminal.type(f"Is {key} valid?\n")
        terminal.until("error: ")
        terminal.until("> ")
        terminal.type("hi\n")
        terminal.until("Hello!\n")


def test_help_lists_the_commands(serve: Serve) -> None:
    with chatting("--base-url", serve(ScriptedModel("Hello!"))) as terminal:
        terminal.type("/help\n")
        shown = terminal.until("/exit ")
        assert all(name in shown for name in ("/system", "/reset", "/model", "/help"))
        terminal.type("/hlep\n")
        terminal.until("/hlep is not a command.")


def test_an_answer_cannot_drive_the_terminal(serve: Serve) -> None:
    with chatting("--base-url", serve(ScriptedModel("red\x1b[31malert\x07!"))) as terminal:
        terminal.type("hi\n")
        assert "\x07" not in terminal.until("!\n")


def _eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail("it did not come true within 10 s")
        time.sleep(0.02)


def test_ctrl_c_stops_a_real_model_in_this_process(smol_artifact: DecoderArtifact) -> None:
    """The interrupt lands while the answer comes from a thread of the same process."""
    with chatting("--model", smol_artifact.card.id, "--temperature", "0") as terminal:
        terminal.type("Tell me a long story about a lighthouse keeper.\n")  # it never comes to an end
        terminal.until("The story of a lighthouse keeper")
        terminal.interrupt()
        terminal.until("Stopped.\n")
        terminal.until("> ")
        terminal.type("\x04")
        assert terminal.process.wait(SECONDS) == 0
