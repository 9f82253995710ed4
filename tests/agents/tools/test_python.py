"""Python in a confined child: it computes, and whatever reaches out of it is refused by the kernel."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from prudent_agents.errors import ToolArgumentsError, ToolDefinitionError, ToolError, ToolTimeoutError
from prudent_agents.tool import ToolContext
from prudent_agents.tools import confinement, python
from prudent_agents.tools.python import python_run

pytestmark = pytest.mark.skipif(confinement.lacking() is not None, reason="this kernel confines no child")


def run(code: str, **options: int | float) -> str:
    return str(asyncio.run(python_run(**options).call({"code": code}, ToolContext())))


def test_code_computes_with_the_standard_library_and_prints() -> None:
    code = (
        "import math, json, datetime, decimal, statistics, random, re, sqlite3, hashlib, zoneinfo\n"
        "print('你好', math.gcd(12, 18), zoneinfo.ZoneInfo('Asia/Shanghai'))\n"
        "sum(range(10))"
    )
    assert run(code) == "你好 6 Asia/Shanghai\n45\n"


REACHING_OUT = (
    "open('/etc/passwd').read()",
    "open(f'/proc/{__import__(\"os\").getppid()}/environ').read()",
    "import os; os.listdir('/')",
    "open('/var/tmp/made-by-code', 'w')",
    "import os; os.open('/usr/lib/os-release', os.O_RDONLY | os.O_TRUNC)",
    "import os; os.mkdir('/var/tmp/made-by-code')",
    "import os; os.unlink('/usr/lib/os-release')",
    "import os; os.chmod('/usr/lib/os-release', 0o777)",
    "import os; os.symlink('/etc/passwd', '/var/tmp/made-by-code')",
    "import socket; socket.socket()",
    "import socket; socket.socketpair()",
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1:1')",
    "import os\nwhile True: os.fork()",
    "import subprocess; subprocess.run(['/bin/ls'])",
    "import os; os.execv('/bin/sh', ['sh'])",
    "import os; os.kill(os.getppid(), 9)",
    "import threading; threading.Thread(target=print).start()",
    "import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0))",
    "import fcntl, os; fcntl.fcntl(1, fcntl.F_SETOWN, os.getppid())",
    "import ctypes; k = ctypes.CDLL(None, use_errno=True)\n"
    "if k.ptrace(16, 1, 0, 0) < 0: raise PermissionError(ctypes.get_errno())",
    "import ctypes; k = ctypes.CDLL(None, use_errno=True)\n"
    "if k.syscall(425, 8, None) < 0: raise PermissionError(ctypes.get_errno())",
    "import os; os.memfd_create('x')",
)
TRY_EACH = """
import sys
for snippet in SNIPPETS:
    try:
        exec(snippet, {})
    except (PermissionError, RuntimeError, ValueError, OSError) as error:
        print("refused", type(error).__name__, file=sys.stdout)
    else:
        print("DONE", snippet)
"""


def test_what_reaches_out_is_refused() -> None:
    said = run(f"SNIPPETS = {REACHING_OUT!r}\n{TRY_EACH}", seconds=20).splitlines()
    assert [line for line in said if not line.startswith("refused")] == []
    assert len(said) == len(REACHING_OUT)
    assert not Path("/var/tmp/made-by-code").exists()


def test_a_single_attempt_is_told_as_what_it_is() -> None:
    with pytest.raises(ToolError, match=r"PermissionError.*passwd' \(line 1\)"):
        run("open('/etc/passwd').read()")


@pytest.mark.parametrize("code", ["x = []\nwhile True: x.append(' ' * (1 << 20))"])
def test_memory_is_bounded(code: str) -> None:
    with pytest.raises(ToolError, match="MemoryError"):
        run(code, memory=128 << 20)


@pytest.mark.parametrize("code", ["import time; time.sleep(60)", "10 ** 10 ** 8"])
def test_time_is_bounded(code: str) -> None:
    begun = time.monotonic()
    with pytest.raises(ToolError, match="took longer than 1 s") as caught:
        run(code, seconds=1)
    assert not isinstance(caught.value, ToolTimeoutError)
    assert time.monotonic() - begun < 8


@pytest.mark.parametrize(
    "code", ["while True: print('x' * 1000)", "import sys\nwhile True: sys.stderr.write('x')"]
)
def test_output_is_bounded(code: str) -> None:
    with pytest.raises(ToolError, match="printed more than 65,536 bytes"):
        run(code)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("x = 1\n1 / 0", r"ZeroDivisionError: division by zero \(line 2\)"),
        ("def f(:", r"SyntaxError: invalid syntax \(line 1\)"),
        ("import os; os._exit(97)", "status 97"),
        ("import ctypes; ctypes.string_at(0)", "ended by SIGSEGV"),
    ],
)
def test_failures_are_told_with_their_line(code: str, said: str) -> None:
    with pytest.raises(ToolError, match=said):
        run(code)


def test_the_child_gets_no_environment_and_no_descriptor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRUDENT_SECRET", "s3cret")
    reading, writing = os.pipe()
    os.set_inheritable(reading, True)
    try:
        assert "s3cret" not in run("import os; dict(os.environ)")
        found = run("import os\nfor n in range(3, 32):\n  try: print(n, os.fstat(n))\n  except OSError: pass")
        assert found == ""
    finally:
        os.close(reading)
        os.close(writing)


def test_leaving_the_call_ends_the_child() -> None:
    async def leave() -> int:
        tool = python_run(seconds=30)
        call = asyncio.create_task(tool.call({"code": "while True: pass"}, ToolContext()))
        child = 0
        while not child:
            await asyncio.sleep(0.05)
            found = Path(f"/proc/{os.getpid()}/task").glob("*/children")
            child = next((int(pid) for path in found for pid in path.read_text().split()), 0)
        await asyncio.sleep(0.3)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        return child

    child = asyncio.run(leave())
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_it_is_refused_where_it_cannot_be_confined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python, "lacking", lambda: "the kernel has no Landlock")
    with pytest.raises(ToolDefinitionError, match=r"refused here: the kernel has no Landlock"):
        python_run()


def test_a_child_that_cannot_be_confined_is_given_no_code(monkeypatch: pytest.MonkeyPatch) -> None:
    orders = confinement.Confinement.orders
    monkeypatch.setattr(confinement.Confinement, "orders", lambda self: orders(self) | {"calls": ["x"]})
    with pytest.raises(ToolError, match="could not be confined"):
        run("print(1)")


def test_code_that_is_too_long_is_refused() -> None:
    with pytest.raises(ToolArgumentsError, match="more than 65,536 bytes"):
        run("#" * 70_000)


def test_other_machines_are_told_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "no Landlock and seccomp" in str(confinement.lacking())
