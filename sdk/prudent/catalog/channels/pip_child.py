"""Runs pip in a child process that ends when its parent ends, however that happens.

Run as a script: `python -P pip_child.py PIP_LOCATION download ...`. PIP_LOCATION is a wheel of pip to run it
from, or empty where pip is installed. Imports nothing of prudent, and only the standard library.

The parent holds the other end of standard input and never writes to it: when it is gone, reading ends.
"""

from __future__ import annotations

import os
import runpy
import sys
import threading


def _end_with_parent() -> None:
    # os.read and not sys.stdin: a thread that holds a buffered reader stops the interpreter from ending.
    while os.read(0, 1):
        pass
    os._exit(1)


def main() -> None:
    """Run pip on the remaining arguments."""
    location = sys.argv.pop(1)
    if location:
        sys.path.insert(0, location)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    runpy.run_module("pip", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
