"""The child of python.run: confines itself, then runs the code on its standard input. Knows only the kernel.

It is started alone (`python -I -S`), so it imports nothing of prudent. The order is: limits, no new rights,
Landlock, seccomp, and only then is the code read. What cannot be put in force ends it before that.
"""

from __future__ import annotations

import ast
import ctypes
import json
import os
import resource
import signal
import struct
import sys
import traceback
from typing import Any

REFUSED = 97
FAILED = 1
READY = b"+"
"""Goes ahead of everything: all limits are in force."""

_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _SECCOMP_FILTER = 1, 22, 38, 2
_LANDLOCK_CREATE, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT, _LANDLOCK_VERSION, _BENEATH = 444, 445, 446, 1, 1
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
"""All rights on files that a version of Landlock knows: what is handled and not given is refused."""
_NET, _SCOPE = 0b11, 0b11
"""Bind and connect (version 4); abstract sockets and signals (version 6)."""

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16
_KILL, _ALLOW, _ERRNO = 0x80000000, 0x7FFF0000, 0x00050000
_EPERM, _ENOSYS = 1, 38
_X32 = 0x40000000
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_FCNTL = (0, 1, 2, 3, 1030)
"""F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC; others can send signals to other processes."""


def limit(orders: dict[str, Any]) -> None:
    """Bound memory, CPU, descriptors and file sizes; die with the parent."""
    cpu = orders["cpu"]
    for kind, value in (
        (resource.RLIMIT_AS, (orders["memory"], orders["memory"])),
        (resource.RLIMIT_CPU, (cpu, cpu + 1)),
        (resource.RLIMIT_NOFILE, (32, 32)),
        (resource.RLIMIT_FSIZE, (0, 0)),
        (resource.RLIMIT_CORE, (0, 0)),
    ):
        resource.setrlimit(kind, value)
    _checked(_kernel().prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "PR_SET_PDEATHSIG")
    _checked(_kernel().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS")


def hide_files(orders: dict[str, Any]) -> None:
    """Landlock: only the folders named can be read, nothing can be written or executed, nothing connects."""
    kernel = _kernel()
    version = kernel.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), _LANDLOCK_VERSION)
    _checked(version, "Landlock")
    attributes = struct.pack("Q", _RIGHTS.get(version, _RIGHTS[5]))
    attributes += struct.pack("Q", _NET) if version >= 4 else b""
    attributes += struct.pack("Q", _SCOPE) if version >= 6 else b""
    rules = _checked(
        kernel.syscall(_LANDLOCK_CREATE, attributes, ctypes.c_size_t(len(attributes)), 0), "Landlock"
    )
    for path in orders["readable"]:
        folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rights = _READ_FILE | (_READ_FOLDER if os.path.isdir(path) else 0)  # noqa: PTH112 - pathlib is slow to import
        rule = struct.pack("=Qi", rights, folder)
        _checked(kernel.syscall(_LANDLOCK_ADD_RULE, rules, _BENEATH, rule, 0), "a rule of Landlock")
        os.close(folder)
    _checked(kernel.syscall(_LANDLOCK_RESTRICT, rules, 0), "Landlock")
    os.close(rules)


def filter_calls(orders: dict[str, Any]) -> None:
    """seccomp: only the calls on the list; open for reading only; fcntl for a few commands."""
    program = _program(orders)
    instructions = ctypes.create_string_buffer(b"".join(program))
    header = struct.pack("HxxxxxxQ", len(program), ctypes.addressof(instructions))
    _checked(_kernel().prctl(_PR_SET_SECCOMP, _SECCOMP_FILTER, header, 0, 0), "seccomp")


def _program(orders: dict[str, Any]) -> list[bytes]:
    """The filter, in instructions of classic BPF: code, jump if true, jump if false, operand."""

    def make(code: int, operand: int, true: int = 0, false: int = 0) -> bytes:
        return struct.pack("HBBI", code, true, false, operand)

    def argument(index: int) -> bytes:
        return make(_LOAD, _ARGUMENTS + 8 * index)

    deny, allow = make(_RETURN, _ERRNO | _EPERM), make(_RETURN, _ALLOW)
    program = [make(_LOAD, _ARCH), make(_EQUAL, orders["arch"], 1), make(_RETURN, _KILL)]
    program += [make(_LOAD, _NUMBER), make(_AT_LEAST, _X32, 0, 1), make(_RETURN, _KILL)]
    program += [make(_EQUAL, orders["clone3"], 0, 1), make(_RETURN, _ERRNO | _ENOSYS)]
    for number, flags in ((orders["open"], 1), (orders["openat"], 2)):
        if number is not None:
            program += [
                make(_EQUAL, number, 0, 4),
                argument(flags),
                make(_ANY_BIT, _WRITING, 0, 1),
                deny,
                allow,
            ]
    commands = [make(_EQUAL, command, len(_FCNTL) - place) for place, command in enumerate(_FCNTL)]
    program += [make(_EQUAL, orders["fcntl"], 0, len(_FCNTL) + 3), argument(1), *commands, deny, allow]
    for number in orders["calls"]:
        program += [make(_EQUAL, number, 0, 1), allow]
    return [*program, deny]


def run(source: str) -> int:
    """Run the code; a last line that is an expression is printed. Says how it ended."""
    names: dict[str, Any] = {"__name__": "__main__", "__builtins__": __builtins__}
    try:
        tree = ast.parse(source, "<code>")
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "<code>", "exec"), names)  # noqa: S102 - this is what the confined child is for
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "<code>", "eval"), names)  # noqa: S307
            if value is not None:
                print(repr(value))  # noqa: T201
        sys.stdout.flush()
    except SystemExit as ended:
        sys.stdout.flush()
        return 0 if ended.code in (None, 0) else FAILED
    except BaseException as error:  # noqa: BLE001 - told to who asked
        sys.stderr.write(_told(error))
        return FAILED
    return 0


def _told(error: BaseException) -> str:
    """The error and the line of the code where it rose."""
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<code>"
    ]
    if isinstance(error, SyntaxError):
        lines = [error.lineno]
    where = f" (line {lines[-1]})" if lines and lines[-1] else ""
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {said}{where}"


def _kernel() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), what)
    return result


def main() -> int:
    """Confine, read, run."""
    orders = json.loads(sys.argv[1])
    try:
        limit(orders)
        hide_files(orders)
        filter_calls(orders)
    except (OSError, ValueError) as error:
        sys.stderr.write(str(error))
        return REFUSED
    os.write(1, READY)
    return run(sys.stdin.read())


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
