"""What an export of a classifier is checked on, and what cannot be exported.

What it answers: test_exports.py.
"""

import json
import shutil

import pytest

from seqtasks.tasks import saved_model, sentiment
from seqtasks.tasks.errors import TaskError
from tests.tiny_ner import tree
from tests.tiny_sentiment import LABELS, TEXTS


def test_the_directory_is_a_version_that_can_be_served(
    tiny_sentiment, tiny_classifier, tmp_path, monkeypatch
):
    asked = []
    monkeypatch.setattr("seqtasks.tasks.sentiment.exporting.load", lambda _: tiny_classifier)
    monkeypatch.setattr(saved_model, "verify", lambda _, *calls: asked.extend(calls) or [0.0])
    directory, _, texts = sentiment.export(tiny_sentiment.model, tmp_path / "out")
    [(signature, inputs, _)] = asked
    assert signature == "serving_default"
    assert inputs["text"][:-5] == TEXTS
    assert len(inputs["text"]) == texts == len(TEXTS) + 5

    assert directory.name == "1"
    assert {"saved_model.pb", "variables", "seqtasks.json"} <= {p.name for p in directory.iterdir()}
    assert [path.name for path in directory.parent.iterdir()] == ["1"]  # nothing half-written
    record = json.loads((directory / "seqtasks.json").read_text("utf-8"))
    assert record["task"] == "sentiment"
    assert record["labels"] == LABELS  # what the columns of `probabilities` are
    assert "versions" in record


def test_what_cannot_be_exported_or_written_is_told(
    tiny_sentiment, tiny_classifier, tmp_path, monkeypatch
):
    monkeypatch.setattr("seqtasks.tasks.sentiment.exporting.load", lambda _: tiny_classifier)
    monkeypatch.setattr(saved_model, "verify", lambda *_: [0.0])
    (tmp_path / "file").write_text("")
    before = tree(tmp_path)
    with pytest.raises(TaskError, match="--out"):
        sentiment.export(tiny_sentiment.model, tmp_path / "file")
    with pytest.raises(TaskError, match="not a run directory"):
        sentiment.export(tmp_path, tmp_path / "out")
    assert tree(tmp_path) == before
    run = tmp_path / "run"
    shutil.copytree(tiny_sentiment.model, run)
    (run / "examples.json").unlink()
    with pytest.raises(TaskError, match=r"examples\.json: missing or broken"):
        sentiment.export(run, tmp_path / "out")
    assert not (tmp_path / "out").exists()
