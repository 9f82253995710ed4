"""How the command line ends when something goes wrong: a line, a hint, an exit code; never a traceback.

It does not know what the commands do. `PRUDENT_DEBUG=1` lets the traceback through for a bug report.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager

import typer

from prudent.errors import PrudentError

INTERRUPTED = 130
"""What a shell reports for a program that Ctrl-C ended: 128 plus the signal's number."""


@contextmanager
def reported() -> Generator[None]:
    """Turn what a command raises into words on stderr and a `typer.Exit`."""
    try:
        yield
    except (typer.Exit, typer.Abort, typer.TyperException):
        raise
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        raise typer.Exit(0) from None
    except PrudentError as error:
        if debugging():
            raise
        say(error)
        raise typer.Exit(error.exit_code) from None
    except Exception as error:
        if debugging():
            raise
        say(unexpected(error))
        raise typer.Exit(1) from None


def say(error: PrudentError) -> None:
    """Write an error as people read it: what happened, and on its own line what to do next."""
    sys.stderr.write(f"error: {error.message}\n")
    if error.hint is not None:
        sys.stderr.write(f"hint: {error.hint}\n")


def unexpected(error: Exception) -> PrudentError:
    """Name an error that nobody planned for. Its own text is kept back where it could quote content."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return PrudentError("The disk is full.", hint="Free some space, or move the cache with PRUDENT_HOME.")
    if isinstance(error, OSError) and error.strerror:
        place = f": {error.filename}" if error.filename else ""
        return PrudentError(f"{error.strerror}{place}.")
    return PrudentError(
        f"prudent failed in a way it should not have ({type(error).__name__}).",
        hint="Run the command again with PRUDENT_DEBUG=1 to see the traceback, and report it.",
    )


def debugging() -> bool:
    """Whether tracebacks are wanted."""
    return os.environ.get("PRUDENT_DEBUG", "").lower() in ("1", "true", "yes")


def replace_closed_streams() -> None:
    """Give a stream that the caller closed (`>&-`) the null device, so that using it is not a fault."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))


def silence_broken_stdout() -> None:
    """Write out what is buffered; where the reader of the pipe has gone, drop it without a word."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
