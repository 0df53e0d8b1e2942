"""Runs whose files are damaged, swapped or replaced: an answer, or one line that names the run."""

import json
import os
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqtasks.tasks import lm, music, ner, sentiment
from seqtasks.tasks.describe import describe
from seqtasks.tasks.errors import TaskError
from tests.hostile import answer_or_refusal, as_json, damaged, values, written

FEW = settings(max_examples=max(settings().max_examples // 6, 10))
TASKS = {
    "ner": (ner, "tiny_run"),
    "sentiment": (sentiment, "tiny_sentiment"),
    "lm": (lm, "tiny_lm"),
    "music": (music, "tiny_music"),
}
FILES = ("config.json", "vocabulary.json", "weights.npz")


@pytest.fixture(scope="module")
def runs(tiny_run, tiny_sentiment, tiny_lm, tiny_music):
    """The run of each task, and all their files by name."""
    places = {
        "ner": tiny_run.model,
        "sentiment": tiny_sentiment.model,
        "lm": tiny_lm.model,
        "music": tiny_music.model,
    }
    return places, {name: [(p / name).read_bytes() for p in places.values()] for name in FILES}


def used(task, place):
    """What the model of a run makes of a little input."""
    model = TASKS[task][0].load(place)
    match task:
        case "ner":
            (line,) = model.tag_texts(["Ada met Tim in Oslo."])
            assert all(0 <= entity.confidence <= 1 for entity in line.entities)
        case "sentiment":
            (found,) = model.classify(["I loved it."])
            assert sum(found.probabilities.values()) == pytest.approx(1, abs=1e-3)
        case "lm":
            (found,) = model.score(["The gulls know her."])
            assert found.log10 <= 0 and not np.isnan(found.log10)
        case "music":
            (piece,) = model.generate(4, temperature=0.0)
            assert len(piece) <= 4
            music.training_pieces(place)


def tried(task, place):
    """The run is used, or refused by its name; and it is described, or refused likewise."""
    try:
        answer_or_refusal(used, task, place)
    except Exception as error:
        if type(error).__name__ != "RefusedError":
            raise
        assert str(error).startswith(str(place))
    record = describe(place) if (place / "config.json").is_file() else {}
    assert isinstance(record, dict)


def changed(draw, data):
    """JSON with anything in place of one of its parts."""
    record = json.loads(data)
    part = record
    while True:
        inner = [key for key, value in part.items() if isinstance(value, dict) and value]
        if not inner or draw(st.booleans()):
            break
        part = part[draw(st.sampled_from(inner))]
    key = draw(st.one_of(st.sampled_from([*part]), st.text(max_size=5)))
    if draw(st.booleans()):
        part[key] = draw(st.one_of(values(2), st.sampled_from([0, -1, 1, 2, 10**9, "lstm", "x"])))
    else:
        part.pop(key, None)
    return as_json(record)


@pytest.mark.parametrize("task", TASKS)
@FEW
@given(drawn=st.data())
def test_a_damaged_file_of_a_run(runs, task, drawn):
    places, files = runs
    place = written(b"", "x").parent / "run"
    shutil.copytree(places[task], place)
    (place / "digests.json").unlink()  # those of a stranger's files would fit
    name = drawn.draw(st.sampled_from(FILES))
    data = (place / name).read_bytes()
    if name.endswith(".json") and drawn.draw(st.integers(0, 3)):
        data = changed(drawn.draw, data)
    else:
        data = drawn.draw(st.one_of(damaged([data]), st.sampled_from(files[name])))
    (place / name).write_bytes(data)
    try:
        tried(task, place)
    except TaskError as error:  # of `describe`
        assert str(error).startswith(str(place))
    shutil.rmtree(place.parent)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with a name")
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", [*FILES, "pieces.bin"])
def test_what_is_no_file_is_named(runs, tmp_path, task, name):
    if name == "pieces.bin" and task != "music":
        return
    place = tmp_path / "run"
    shutil.copytree(runs[0][task], place)
    for make in (os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/zero", path)):
        if (place / name).is_dir() and not (place / name).is_symlink():
            (place / name).rmdir()
        else:
            (place / name).unlink()
        make(place / name)
        with pytest.raises(TaskError) as error:
            used(task, place)
        (line,) = str(error.value).splitlines()
        assert str(place / name) in line and "train" in line
