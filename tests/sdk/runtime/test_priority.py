"""A background thread gives way, its children too, and nobody else does."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from prudent.runtime.priority import BACKGROUND_NICE, work_in_background

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has nice values for threads")


def _nice() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def test_a_background_thread_and_its_children_give_way_and_no_other_thread_does() -> None:
    before, seen = _nice(), list[int]()

    def work() -> None:
        work_in_background()
        child = threading.Thread(target=lambda: seen.append(_nice()))
        child.start()
        child.join()
        seen.append(_nice())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [max(before, BACKGROUND_NICE)] * 2
    assert _nice() == before
