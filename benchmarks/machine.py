"""What a figure was measured on, and where raw runs are kept. Measures nothing itself."""

from __future__ import annotations

import datetime
import json
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

RUNS = Path(__file__).parent / "runs"
_INSTRUCTIONS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "asimddp", "i8mm")
_PACKAGES = ("prudent", "onnxruntime", "llama-cpp-python", "numpy")


def describe() -> dict[str, Any]:
    """The machine and the versions that took part."""
    words: dict[str, str] = {}
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            key, _, value = line.partition(":")
            words.setdefault(key.strip(), value.strip())
    flags = (words.get("flags") or words.get("Features") or "").split()
    return {
        "processor": words.get("model name", platform.processor() or platform.machine()),
        "family_model": f"{words.get('cpu family', '?')}/{words.get('model', '?')}",
        "instructions": [name for name in _INSTRUCTIONS if name in flags],
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in _PACKAGES},
    }


def keep(name: str, settings: dict[str, Any], results: Any) -> Path:
    """Write a run with its machine to runs/ and return the file."""
    RUNS.mkdir(exist_ok=True)
    now = datetime.datetime.now(datetime.UTC)
    run = {
        "taken_at": now.isoformat(timespec="seconds"),
        "machine": describe(),
        "settings": settings,
        "results": results,
    }
    file = RUNS / f"{name}-{now:%Y%m%d-%H%M%S}.json"
    file.write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")
    return file


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
