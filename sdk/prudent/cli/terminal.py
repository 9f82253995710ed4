"""What the terminal gets: answers on stdout, everything else on stderr. Knows nothing of models.

A model's text is not to be trusted by a terminal: control characters could move the cursor, set the
title or hide text. They are dropped where stdout is a terminal; a pipe gets the text as it is.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from prudent.errors import InvalidRequestError

STDIN_BYTES = 4 << 20
"""The most that is read from a pipe: far more than any context holds."""

_CONTROLS = dict.fromkeys({*range(0x20), *range(0x7F, 0xA0)} - {ord("\n"), ord("\t")})


def write_answer(text: str) -> None:
    """Write a piece of an answer to stdout, at once."""
    sys.stdout.write(visible(text) if sys.stdout.isatty() else text)
    sys.stdout.flush()


def discard(text: str) -> None:
    """Write nothing: for an answer that is printed as a whole later."""
    del text


def visible(text: str) -> str:
    """Return the text without the control characters that a terminal would obey."""
    return text.translate(_CONTROLS)


def note(text: str) -> None:
    """Write a remark about an answer to stderr: dim in a terminal, plain elsewhere."""
    sys.stderr.write(f"{_dim(visible(text))}\n")
    sys.stderr.flush()


def facts(pairs: Sequence[tuple[str, str]]) -> None:
    """Write names and values to stderr, one pair a line, the values below each other."""
    width = max((len(name) for name, _ in pairs), default=0)
    for name, value in pairs:
        sys.stderr.write(f"{_dim(name.ljust(width))}  {visible(value)}\n")
    sys.stderr.flush()


def _dim(text: str) -> str:
    return f"\x1b[2m{text}\x1b[0m" if sys.stderr.isatty() and "NO_COLOR" not in os.environ else text


def read_piped_text() -> str | None:
    """Return what is piped into the command, or None where stdin is a terminal or closed.

    Raises:
        InvalidRequestError: it is not UTF-8 text, or more than STDIN_BYTES.
    """
    if sys.stdin is None or sys.stdin.closed or sys.stdin.isatty():
        return None
    raw = sys.stdin.buffer.read(STDIN_BYTES + 1)
    if len(raw) > STDIN_BYTES:
        raise InvalidRequestError(
            f"More than {STDIN_BYTES >> 20} MiB came through the pipe.",
            hint="Send the part that the question is about.",
        )
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRequestError(
            f"What came through the pipe is not UTF-8 text (byte {error.start}).",
            hint="Convert it first, for example with iconv -t UTF-8.",
        ) from None
