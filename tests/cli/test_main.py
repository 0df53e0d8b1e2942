"""The entry point itself: exit codes, one line for an error, a reader that goes away."""

import os
import shlex
import subprocess
import sys

import pytest

from seqtasks.tasks.errors import Interrupted
from tests.tiny_ner import TEXTS


def test_main_answers_and_leaves_with_0(seqtasks, loaded_tagger):
    code, out, err = seqtasks("ner", "predict", "--model", loaded_tagger, TEXTS[0])
    assert (code, err) == (0, "")
    assert out == "[PER Ada Lovelace] met [PER Tim] in [LOC Oslo] .\n"
    code, out, err = seqtasks("--version")
    assert (code, err) == (0, "")
    assert "version" in out


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, FloatingPointError("the loss")])
def test_main_tells_in_one_line_what_happened(seqtasks, loaded_tagger, monkeypatch, error):
    def fail(**_):
        raise error

    monkeypatch.setattr("seqtasks.tasks.ner.evaluation.evaluate", fail)
    code, out, err = seqtasks("ner", "evaluate", "--model", loaded_tagger)
    assert code == (130 if error is KeyboardInterrupt else 1)
    assert out == ""
    # click ends the line of ^C first
    (line,) = err.removeprefix("\n").splitlines()
    assert line.startswith("Error: ")


def test_the_command_that_goes_on_is_the_one_that_was_given(seqtasks, tmp_path, monkeypatch):
    def stop(*_, **__):
        raise Interrupted("interrupted after\nstep 1; all is saved", resumable=True)

    monkeypatch.setattr("seqtasks.datasets.tagged_sources.load_tagged", stop)
    given = ["ner", "train", "--model", str(tmp_path / "my  run's"), "--data", "a \\ b"]
    code, _, err = seqtasks(*given, "--overwrite")
    said, _, command = err.strip().partition("go on with: ")
    assert (code, said) == (130, "Error: interrupted after step 1; all is saved; ")
    assert shlex.split(command) == ["seqtasks", *given, "--resume"]


def test_main_does_not_hide_a_defect_of_ours(seqtasks, loaded_tagger, monkeypatch):
    monkeypatch.setattr("seqtasks.tasks.ner.evaluation.evaluate", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        from seqtasks.cli.main import main

        monkeypatch.setattr(
            "sys.argv", ["seqtasks", "ner", "evaluate", "--model", str(loaded_tagger)]
        )
        main()


def test_a_reader_that_goes_away_is_no_error():
    """As `seqtasks datasets list | head -1` has it."""
    theirs, ours = os.pipe()
    os.close(theirs)
    command = [sys.executable, "-c", "from seqtasks.cli import main; main()", "datasets", "list"]
    ended = subprocess.run(command, stdout=ours, stderr=subprocess.PIPE, timeout=60, check=False)
    os.close(ours)
    assert (ended.returncode, ended.stderr) == (0, b"")
