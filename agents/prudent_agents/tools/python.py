"""Python code in a child process under limits of the operating system, as a tool. Runs none of it itself.

The child has no network, no file but Python's own library, no other process, and bounds on memory, time and
output (see confinement.py and python_child.py). Where the kernel cannot enforce that the tool is refused.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from prudent_agents.errors import ToolArgumentsError, ToolDefinitionError, ToolError
from prudent_agents.function_tool import tool_of
from prudent_agents.tool import Effect, Tool
from prudent_agents.tools.confinement import Confinement, lacking, readable

SECONDS = 10.0
MEMORY = 512 << 20
MOST_OUTPUT = 64 << 10
MOST_CODE = 64 << 10

_CHILD = Path(__file__).with_name("python_child.py")
_READY = b"+"
_PIECE = 8192
_SAID = 300
_START = 5.0
"""Seconds that an interpreter may take to start, beside those of the code."""


def python_run(*, seconds: float = SECONDS, memory: int = MEMORY, most_output: int = MOST_OUTPUT) -> Tool:
    """The tool `python.run`: code in, what it prints out (and the value of a last line that has one).

    `seconds` bound both the clock and the processor, `memory` is in bytes, `most_output` too.

    Raises:
        ToolDefinitionError: this machine cannot confine a child; there is no weaker way.
    """
    lacks = lacking()
    if lacks is not None or not sys.executable:
        raise ToolDefinitionError(
            f"python.run is refused here: {lacks or 'the interpreter is not known'}.",
            hint="It needs Linux 5.13 or newer with Landlock and seccomp; the calculator needs neither.",
        )
    confinement = Confinement(memory, seconds, readable())

    async def run(code: str) -> str:
        """Run Python code for calculations; no files, no network. Print the result.

        code: the program; what it prints is the result
        """
        if len(code.encode(errors="replace")) > MOST_CODE:
            raise ToolArgumentsError(f"The code has more than {MOST_CODE:,} bytes.", param="code")
        return await _run(code, confinement, most_output)

    return tool_of(run, name="python.run", effect=Effect.READ, retries=0, timeout=seconds + _START + 1)


async def _run(code: str, confinement: Confinement, most: int) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-I", "-S", "-X", "utf8", str(_CHILD), json.dumps(confinement.orders())),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        env={},
        cwd="/",
    )
    try:
        await _confined(process)
        async with asyncio.timeout(confinement.seconds):
            out, err = await _talk(process, code, most)
            status = await process.wait()
    except TimeoutError:
        raise _late(confinement) from None
    finally:
        await _ended(process)
    return _result(status, out, err, confinement)


async def _confined(process: asyncio.subprocess.Process) -> None:
    """Wait until the child says that its limits are in force; before that it is given nothing."""
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with asyncio.timeout(_START):
            if await process.stdout.read(1) == _READY:
                return
            why = (await process.stderr.read(_SAID)).decode(errors="replace")
    except TimeoutError:
        why = f"it was not ready after {_START:g} s"
    raise ToolError(f"python.run is refused: the child could not be confined ({why}).")


async def _talk(process: asyncio.subprocess.Process, code: str, most: int) -> tuple[bytes, bytes]:
    """Hand over the code and read what comes, as far as `most` bytes."""
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    with suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(code.encode(errors="replace"))
        await process.stdin.drain()
        process.stdin.close()
    out, err = await asyncio.gather(_read(process.stdout, most), _read(process.stderr, most))
    return out, err


async def _read(stream: asyncio.StreamReader, most: int) -> bytes:
    data = bytearray()
    while len(data) <= most and (piece := await stream.read(_PIECE)):
        data += piece
    if len(data) > most:
        raise ToolError(f"The code printed more than {most:,} bytes.", hint="Print less.", param="code")
    return bytes(data)


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Kill whatever is left of the child's group and wait for it, also when the call was cancelled."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    transport: Any = getattr(process, "_transport", None)
    if transport is not None:
        transport.close()  # else what it printed and nobody reads would hold up the wait
    await process.wait()


def _late(confinement: Confinement) -> ToolError:
    return ToolError(f"The code took longer than {confinement.seconds:g} s.", param="code")


def _result(status: int, out: bytes, err: bytes, confinement: Confinement) -> str:
    if status == -signal.SIGXCPU:
        raise _late(confinement)
    if status < 0:
        raise ToolError(f"The code was ended by {signal.Signals(-status).name}.", param="code")
    if status != 0:
        said = (err.decode(errors="replace").strip().splitlines() or [f"it ended with status {status}"])[0]
        raise ToolError(f"The code failed: {said[:_SAID]}.", param="code")
    return out.decode(errors="replace")
