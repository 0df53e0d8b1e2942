"""Starting TensorFlow, of which a module that is as talkative stands in the place."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TENSORFLOW = """
import contextlib, os
with contextlib.suppress(OSError):  # native code does not look whether it could write
    os.write(2, b"noise")
"""
PROGRAM = """
import sys
from seqtasks.cli.start import open_closed_streams, start_tensorflow
open_closed_streams()
with open("input.txt") as file:  # would get the number of a stream that is closed
    start_tensorflow()
    text = file.read()
with open("found.txt", "w") as file:
    file.write(text)
for stream in (sys.stdout, sys.stderr):
    stream.write("said")
    stream.flush()
    assert not stream.isatty()
"""


@pytest.fixture
def start(tmp_path):
    """`start("2>&-")`: what a process says that starts TensorFlow, and all its streams are there.

    What it reads meanwhile from a file is what is in the file.
    """
    (tmp_path / "keras.py").write_text("")
    (tmp_path / "tensorflow.py").write_text(TENSORFLOW)
    (tmp_path / "input.txt").write_text("text")
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])

    def start(streams):
        process = subprocess.run(
            ["sh", "-c", f'exec "$0" -c "$1" {streams}', sys.executable, PROGRAM],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=True,
        )
        assert (tmp_path / "found.txt").read_text() == "text"
        return process.stdout, process.stderr

    return start


@pytest.mark.skipif(os.name != "posix", reason="streams closed by a shell of POSIX")
@pytest.mark.parametrize(
    ("streams", "out", "err"),
    [
        ("", "said", "said"),
        (">&-", "", "said"),
        ("2>&-", "said", ""),
        (">&- 2>&-", "", ""),
        ("<&- >&- 2>&-", "", ""),
    ],
)
def test_tensorflow_is_quiet_and_a_closed_stream_is_no_error(start, streams, out, err):
    assert start(streams) == (out, err)
