"""The interactive chat: a prompt, slash commands, and replies that Ctrl-C stops. Knows no command line.

What is typed is kept in memory only: a history file on disk would hold what people told the model.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace

from prudent.cli.answer import stream_answer
from prudent.cli.conversation import Conversation
from prudent.cli.failures import say
from prudent.cli.terminal import note
from prudent.cli.waiting import Waiting
from prudent.client import Client
from prudent.errors import PrudentError

PROMPT = "> "


@dataclass(slots=True)
class Session:
    """One sitting at the prompt."""

    client: Client
    conversation: Conversation
    waiting: Waiting
    over: bool = False


def run(client: Client, conversation: Conversation, waiting: Waiting) -> None:
    """Read questions and answer them until the user leaves."""
    session = Session(client, conversation, waiting)
    _enable_line_editing()
    note("/help lists the commands, Ctrl-C stops a reply, Ctrl-D leaves.")
    while not session.over:
        try:
            line = _read_line().strip()
            if line.startswith("/"):
                _obey(session, line)
            elif line:
                _reply(session, line)
        except EOFError:
            note("")
            return
        except KeyboardInterrupt:
            note("\nCtrl-D or /exit leaves.")
        except PrudentError as error:
            say(error)


def _reply(session: Session, question: str) -> None:
    try:
        stream_answer(session.conversation, question, session.waiting)
    except KeyboardInterrupt:
        note("\nStopped.")


def _read_line() -> str:
    """Read a line; the prompt goes to stderr where stdout is not the terminal."""
    if sys.stdout.isatty():
        return input(PROMPT)
    sys.stderr.write(PROMPT)
    sys.stderr.flush()
    return input()


def _enable_line_editing() -> None:
    """Arrow keys and recall of earlier lines, where the platform has readline."""
    try:
        import readline
    except ImportError:
        return
    readline.set_auto_history(True)


def _obey(session: Session, line: str) -> None:
    name, _, argument = line.partition(" ")
    command = COMMANDS.get(name)
    if command is None:
        note(f"{name} is not a command. /help lists them.")
    else:
        command.run(session, argument.strip())


def _system(session: Session, argument: str) -> None:
    if argument:
        session.conversation.options = replace(session.conversation.options, system=argument)
        session.conversation.reset()
        note("The system message is set; the conversation starts anew.")
    else:
        note(session.conversation.options.system or "There is no system message.")


def _model(session: Session, argument: str) -> None:
    if argument:
        model = session.client.models.retrieve(argument)
        session.conversation.options = replace(session.conversation.options, model=model.id)
    note(f"model: {session.conversation.options.model or 'the default'}")


def _reset(session: Session, _argument: str) -> None:
    session.conversation.reset()
    note("Forgotten.")


def _help(_session: Session, _argument: str) -> None:
    for name, command in COMMANDS.items():
        note(f"{name:<10} {command.summary}")


def _exit(session: Session, _argument: str) -> None:
    session.over = True


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command: its line in /help, and what it does with its argument."""

    summary: str
    run: Callable[[Session, str], None]


COMMANDS = {
    "/system": Command("Show the system message, or set a new one and start anew.", _system),
    "/reset": Command("Forget the conversation; the system message stays.", _reset),
    "/model": Command("Show the model, or change to another.", _model),
    "/help": Command("List these commands.", _help),
    "/exit": Command("Leave.", _exit),
}
