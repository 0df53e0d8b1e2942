"""Language models that a tagger or a classifier cannot start from, and what is said of them."""

import re
import shutil

import pytest

from seqtasks.tasks import run_directory
from seqtasks.tasks.errors import TaskError
from tests.tasks.starting_tasks import OF_ANY_RUN, TASKS, edited, settings, train, without
from tests.tasks.starting_tasks import data as data
from tests.tasks.starting_tasks import started_lm as started_lm
from tests.tiny_ner import arrays, tree
from tests.tiny_start import written

MISFITS = [
    ({"cell": "gru"}, {"cell": "lstm"}, "`cell` gru, got lstm; --cell gru makes them alike"),
    ({}, {"units": 9}, "`units` 8, got 9; --units 8 makes them alike"),
    ({"peephole": True}, {"peephole": False}, "`peephole` on, got off; --peephole makes them"),
    ({}, {"peephole": True}, "`peephole` off, got on; --no-peephole makes them"),
    (
        {"cell": "gru", "relevance_gate": False},
        {"cell": "gru", "relevance_gate": True},
        "`relevance_gate` off, got on; --no-relevance-gate makes them",
    ),
]


@pytest.mark.parametrize(("theirs", "ours", "message"), MISFITS)
@pytest.mark.parametrize("task", TASKS)
def test_other_recurrent_layers_are_refused(task, theirs, ours, message, data, tmp_path):
    place = written(tmp_path / "lm", **theirs)
    config = settings(task, place, **ours)
    source, before = data(task), tree(tmp_path)
    with pytest.raises(TaskError, match=rf"^{re.escape(str(place))}: .*{re.escape(message)}"):
        train(task, config, source, tmp_path / "run")
    assert tree(tmp_path) == before


def emptied(path, name):
    found = arrays(path)
    run_directory.save_arrays(path, found | {name: found[name][:, :0]})


BREAKS = {
    **OF_ANY_RUN,
    "no directory": (shutil.rmtree, "no such directory; .*or name its place with --init-from"),
    "no run": (lambda lm: (lm / "config.json").unlink(), "not a run directory, .*--init-from"),
    "another task": (
        lambda lm: edited(lm / "config.json", lambda record: record.update(task="music")),
        "a run of the task music, not lm or ner; .*--init-from",
    ),
    "characters": (
        lambda lm: edited(lm / "config.json", lambda r: r["config"].update(level="char")),
        "of characters, and words are needed; .*--level word",
    ),
    "no settings": (
        lambda lm: edited(lm / "config.json", lambda record: record.pop("config")),
        "the run is broken .*; train it anew",
    ),
    "no units": (
        lambda lm: edited(lm / "config.json", lambda r: r["config"].update(units=None)),
        "the run is broken .*; train it anew",
    ),
    "endless layers": (
        lambda lm: edited(lm / "config.json", lambda r: r["config"].update(layers=float("inf"))),
        "the run is broken .*; train it anew",
    ),
    "layers below one": (
        lambda lm: edited(lm / "config.json", lambda r: r["config"].update(layers=-3)),
        "the run is broken .*at least 1.*; train it anew",
    ),
    "gates of another kind": (
        lambda lm: edited(lm / "config.json", lambda r: r["config"].update(peephole="yes")),
        "the run is broken .*`peephole` must be true or false, got 'yes'.*; train it anew",
    ),
    "no vocabulary": (
        lambda lm: (lm / "vocabulary.json").unlink(),
        "the run is broken .*; train it anew",
    ),
    "another vocabulary": (
        lambda lm: edited(lm / "vocabulary.json", lambda r: (r["tokens"].pop(), r["counts"].pop())),
        r"weights\.npz: not a vector for each token; train",
    ),
    "vocabulary of numbers": (
        lambda lm: edited(lm / "vocabulary.json", lambda r: r.update(tokens=[1, "a"])),
        "the run is broken .*; train it anew",
    ),
    "broken weights": (
        lambda lm: (lm / "weights.npz").write_bytes(b"PK\x03\x04"),
        r"weights\.npz: broken \(.*\); train",
    ),
    "no vectors": (
        lambda lm: without(lm / "weights.npz", "language_model/vectors/embeddings"),
        r"weights\.npz: not a vector for each token; train",
    ),
    "vectors of no number": (
        lambda lm: emptied(lm / "weights.npz", "language_model/vectors/embeddings"),
        r"weights\.npz: not a vector for each token; train",
    ),
    "a weight is missing": (
        lambda lm: without(lm / "weights.npz", "language_model/recurrent_0/lstm_cell/bias"),
        r"weights\.npz: language_model/recurrent_0/lstm_cell/bias is missing .*train",
    ),
    "a weight of another shape": (
        lambda lm: edited(lm / "config.json", lambda r: r["config"].update(units=7)),
        r"weights\.npz: language_model/recurrent_0/lstm_cell/kernel is .*of another shape.*train",
    ),
}


@pytest.mark.parametrize("what", BREAKS)
def test_what_is_no_language_model_of_words_is_refused(what, started_lm, data, tmp_path):
    place = tmp_path / "lm"
    shutil.copytree(started_lm, place)
    damage, message = BREAKS[what]
    damage(place)
    source, before = data("ner"), tree(tmp_path)
    config = settings("ner", place, units=None)
    with pytest.raises(TaskError, match=rf"^{re.escape(str(place))}.*{message}") as error:
        train("ner", config, source, tmp_path / "run")
    assert "\n" not in str(error.value)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("task", TASKS)
def test_vectors_come_from_one_place(task, started_lm, data, tmp_path):
    config = settings(task, started_lm, embeddings="vectors.txt")
    with pytest.raises(TaskError, match=r"`embeddings` and `init_from` both bring .*: give one"):
        train(task, config, data(task), tmp_path / "run")
