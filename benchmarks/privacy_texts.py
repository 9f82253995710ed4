"""Logs and code without personal data, to count false findings on. Written by chance from a seed, or the
standard library's own sources without their comments. Knows no detector.
"""

from __future__ import annotations

import ast
import random
import string
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

_LINES_A_TEXT = 20
_MODULES = (
    *(
        "argparse",
        "bisect",
        "calendar",
        "configparser",
        "contextlib",
        "csv",
        "dataclasses",
        "datetime",
        "difflib",
    ),
    *("enum", "fractions", "functools", "gettext", "glob", "gzip", "heapq", "hmac", "inspect", "ipaddress"),
    *(
        "locale",
        "mimetypes",
        "numbers",
        "optparse",
        "pathlib",
        "pickle",
        "platform",
        "plistlib",
        "pprint",
        "queue",
    ),
    *("random", "sched", "selectors", "shutil", "smtplib", "socketserver", "statistics", "string", "tarfile"),
    *(
        "tempfile",
        "textwrap",
        "threading",
        "timeit",
        "tokenize",
        "traceback",
        "types",
        "uuid",
        "warnings",
        "zipapp",
    ),
)


def code(words: int) -> Iterator[str]:
    """About so many words of the standard library's sources, without comments and docstrings."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    for name in _MODULES:
        file = folder / f"{name}.py"
        if not file.is_file():
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                first = node.body[0] if node.body else None
                if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                    node.body[0] = ast.Pass()
        lines = ast.unparse(tree).splitlines()
        for start in range(0, len(lines), _LINES_A_TEXT):
            text = "\n".join(lines[start : start + _LINES_A_TEXT])
            yield text
            words -= len(text.split())
            if words <= 0:
                return


def logs(words: int, seed: int) -> Iterator[str]:
    """About so many words of log lines: servers, builds, databases, shops, networks."""
    drawn = random.Random(seed)
    while words > 0:
        text = "\n".join(_line(drawn) for _ in range(_LINES_A_TEXT))
        yield text
        words -= len(text.split())


def _line(drawn: random.Random) -> str:
    return drawn.choice(_LINES)(drawn)


def _digits(drawn: random.Random, count: int) -> str:
    return str(drawn.randrange(1, 10)) + "".join(drawn.choices(string.digits, k=count - 1))


def _hex(drawn: random.Random, count: int) -> str:
    return "".join(drawn.choices("0123456789abcdef", k=count))


def _time(drawn: random.Random) -> str:
    clock = f"{drawn.randrange(24):02}:{drawn.randrange(60):02}:{drawn.randrange(60):02}"
    return f"2026-{drawn.randrange(1, 13):02}-{drawn.randrange(1, 29):02}T{clock}.{_digits(drawn, 3)}Z"


def _version(drawn: random.Random) -> str:
    return ".".join(str(drawn.randrange(30)) for _ in range(drawn.choice((3, 3, 4))))


def _uuid(drawn: random.Random) -> str:
    return "-".join(_hex(drawn, count) for count in (8, 4, 4, 4, 12))


def _part(drawn: random.Random) -> str:
    letters = "".join(drawn.choices("ACEHKMNRTX", k=2))
    return f"{letters}-{_digits(drawn, 4)}-{_digits(drawn, 2)}"


_LINES: tuple[Callable[[random.Random], str], ...] = (
    lambda d: f"{_time(d)} INFO worker-{_digits(d, 2)} finished job {_digits(d, 10)} in {_digits(d, 4)} ms",
    lambda d: (
        f"{_time(d)} WARN queue depth {_digits(d, 5)} exceeds {_digits(d, 4)}, retry in {_digits(d, 2)} s"
    ),
    lambda d: f'10.{_digits(d, 2)}.0.{_digits(d, 1)} - - "GET /v2/orders/{_digits(d, 12)} HTTP/1.1" 200',
    lambda d: f"{_time(d)} ERROR request {_uuid(d)} failed: upstream timeout after {_digits(d, 5)} ms",
    lambda d: f"Collecting package=={_version(d)} (from -r requirements.txt (line {_digits(d, 2)}))",
    lambda d: f"commit {_hex(d, 40)} tree {_hex(d, 40)}",
    lambda d: f"[{_digits(d, 5)}.{_digits(d, 6)}] usb 1-{_digits(d, 1)}: new device number {_digits(d, 2)}",
    lambda d: (
        f"order {_digits(d, 11)} sku {_part(d)} qty {_digits(d, 2)} total {_digits(d, 3)}.{_digits(d, 2)}"
    ),
    lambda d: f"订单 {_digits(d, 14)} 已发货，运单号 SF{_digits(d, 13)}，耗时 {_digits(d, 4)} 毫秒",
    lambda d: f"{_time(d)} DEBUG cache hit key=sess:{_hex(d, 32)} ttl={_digits(d, 5)}",
    lambda d: (
        f"UPDATE stock SET quantity = {_digits(d, 3)} WHERE id = {_digits(d, 9)}; -- {_digits(d, 3)} rows"
    ),
    lambda d: f"epoch {_digits(d, 2)} step {_digits(d, 6)} loss 0.{_digits(d, 6)} rate {_digits(d, 1)}e-05",
    lambda d: f"Compiling core v{_version(d)} ({_digits(d, 3)}/{_digits(d, 3)}) sha256:{_hex(d, 64)}",
    lambda d: f"kernel: eth0: link up, {_digits(d, 4)} Mbps, full duplex, driver {_version(d)}",
    lambda d: f"pid={_digits(d, 5)} tid={_digits(d, 6)} rss={_digits(d, 9)} uptime={_digits(d, 8)}",
    lambda d: f"at Object.run (/srv/app/dist/server.js:{_digits(d, 4)}:{_digits(d, 2)})",
    lambda d: f"服务器在第 {_digits(d, 4)} 行报错：连接超时，批次 {_digits(d, 8)}-{_digits(d, 4)}",
    lambda d: (
        f"invoice INV-{_digits(d, 4)}-{_digits(d, 6)} due in {_digits(d, 2)} days, tracking 1Z{_digits(d, 9)}"
    ),
    lambda d: f"test_{_hex(d, 6)}.py::test_case[{_digits(d, 3)}-{_digits(d, 2)}] PASSED [ {_digits(d, 2)}%]",
    lambda d: f"frame={_digits(d, 6)} fps={_digits(d, 2)} size={_digits(d, 8)}kB speed={_digits(d, 1)}x",
)
