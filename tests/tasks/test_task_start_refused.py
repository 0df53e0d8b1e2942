"""Runs of its own task that a network cannot start from, and what is said of them."""

import dataclasses
import re

import numpy as np
import pytest

from seqtasks.tasks import run_directory
from seqtasks.tasks.errors import TaskError
from tests import random_runs
from tests.tasks.starting_tasks import OF_ANY_RUN, SMALL, edited, settings, train, without
from tests.tasks.starting_tasks import data as data
from tests.tiny_ner import arrays, tree


def poisoned(path):
    found = arrays(path)
    found["tagger/scores/bias"][0] = np.nan
    run_directory.save_arrays(path, found)


def retyped(path, part, dtype):
    found = arrays(path)
    of_part = {name: value.astype(dtype) for name, value in found.items() if part in name}
    run_directory.save_arrays(path, found | of_part)


def cut(path, name):
    found = arrays(path)
    run_directory.save_arrays(path, found | {name: found[name][:-1]})


BREAKS = {
    **OF_ANY_RUN,
    "no settings": (
        lambda run: edited(run / "config.json", lambda record: record.pop("config")),
        r"config\.json: the run is broken .*; train",
    ),
    "no units": (
        lambda run: edited(run / "config.json", lambda r: r["config"].pop("units")),
        r"config\.json: `units` is missing or null; train",
    ),
    "layers below one": (
        lambda run: edited(run / "config.json", lambda r: r["config"].update(layers=-3)),
        r"config\.json: `layers` must be at least 1, got -3; .*train",
    ),
    "changed since training": (
        lambda run: (run / "digests.json").write_text('{"weights.npz": "0"}'),
        r"weights\.npz: was changed since training; .*train",
    ),
    "double precision": (
        lambda run: retyped(run / "weights.npz", "scores", np.float64),
        r"weights\.npz: tagger/scores/kernel is .*of another shape or type; train",
    ),
    "vectors of half precision": (
        lambda run: retyped(run / "weights.npz", "word", np.float16),
        r"weights\.npz: not a vector for each word; train the tagger anew",
    ),
    "scores of fewer units": (
        lambda run: cut(run / "weights.npz", "tagger/scores/kernel"),
        r"weights\.npz: tagger/scores/kernel is .*of another shape or type; train",
    ),
    "no tags": (
        lambda run: edited(run / "config.json", lambda record: record.pop("tags")),
        r"config\.json: expected two strings or more as `tags`; train",
    ),
    "no vocabulary": (
        lambda run: (run / "vocabulary.json").unlink(),
        r"the run is broken \(vocabulary\.json: .*; train it anew",
    ),
    "another vocabulary": (
        lambda run: edited(
            run / "vocabulary.json", lambda r: (r["words"].pop(), r["counts"].pop())
        ),
        r"weights\.npz: not a vector for each word; train the tagger anew",
    ),
    "other letters": (
        lambda run: edited(run / "vocabulary.json", lambda r: r.update(characters="ab")),
        r"weights\.npz: tagger/letters/letter/embeddings is .*of another shape or type; train",
    ),
    "no vectors": (
        lambda run: without(run / "weights.npz", "tagger/word/embeddings"),
        r"weights\.npz: not a vector for each word; train the tagger anew",
    ),
    "no layer": (
        lambda run: without(
            run / "weights.npz", "tagger/both_ways_0/forward_recurrent_0/lstm_cell/kernel"
        ),
        r"weights\.npz: .*lstm_cell/kernel is missing .*; train the tagger anew",
    ),
    "no number": (
        lambda run: poisoned(run / "weights.npz"),
        r"weights\.npz: tagger/scores/bias has what is no finite number; train",
    ),
}


@pytest.mark.parametrize("what", BREAKS)
def test_a_broken_run_is_refused(what, data, tmp_path):
    place = random_runs.write("ner", tmp_path / "source", characters="convolution")
    damage, message = BREAKS[what]
    damage(place)
    source, before = data("ner"), tree(tmp_path)
    config = settings("ner", place, units=None, character_size=4, character_units=4)
    with pytest.raises(TaskError, match=rf"^{re.escape(str(place))}.*{message}") as error:
        train("ner", config, source, tmp_path / "run")
    assert "\n" not in str(error.value)
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    ("ours", "message"),
    [
        ({"character_units": 8}, "`character_units` 4, got 8; --character-units 4 makes them"),
        ({"characters": "none"}, "`characters` convolution, got none; --characters convolution"),
        ({"bidirectional": False}, "`bidirectional` on, got off; --bidirectional makes them"),
        ({"units": 7}, "`units` 6, got 7; --units 6 makes them alike"),
    ],
)
def test_other_layers_are_refused(ours, message, data, tmp_path):
    place = random_runs.write("ner", tmp_path / "source", characters="convolution")
    config = dataclasses.replace(settings("ner", place, **SMALL), **ours)
    source, before = data("ner"), tree(tmp_path)
    expected = f"{re.escape(str(place))}: the tagger has .*{re.escape(message)}"
    with pytest.raises(TaskError, match=expected):
        train("ner", config, source, tmp_path / "run")
    assert tree(tmp_path) == before


def test_a_run_of_the_other_task_is_refused(data, tmp_path):
    place = random_runs.write("sentiment", tmp_path / "source")
    with pytest.raises(
        TaskError,
        match=r"a run of the task sentiment, not lm or ner; .*lm train or seqtasks ner train, or",
    ):
        train("ner", settings("ner", place), data("ner"), tmp_path / "run")
