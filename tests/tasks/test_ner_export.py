"""An export of a tagger, proven in a fresh process by `export` itself; what cannot be exported.

What it answers: test_exports.py.
"""

import json
import shutil

import pytest

from seqtasks.tasks import ner, saved_model
from seqtasks.tasks.errors import TaskError
from tests.tiny_ner import SENTENCES, tree


@pytest.fixture(scope="module")
def exported(tiny_run, tmp_path_factory):
    """The directory of an export, and its largest difference from the run."""
    out = tmp_path_factory.mktemp("exports") / "ner"
    directory, difference, texts = ner.export(tiny_run.model, out)
    assert difference <= 1e-3
    assert texts == len(SENTENCES) + 4
    return directory


def test_the_directory_is_a_version_that_can_be_served(exported):
    assert exported.name == "1"
    assert {"saved_model.pb", "variables", "seqtasks.json"} <= {p.name for p in exported.iterdir()}
    assert [path.name for path in exported.parent.iterdir()] == ["1"]  # nothing half-written
    record = json.loads((exported / "seqtasks.json").read_text("utf-8"))
    assert record["task"] == "ner"
    assert "versions" in record


@pytest.fixture
def unverified(monkeypatch, tiny_tagger):
    monkeypatch.setattr("seqtasks.tasks.ner.exporting.load", lambda _: tiny_tagger)
    monkeypatch.setattr(saved_model, "verify", lambda *_: [0.0])


def test_what_cannot_be_exported_or_written_is_told(tiny_run, tmp_path, unverified):
    (tmp_path / "file").write_text("")
    before = tree(tmp_path)
    with pytest.raises(TaskError, match="--out"):
        ner.export(tiny_run.model, tmp_path / "file")
    with pytest.raises(TaskError, match="not a run directory"):
        ner.export(tmp_path, tmp_path / "out")
    assert tree(tmp_path) == before
    run = tmp_path / "run"
    shutil.copytree(tiny_run.model, run)
    (run / "examples.json").unlink()
    with pytest.raises(TaskError, match=r"examples\.json: missing or broken"):
        ner.export(run, tmp_path / "out")
    assert not (tmp_path / "out").exists()
