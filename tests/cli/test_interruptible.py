"""Calls that a signal ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seqtasks.cli.interruptible import interruptible

ROOT = Path(__file__).parents[2]
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

# a command of a language model, told when its one long call of TensorFlow begins
LONG = """
from seqtasks.cli.main import main, prepare_tensorflow
from seqtasks.cli.start import start_tensorflow
prepare_tensorflow()
start_tensorflow(1)
from seqtasks.tasks.lm.language_model import LanguageModel
{name} = LanguageModel.{name}
def told(model, *given, **named):
    list({name}(model, {short}))  # which traces the graph
    print("begun", flush=True)
    return {name}(model, *given, **named)
LanguageModel.{name} = told
main()
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


@pytest.mark.parametrize(
    ("name", "short", "arguments", "number", "code"),
    [
        ("generate", "length=1", "--sentences 0 --length 1000000 --num 9", signal.SIGINT, 130),
        ("generate", "length=1", "--sentences 0 --length 1000000 --num 9", signal.SIGTERM, 143),
        ("score", "['the']", "--input long.txt", signal.SIGINT, 130),
    ],
)
def test_a_long_call_of_tensorflow_is_ended(
    tiny_lm, tmp_path, name, short, arguments, number, code
):
    (tmp_path / "long.txt").write_text("the " * 250_000 + "\n")  # a minute's work, at least
    script = LONG.format(name=name, short=short)
    command = [sys.executable, "-c", script, "lm", name, "--model", tiny_lm.model]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    with subprocess.Popen(
        [*map(str, command), *arguments.split()],
        stdout=-1,
        stderr=-1,
        text=True,
        cwd=tmp_path,
        env=environment,
    ) as process:
        assert process.stdout.readline() == "begun\n", process.communicate()[1]
        time.sleep(1)  # until it is in the middle of it
        assert process.poll() is None
        process.send_signal(number)
        try:
            out, err = process.communicate(timeout=10)
        finally:
            process.kill()
    assert (process.returncode, out) == (code, "")
    assert err == f"Error: {'interrupted' if code == 130 else 'terminated'}\n"
