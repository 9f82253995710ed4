"""`prudent serve` in a child process on a free port of this machine. Knows no agent."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def served(model: str, running: str | None = None) -> Iterator[str]:
    """The base URL of a server with the model loaded; `running` is one that is there already."""
    if running is not None:
        yield running
        return
    program = shutil.which("prudent")
    if program is None:
        raise SystemExit("`prudent` is not on the path: install the package first.")
    command = [program, "serve", "--port", "0", "--model", model, "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        try:
            line = child.stdout.readline() if child.stdout else b""
            if not line.strip():
                raise SystemExit(f"`{' '.join(command[1:])}` ended before it was ready.")
            yield f"{json.loads(line)['url'].rstrip('/').removesuffix('/v1')}/v1"
        finally:
            child.terminate()
            child.wait(60)
