"""What an export of a language model is checked on, and what cannot be exported.

What it answers: test_exports.py.
"""

import json
import shutil

import pytest

from seqtasks.tasks import lm, saved_model
from seqtasks.tasks.errors import TaskError
from tests.random_runs import write
from tests.tiny_lm import LINES


def test_the_directory_is_a_version_that_can_be_served(
    tiny_lm, tiny_language_model, tmp_path, monkeypatch
):
    asked = []
    monkeypatch.setattr("seqtasks.tasks.lm.exporting.load", lambda _: tiny_language_model)
    monkeypatch.setattr(saved_model, "verify", lambda _, *calls: asked.extend(calls) or [0.0])
    directory, _, texts = lm.export(tiny_lm.model, tmp_path / "out")
    score, generate = asked
    assert (score.signature, generate.signature) == ("serving_default", "generate")
    assert score.inputs["text"][:-5] == LINES
    assert len(score.inputs["text"]) == texts == len(LINES) + 5
    assert generate.inputs["prompt"] == [" ".join(line.split()[:3]) for line in LINES[:8]]

    assert directory.name == "1"
    assert {p.name for p in directory.iterdir()} >= {"saved_model.pb", "variables", "seqtasks.json"}
    assert [path.name for path in directory.parent.iterdir()] == ["1"]  # nothing half-written
    record = json.loads((directory / "seqtasks.json").read_text("utf-8"))
    assert (record["task"], record["config"]["level"]) == ("lm", "word")


@pytest.fixture(scope="module")
def characters(tmp_path_factory):
    """A character model of running text."""
    return lm.load(write("lm", tmp_path_factory.mktemp("characters") / "run", level="char"))


@pytest.mark.parametrize("settings", [{"length": 0}, {"length": 0, "temperature": 0.0}])
def test_nothing_is_added_where_no_token_is_asked_for(characters, settings):
    assert characters.generate("Anna has", **settings) == ["Anna has"]


def test_a_run_without_its_texts_cannot_be_exported(
    tiny_lm, tiny_language_model, tmp_path, monkeypatch
):
    monkeypatch.setattr("seqtasks.tasks.lm.exporting.load", lambda _: tiny_language_model)
    shutil.copytree(tiny_lm.model, tmp_path / "run")
    (tmp_path / "run" / "examples.json").unlink()
    with pytest.raises(TaskError, match=r"examples\.json: missing or broken"):
        lm.export(tmp_path / "run", tmp_path / "out")
    assert not (tmp_path / "out").exists()
