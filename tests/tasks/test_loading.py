"""Run directories of strangers: what is refused before a network is built, and how it is told."""

import json
import shutil

import numpy as np
import pytest

from seqtasks.tasks import lm, loading, music, ner, run_directory, sentiment
from seqtasks.tasks.errors import TaskError

TASKS = {
    "ner": (ner, "tiny_run"),
    "sentiment": (sentiment, "tiny_sentiment"),
    "lm": (lm, "tiny_lm"),
    "music": (music, "tiny_music"),
}


@pytest.fixture(params=TASKS)
def run(request, tmp_path):
    """A copy of a tiny run, and what loads it."""
    task, fixture = TASKS[request.param]
    place = tmp_path / "run"
    shutil.copytree(request.getfixturevalue(fixture).model, place)
    (place / "digests.json").unlink()  # a stranger's would fit
    return place, task.load


def edit(path, change):
    record = json.loads(path.read_text("utf-8"))
    change(record)
    path.write_text(json.dumps(record), "utf-8")


def told(run):
    place, load = run
    with pytest.raises(TaskError) as error:
        load(place)
    (line,) = str(error.value).splitlines()
    assert line.startswith(str(place)) and "train the model anew" in line
    return line


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        # an allocation of terabytes, by one number or by several
        ("units", 10**9, "a network of the settings in config.json has more"),
        ("layers", 10**6, "a network of the settings in config.json has more"),
        ("units", 10**12, "`units` must be at most 2147483647"),
        ("layers", -1, "`layers` must be at least 1, got -1"),
        ("layers", True, "`layers` must be a whole number, got True"),
        ("units", "8", "`units` must be a whole number, got '8'"),
        ("units", [[]], "`units` must be a whole number, got [[]]"),
        ("units", None, "`units` "),
        ("dropout", float("nan"), "`dropout` must be a finite number"),
        ("cell", "transformer", "`cell` must be one of rnn, gru, lstm"),
        ("heads", 8, "no setting is called 'heads'"),
        ("\x1b[2J", 8, r"no setting is called '\x1b[2J'"),
    ],
)
def test_a_setting_changed_by_hand_is_named(run, name, value, problem):
    edit(run[0] / "config.json", lambda record: record["config"].update({name: value}))
    assert problem in told(run)


@pytest.mark.parametrize("config", [None, [], "config", 3])
def test_settings_that_are_none(run, config):
    edit(run[0] / "config.json", lambda record: record.update(config=config))
    assert "config.json: the run is broken (it has no settings)" in told(run)


def test_a_version_from_the_future_is_named(run):
    edit(run[0] / "config.json", lambda record: record["versions"].update(seqtasks="999.1.2"))
    assert "a run of seqtasks 999.1.2, later than" in told(run)
    # of versions that are none nothing is known: the settings and weights are checked all the same
    for version in (None, [], "x", "9" * 5_000, {"seqtasks": 3}):
        edit(run[0] / "config.json", lambda record, v=version: record.update(versions=v))
        run[1](run[0])


@pytest.mark.parametrize("key", ["tags", "labels"])
@pytest.mark.parametrize(
    "names", [None, "O", [], ["O"], ["O", 1], ["O", "O"], ["O", "\ud800"], [["O"], "a"]]
)
def test_names_that_are_none(tiny_run, tiny_sentiment, tmp_path, key, names):
    task, tiny = (ner, tiny_run) if key == "tags" else (sentiment, tiny_sentiment)
    shutil.copytree(tiny.model, tmp_path / "run")
    edit(tmp_path / "run" / "config.json", lambda record: record.update({key: names}))
    assert f"`{key}`" in told((tmp_path / "run", task.load))


@pytest.mark.parametrize("tags", [["B-PER", "O"], ["O", "PER"], ["O", "B-"], ["O", "S-PER"]])
def test_tags_of_another_scheme(tiny_run, tmp_path, tags):
    shutil.copytree(tiny_run.model, tmp_path / "run")
    edit(tmp_path / "run" / "config.json", lambda record: record.update(tags=tags))
    assert "tags of IOB2" in told((tmp_path / "run", ner.load))


def test_weights_are_finite_numbers(run):
    path = run[0] / "weights.npz"
    with np.load(path) as file:
        weights = dict(file)
    name, value = max(weights.items(), key=lambda item: item[1].size)
    for wrong in (value * np.nan, value + np.inf, value.astype(str)):
        run_directory.save_arrays(path, {**weights, name: wrong})
        assert f"weights.npz: {name} has what is no finite number" in told(run)
    for other in (np.int32, np.float64):
        run_directory.save_arrays(path, {**weights, name: value.astype(other)})
        assert f"weights.npz: {name} is missing or of another shape or type" in told(run)


def test_fewer_numbers_are_asked_for_than_a_network_has(
    tiny_run, tiny_sentiment, tiny_lm, tiny_music, monkeypatch
):
    """The bound lets every run pass, and is no less than half of what its network takes."""
    asked = []
    weights_for = loading.weights_for

    def watched(model, layers, numbers):
        arrays = weights_for(model, layers, numbers)
        asked.append((numbers, sum(value.size for value in arrays.values())))
        return arrays

    monkeypatch.setattr(loading, "weights_for", watched)
    for task, tiny in ((ner, tiny_run), (sentiment, tiny_sentiment), (lm, tiny_lm)):
        task.load(tiny.model)
        numbers, there = asked[-1]
        assert numbers <= there <= 2 * numbers
    music.load(tiny_music.model)  # most of whose weights are tables of a size that does not change
    numbers, there = asked[-1]
    assert numbers <= there


@pytest.mark.parametrize(
    "change",
    [
        {"width": 10**9},
        {"width": "2"},
        {"width": 3},
        {"bar": -1},
        {"bar": 10**9},
        {"steps_per_beat": 0},
        {"steps_per_beat": 2.0},
        {"ties": "yes"},
        {"by_tonic": 1},
        {"ranges": [[0, 127], [1, 128]]},
        {"ranges": [[60, 50], [1, 127]]},
        {"genres": ["reels"], "counts": [1]},
        {"counts": [10**400] * 24},
        {"counts": [-1] * 24},
        {"voices": 3},
        {"strange": 1},
    ],
)
def test_a_notation_changed_by_hand(tiny_music, tmp_path, change):
    shutil.copytree(tiny_music.model, tmp_path / "run")
    edit(tmp_path / "run" / "vocabulary.json", lambda record: record.update(change))
    with pytest.raises(TaskError, match="the run is broken") as error:
        music.load(tmp_path / "run")
    assert len(str(error.value).splitlines()) == 1
