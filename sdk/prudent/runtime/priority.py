"""How urgent a thread's work is to the operating system. Knows no work.

Chat streams token by token to somebody who reads along; a recording or a page may take a little longer. Two
sessions that compute at once share the cores in equal parts unless one of them is said to matter less.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading

BACKGROUND_NICE = 5
"""Beside a thread of nice 0 on the same core, one of nice 5 gets about a quarter of the time (sched(7)).

Beside a session that never rests, a stream's tokens came every 17-21 ms instead of 40-44; 10 gave no more,
and starves the work on a machine that is busy with something else.
"""


def work_in_background() -> None:
    """Let this thread, and every thread that it starts from now on, give way to the others of the process.

    There is no way back without privileges, so it is for threads of their own. Only Linux has nice values for
    threads; elsewhere nothing changes.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # as before is good enough
            thread = threading.get_native_id()
            nice = max(BACKGROUND_NICE, os.getpriority(os.PRIO_PROCESS, thread))
            os.setpriority(os.PRIO_PROCESS, thread, nice)
