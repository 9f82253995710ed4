"""Finds a pip to run: the environment's own, the one that Python carries, or uv's. Runs nothing itself."""

from __future__ import annotations

import importlib.resources
import importlib.util
import shutil
import sys
from pathlib import Path

from prudent.catalog.channels.base import ChannelError


def pip_command() -> list[str]:
    """The words to put before pip's own arguments.

    Environments made by uv have no pip; Python then still carries one for `ensurepip`, and uv can run one.

    Raises:
        ChannelError: there is no pip anywhere.
    """
    if importlib.util.find_spec("pip") is not None:
        return _child("")
    bundled = bundled_pip()
    if bundled is not None:
        return _child(str(bundled))
    uv = shutil.which("uv")
    if uv is not None:
        return [uv, "tool", "run", "--quiet", "--python", sys.executable, "pip"]
    raise ChannelError("needs pip or uv, and neither is here (`python -m ensurepip` brings pip)")


def bundled_pip() -> Path | None:
    """The wheel of pip that this Python carries, where its distributor left it in."""
    if importlib.util.find_spec("ensurepip") is None:
        return None
    folder = importlib.resources.files("ensurepip") / "_bundled"
    if not isinstance(folder, Path):
        return None
    return next(iter(sorted(folder.glob("pip-*.whl"))), None)


def _child(location: str) -> list[str]:
    # -P: a file called pip.py in the working folder must not be what runs.
    return [sys.executable, "-P", str(Path(__file__).with_name("pip_child.py")), location]
