"""Calls that a signal ends."""

import signal
import subprocess
import sys

import pytest

from seqtasks.cli.interruptible import interruptible

SCRIPT = """
import signal, sys, time
from seqtasks.cli.interruptible import interruptible
from seqtasks.cli.main import _terminated
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, _terminated)
def wait():
    print("begun", flush=True)
    time.sleep(60)
interruptible(wait)
"""


def test_what_is_returned_and_raised_comes_through():
    assert interruptible(dict, one=1) == {"one": 1}
    with pytest.raises(ZeroDivisionError):
        interruptible(lambda: 1 // 0)


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [(signal.SIGINT, 130, "Error: interrupted"), (signal.SIGTERM, 143, "Error: terminated")],
)
def test_a_signal_ends_the_process_with_its_code_and_one_line(number, code, said):
    command = [sys.executable, "-c", SCRIPT]
    with subprocess.Popen(command, stdout=-1, stderr=-1, text=True) as process:
        assert process.stdout.readline() == "begun\n"
        process.send_signal(number)
        _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (code, said + "\n")
