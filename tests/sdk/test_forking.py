"""A fork waits for what its child could never release. In processes of their own: the hook stays."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")


def _run(program: str) -> str:
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, timeout=100
    )
    assert result.stderr == ""
    return result.stdout


def test_a_fork_waits_for_a_library_that_loads_in_another_thread() -> None:
    program = """
import faulthandler, os, threading, time
from prudent.forking import fork_with_care, unforked
fork_with_care()
library, inside = threading.Lock(), threading.Event()
def load():
    with unforked(), library:
        inside.set()
        time.sleep(0.3)
threading.Thread(target=load).start()
inside.wait()
child = os.fork()
if child == 0:
    faulthandler.dump_traceback_later(20, exit=True)
    with unforked(), library:
        os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
with unforked(), library:
    print("goes on")
"""
    assert _run(program) == "7\ngoes on\n"


def test_a_fork_while_telephone_numbers_of_a_region_are_first_read_leaves_a_child_that_reads_them() -> None:
    program = """
import faulthandler, os, threading, time
import phonenumbers
from prudent.forking import fork_with_care
from prudent_responsible_ai.checks.phone_numbers import phone_numbers
from prudent_responsible_ai.text_view import View
fork_with_care()
loaders, inside = phonenumbers.PhoneMetadata._region_available, threading.Event()
load = loaders["FR"]
def slowly(region):
    load(region)
    inside.set()
    time.sleep(0.3)  # the import has ended, and the library still holds its lock
loaders["FR"] = slowly
def read():
    return list(phone_numbers(View("+33 1 42 68 53 00", 0), []))
thread = threading.Thread(target=read)
thread.start()
inside.wait()
child = os.fork()
if child == 0:
    faulthandler.dump_traceback_later(20, exit=True)
    os._exit(len(read()))
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), read())
"""
    assert _run(program) == "1 [(0, 17)]\n"
