"""The documents' commands as they stand: full trainings, and to the letter the output shown.

Twenty minutes and more on two cores, so that nothing runs it by itself: `pytest -m verbatim`. The
chorales are parsed anew if the user's cache has none. What is shown was made with the versions in
benchmarks/results, on x86-64; others may round otherwise, and then another text is drawn.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

from tests.documents.pages import ROOT, run_all
from tests.documents.served import PAIRS, PYTHON, strict
from tests.documents.workplace import write_files
from tests.tasks import rest_api

SEQTASKS = (sys.executable, "-c", "from seqtasks.cli import main; main()")


def call(arguments, stdin=None):
    """Standard output of a process in the current directory; exit code 0, or it fails."""
    done = subprocess.run(
        arguments,
        input=None if stdin is None else Path(stdin).read_text("utf-8"),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, arguments
    return done.stdout


@pytest.mark.verbatim
def test_all_pages_as_they_stand(tmp_path, monkeypatch):
    write_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    differences = []

    def compare(name, command, out):
        shown = "".join(line + "\n" for line in command.shown)
        if out != shown:
            differences.append((name, command.words, out, shown))

    run_all(lambda command: call((*SEQTASKS, *command.words), command.stdin), compare)
    for task, request, reply in PAIRS:
        answer = rest_api.called(tf.saved_model.load(f"exports/{task}/1"), strict(request))
        if answer != strict(reply):
            differences.append(("docs/serving.md", request, answer, reply))
    for program, shown in PYTHON:
        if (out := call((sys.executable, "-c", program))) != shown:
            differences.append(("docs/serving.md", program, out, shown))
    assert differences == []
