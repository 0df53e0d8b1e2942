"""Every command and every block of Python in the documents runs, in the order of its page.

Here with tiny settings and data; `test_pages_verbatim.py` runs the same as it stands.
"""

import re
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
import tensorflow as tf
from click.testing import CliRunner

from seqtasks.cli.main import prepare_tensorflow, seqtasks_command
from tests.documents.pages import run_all
from tests.documents.workplace import make_samples_small, write_files

NUMBER = re.compile(r"[-−]?\d[\d,.]*(?:\^[\d.]+)?")
# commands whose output has the same words whatever the training, and those whose has not
SAME_WORDS = ("evaluate", "score", "info", "datasets")


def skeleton(line):
    """A line without its numbers, and without what its columns are filled with."""
    return " ".join(NUMBER.sub("0", line).split())


def assert_form(command, out):
    """The output is as long as the page shows; of reports it has the same words."""
    shown, found = list(command.shown), out.split("\n")[:-1]
    assert len(found) == len(shown), (command, out)
    if "conll" in command.words or "Harry" in " ".join(command.words):
        assert found == shown  # learnt by heart, it depends on nothing
    elif set(command.words) & set(SAME_WORDS) and command.words[:2] != ("lm", "score"):
        assert list(map(skeleton, found)) == list(map(skeleton, shown))


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """The current directory, with the files that the documents name; samples are small."""
    prepare_tensorflow()
    make_samples_small(monkeypatch)
    write_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    for task in ("ner", "sentiment", "lm", "music"):
        module = import_module(f"seqtasks.tasks.{task}.run")
        # a run is loaded once for all commands
        monkeypatch.setattr(module, "load", cache(module.load))
    write = tf.saved_model.save
    # exports have tests of their own; here only those are written that pages go on to call
    monkeypatch.setattr(
        tf.saved_model,
        "save",
        lambda module, place, **more: (
            write(module, place, **more) if {"ner", "mine"} & set(Path(place).parts) else None
        ),
    )
    monkeypatch.setattr("seqtasks.tasks.saved_model.verify", lambda *_: [0.0])
    return tmp_path


def run(command):
    """Run a command, with tiny settings if it trains; its output. Exit code 0, or it fails."""
    words = list(command.words)
    if words[1:2] == ["train"] and "--config" not in words:
        words += ["--config", f"{words[0]}.json"]
    if words[:2] == ["music", "generate"]:
        words += ["--takes", "1", *(() if "--melody" in words else ("--steps", "16"))]
    stdin = None if command.stdin is None else Path(command.stdin).read_bytes()
    result = CliRunner().invoke(seqtasks_command, words, input=stdin, catch_exceptions=False)
    assert result.exit_code == 0, (command, result.output)
    return result.stdout


@pytest.mark.slow
def test_all_pages_run_from_top_to_end(workplace):
    outputs = run_all(run, lambda _, command, out: assert_form(command, out))
    assert len(outputs) > 30
