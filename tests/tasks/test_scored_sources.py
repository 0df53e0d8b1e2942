"""Which examples are scored: with readers of its own, no model and no data of any task."""

import json

import pytest

from seqtasks.datasets.source import Source
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.scored_sources import examples_to_score

SPLITS = {"train": ["a", "b"], "dev": ["c"], "test": ["d"]}


@pytest.fixture
def score(tmp_path):
    """`score(source, split)`, of a run trained on `own`; reads what it is told to."""
    record = {"task": "lm", "data": {"source": "own", "fingerprint": "1", "columns": {"text": "2"}}}
    (tmp_path / "config.json").write_text(json.dumps(record))

    def score(source=None, split=None, splits=SPLITS, fingerprint="1"):
        asked = []

        def read_source(name, own):
            asked.append((name, own))
            return Source(name, splits, ("a dev split held out", "no test split"), fingerprint)

        def read_file(path):
            return [path.read_text()], ("read whole",)

        return examples_to_score(tmp_path, "lm", source, split, read_source, read_file), asked

    return score


@pytest.mark.parametrize("source", [None, "own"])
def test_the_runs_own_source_is_read_with_what_the_run_says_of_it(score, source):
    found, asked = score(source)
    assert found == (["d"], "own", "test", ("a dev split held out",))
    ((name, own),) = asked
    assert (name, own["columns"]) == ("own", {"text": "2"})


def test_another_source_is_read_with_nothing_of_the_run(score):
    found, asked = score("other", "dev", fingerprint="2")
    assert found == (["c"], "other", "dev", ("a dev split held out",))
    assert asked == [("other", {})]


def test_own_data_that_have_changed_are_told(score):
    found, _ = score(fingerprint="2")
    assert found.notes[1:] == ("own: not the same data any more as the run was trained on",)


def test_another_file_is_read_whole(score, tmp_path):
    file = tmp_path / "more.txt"
    file.write_text("e")
    found, asked = score(str(file))
    assert found == (["e"], str(file), "all", ("read whole",))
    assert asked == []
    with pytest.raises(TaskError, match="leave out --split"):
        score(str(file), "dev")


def test_a_split_that_is_not_there_is_told(score):
    with pytest.raises(TaskError, match="own: has no test split"):
        score(splits={"train": ["a"], "dev": ["c"]})


@pytest.mark.parametrize("data", [None, {"source": "own"}, "own"])
def test_a_run_that_does_not_say_its_data_is_told(score, tmp_path, data):
    (tmp_path / "config.json").write_text(json.dumps({"task": "lm", "data": data}))
    with pytest.raises(TaskError, match="does not say what data it is of"):
        score()
