"""Downloads wheels, several at once, by running pip; nothing is installed and none of their code runs.

It honours pip's own configuration (index, proxy, certificates), and knows nothing of what is in a wheel.
Every download has a folder of its own, for pip's temporary files too, so that whatever is cut is found and
removed; a wheel moves to its place only when its hash is right, so the next try goes on from there.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from prudent.catalog.channels.base import ChannelError, DamagedError, Report
from prudent.catalog.channels.pip_command import pip_command
from prudent.catalog.entry import Wheel
from prudent.catalog.storage import FULL, as_storage_error, hash_file, put_in_place

WORKERS = 4
"""Downloads at once: enough to fill a line where the index limits each connection."""

_POLL_SECONDS = 0.1
_LONGEST_REASON = 200


def download(wheels: Mapping[str, Wheel], folder: Path, report: Report) -> dict[str, Path]:
    """Bring every wheel that `folder` does not hold yet, and return where each is.

    Raises:
        ChannelError: pip is missing or failed.
        DamagedError: a wheel's hash is wrong; the wheel is thrown away.
        StorageError: the disk is full.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(folder)
    paths = {package: folder / f"{wheel.sha256}.whl" for package, wheel in wheels.items()}
    total = sum(wheel.bytes for wheel in wheels.values())
    whole = {package for package in wheels if _is_whole(paths[package], wheels[package])}
    pending = deque(package for package in wheels if package not in whole)
    command = pip_command() if pending else []
    with contextlib.ExitStack() as stack:
        running: dict[str, _Download] = {}
        while pending or running:
            while pending and len(running) < WORKERS:
                package = pending.popleft()
                running[package] = stack.enter_context(_Download(command, package, wheels[package], folder))
            for package in [name for name, started in running.items() if started.ended()]:
                running.pop(package).move_to(paths[package])
                whole.add(package)
            here = sum(wheels[package].bytes for package in whole)
            here += sum(started.bytes_here() for started in running.values())
            if here < total:  # the last step is told once, when every hash is right
                report(here, total)
            if running:
                time.sleep(_POLL_SECONDS)
    report(total, total)
    return paths


def _is_whole(path: Path, wheel: Wheel) -> bool:
    return path.is_file() and path.stat().st_size == wheel.bytes and hash_file(path) == wheel.sha256


def _remove_leftovers(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)


class _Download:
    """One run of pip for one wheel. Leaving the context ends it and removes its folder."""

    def __init__(self, command: list[str], package: str, wheel: Wheel, parent: Path) -> None:
        self._package = package
        self._wheel = wheel
        self._folder = Path(tempfile.mkdtemp(prefix="pip-", dir=parent))
        self._out = self._folder / "out"
        self._log = self._folder / "log"
        wanted = self._folder / "requirements.txt"
        wanted.write_text(f"{package}=={wheel.version} --hash=sha256:{wheel.sha256}\n", encoding="utf-8")
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 (our interpreter or uv, words of our own)
                [*command, *_arguments(wheel, wanted, self._out)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=_environment(self._folder),
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def ended(self) -> bool:
        return self._process.poll() is not None

    def bytes_here(self) -> int:
        """Bytes that have come: the largest file so far, as pip copies the wheel once more at the end."""
        largest = 0
        # os.walk, unlike Path.rglob, takes no offence at a folder that pip removes meanwhile.
        for parent, _, names in os.walk(self._folder):
            for name in names:
                if name.endswith(".whl"):
                    with contextlib.suppress(OSError):
                        largest = max(largest, (Path(parent) / name).stat().st_size)
        return min(largest, self._wheel.bytes)

    def move_to(self, target: Path) -> None:
        """Check what came and put it in its place."""
        if self._process.returncode != 0:
            raise self._failure()
        came = next(self._out.glob("*.whl"), None)
        if came is None or hash_file(came) != self._wheel.sha256:
            raise DamagedError(f"has a {self._package} {self._wheel.version} whose hash is wrong")
        put_in_place(came, target)

    def _failure(self) -> Exception:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        text = "\n".join(lines)
        numbers = {int(number) for number in re.findall(r"\[Errno (\d+)\]", text)}
        if full := numbers & FULL:
            return as_storage_error(OSError(full.pop(), "full"), self._folder.parent)
        if "DO NOT MATCH THE HASHES" in text:
            return DamagedError(f"has a {self._package} {self._wheel.version} whose hash is wrong")
        if re.search(
            r"Failed to establish|Name or service not known|name resolution|timed out|SSLError", text
        ):
            return ChannelError("could not be reached")
        said = [line.removeprefix("ERROR: ").strip() for line in lines if line.startswith("ERROR: ")]
        reason = said[-1][:_LONGEST_REASON] if said else f"pip ended with {self._process.returncode}"
        return ChannelError(f"said: {reason}")


def _arguments(wheel: Wheel, wanted: Path, out: Path) -> list[str]:
    """Of pip's options only those that keep it from building, running or resolving anything."""
    fixed = ["--no-deps", "--only-binary=:all:", "--ignore-requires-python", "--no-cache-dir"]
    quiet = ["--no-input", "--no-color", "--progress-bar=off", "--disable-pip-version-check"]
    return ["download", *fixed, *quiet, *wheel.pip_args, f"--dest={out}", f"--requirement={wanted}"]


def _environment(folder: Path) -> dict[str, str]:
    """Ours, with temporary files beside the download, and without settings meant for installing."""
    temporary = str(folder)
    return {
        **os.environ,
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), temporary),
        "PIP_CONSTRAINT": os.devnull,
        "PIP_REQUIRE_VIRTUALENV": "0",
    }
