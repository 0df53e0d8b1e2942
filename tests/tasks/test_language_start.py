"""A network over words that begins with the weights of a language model."""

import dataclasses
import json
import re
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqtasks.datasets.token_vocabulary import FIRST as FIRST_TOKEN
from seqtasks.datasets.token_vocabulary import UNKNOWN as UNKNOWN_TOKEN
from seqtasks.datasets.vocabulary import FIRST, UNKNOWN, Vocabulary
from seqtasks.tasks import lm, run_directory, starting, training_state
from seqtasks.tasks.errors import TaskError
from tests.tasks.starting_tasks import CONFIGS, PLAIN, TASKS, settings, train
from tests.tasks.starting_tasks import data as data
from tests.tasks.starting_tasks import started_lm as started_lm
from tests.tiny_ner import arrays, assert_same_arrays
from tests.tiny_start import TOKENS, written

NAMES = {"ner": ("O", "B-PER"), "sentiment": ("bad", "good")}
WORDS = ("the", "tim", "oslo", "0000", "soup", "yak")  # all but the last are tokens' words
VOCABULARY = Vocabulary(WORDS, (3,) * len(WORDS), "abcdefgh")


def network_of(task, config, start=None, said=None):
    """The network of a task over VOCABULARY, with its start, or fresh."""
    keras.utils.set_random_seed(5)
    config = dataclasses.replace(config, word_size=6)
    config = CONFIGS[task].resolve(start.fitted(config) if start else config, 100)
    vectors = None
    if start:
        found = start.vectors(WORDS, 0)
        known = dict(zip(found.words, found.values, strict=True))
        vectors = np.stack([known.get(word, np.ones(6, np.float32)) for word in WORDS])
    network = TASKS[task].build_model(config, VOCABULARY, NAMES[task], vectors)
    if start:
        say = (said if said is not None else []).append
        starting.fill(start, network, VOCABULARY, NAMES[task], say)
    return network


# vectors


def test_a_word_has_the_vector_of_the_commonest_token_that_reads_so(started_lm):
    start = starting.read(settings("ner", started_lm), "ner")
    found = start.vectors({"the", "0000", "tim", "oslo", "yak"}, 0)
    values = arrays(started_lm / "weights.npz")["language_model/vectors/embeddings"]
    tokens = {"the": "The", "0000": "2024", "tim": "tim", "oslo": "Oslo"}
    assert set(found.words) == set(tokens)
    for word, value in zip(found.words, found.values, strict=True):
        np.testing.assert_array_equal(value, values[FIRST_TOKEN + TOKENS.index(tokens[word])])


def test_words_that_the_text_lacks_are_taken_the_commonest_first(started_lm):
    start = starting.read(settings("ner", started_lm), "ner")
    assert start.vectors({"zebra"}, 0).words == ("zebra",)
    assert start.vectors({"zebra"}, 2).words == ("the", ".", "zebra")
    assert start.vectors({"zebra"}, 100).words == (
        *("the", ".", "oslo", "0000", "in", "tim", "soup", "café", "zebra"),
    )


@pytest.mark.parametrize("task", TASKS)
def test_training_begins_with_the_language_models_vectors(task, started_lm, data, tmp_path):
    out = tmp_path / "run"
    config = settings(task, started_lm, learning_rate=0.0, **PLAIN[task])
    said = train(task, config, data(task), out)
    vocabulary = Vocabulary.load(out / "vocabulary.json")
    name = {"ner": "tagger", "sentiment": "classifier"}[task]
    embeddings = arrays(out / "weights.npz")[f"{name}/word/embeddings"]
    known = dict(zip(vocabulary.words, embeddings[FIRST:], strict=True))
    start = starting.read(settings(task, started_lm), task)
    found = start.vectors((), 100)
    for word, value in zip(found.words, found.values, strict=True):  # those not in the text too
        np.testing.assert_array_equal(known[word], value)
    values = arrays(started_lm / "weights.npz")["language_model/vectors/embeddings"]
    np.testing.assert_array_equal(embeddings[UNKNOWN], values[UNKNOWN_TOKEN])
    # the others differ from each other, and are spread as those are
    rest = np.stack([known[word] for word in known if word not in found.words])
    assert len(np.unique(rest, axis=0)) == len(rest)
    assert rest.std() == pytest.approx(found.values.std(), rel=0.3)
    # both are told, and the record has the language model
    assert f"{started_lm}: 9 vectors of 6 numbers; they cover" in said
    assert "1 of its 2 recurrent layers taken, for 1 of 1 here" in said
    record = json.loads((out / "config.json").read_text())
    assert (record["config"]["init_from"], record["config"]["word_size"]) == (str(started_lm), 6)
    assert record["start"]["run"] == str(started_lm)
    assert re.fullmatch("[0-9a-f]{64}", record["start"]["fingerprint"])


# layers

CELLS = {
    "rnn": {"cell": "rnn"},
    "gru": {"cell": "gru"},
    "simplified gru": {"cell": "gru", "relevance_gate": False},
    "lstm": {"cell": "lstm"},
    "peephole lstm": {"cell": "lstm", "peephole": True},
}


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("task", TASKS)
def test_forwards_and_of_words_alone_it_computes_what_the_language_model_does(
    task, cell, bidirectional, tmp_path
):
    place = written(tmp_path / "lm", **CELLS[cell])
    config = settings(task, place, **CELLS[cell], layers=2, bidirectional=bidirectional)
    network = network_of(task, config, starting.read(config, task))
    words = ["tim", "the", "soup", "oslo", "0000"]
    tokens = ["tim", "The", "soup", "Oslo", "2024"]
    model = lm.load(place).network
    x = network.word(np.array([[FIRST + WORDS.index(word) for word in words]]))
    expected = model.vectors(np.array([[FIRST_TOKEN + TOKENS.index(token) for token in tokens]]))
    for ours, theirs in zip(network.recurrent, model.recurrent, strict=True):
        layer = ours.forward_layer if bidirectional else ours
        width = layer.cell.kernel.shape[0]
        beside = tf.zeros((1, len(words), width - x.shape[-1]))  # letters, shapes, backwards
        x, (expected, *_) = layer(tf.concat([x, beside], axis=-1)), theirs(expected)
        np.testing.assert_allclose(x, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("task", TASKS)
def test_all_else_is_as_in_a_fresh_network(task, bidirectional, started_lm):
    config = settings(task, started_lm, layers=2, bidirectional=bidirectional)
    start = starting.read(config, task)
    found = run_directory.weights_of(network_of(task, config, start))
    fresh = run_directory.weights_of(network_of(task, config))
    assert found.keys() == fresh.keys()
    filled = set()
    for path, value in found.items():
        if "word/embeddings" in path:
            continue
        if ("recurrent_" in path) and "backward" not in path:
            filled.add(path)
            if path.endswith("/kernel"):  # the rows of what the language model has not
                rows = 6 if "recurrent_0" in path else 8
                assert not (value[:rows] == fresh[path][:rows]).any()
                np.testing.assert_array_equal(value[rows:], fresh[path][rows:])
            else:
                assert not (value == fresh[path]).any()
        else:
            np.testing.assert_array_equal(value, fresh[path], err_msg=path)
    assert len(filled) == 6


@pytest.mark.parametrize(("theirs", "ours"), [(1, 2), (2, 1), (2, 3)])
def test_as_many_layers_are_taken_as_both_have(theirs, ours, tmp_path):
    config = settings("ner", written(tmp_path / "lm", layers=theirs), layers=ours)
    said = []
    network = network_of("ner", config, starting.read(config, "ner"), said)
    both = min(theirs, ours)
    assert said == [
        f"{tmp_path / 'lm'}: {both} of its {theirs} recurrent layers taken, for {both} of {ours} "
        "here"
    ]
    fresh = network_of("ner", config)
    for number, (one, other) in enumerate(zip(network.recurrent, fresh.recurrent, strict=True)):
        taken = one.forward_layer.cell.recurrent_kernel.numpy()
        same = np.array_equal(taken, other.forward_layer.cell.recurrent_kernel.numpy())
        assert same == (number >= both)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("task", TASKS)
def test_what_is_not_said_is_as_the_language_model_has_it(task, cell, tmp_path):
    place = written(tmp_path / "lm", **CELLS[cell])
    config = CONFIGS[task].Config(init_from=str(place))
    config = CONFIGS[task].resolve(starting.read(config, task).fitted(config), 100)
    assert (config.cell, config.units) == (CELLS[cell]["cell"], 8)
    assert config.peephole == {"lstm": False, "peephole lstm": True}.get(cell)
    assert config.relevance_gate == {"gru": True, "simplified gru": False}.get(cell)


# interruption


@pytest.mark.parametrize("task", TASKS)
def test_a_resumed_run_is_as_if_never_interrupted(task, started_lm, data, tmp_path, monkeypatch):
    place, source = tmp_path / "lm", data(task)
    shutil.copytree(started_lm, place)
    config = settings(task, place, epochs=2, **PLAIN[task])
    train(task, config, source, tmp_path / "whole")

    def save(path, arrays):
        run_directory.save_arrays(path, arrays)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training_state, "save_arrays", save)
        train(task, config, source, tmp_path / "run")
    # the language model must be there, and the same
    plain = dataclasses.replace(config, init_from=None)  # the settings it was begun with count
    place.rename(tmp_path / "away")
    with pytest.raises(TaskError, match=r"lm: .*not there any more; bring it back, or .*overwri"):
        train(task, plain, source, tmp_path / "run", resume=True)
    written(place, layers=1)
    with pytest.raises(TaskError, match=r"lm: another run .*bring that one back, or"):
        train(task, plain, source, tmp_path / "run", resume=True)
    shutil.rmtree(place)
    (tmp_path / "away").rename(place)
    train(task, plain, source, tmp_path / "run", resume=True)
    one, other = tmp_path / "whole", tmp_path / "run"
    assert_same_arrays(arrays(one / "weights.npz"), arrays(other / "weights.npz"))
    for name in ("config.json", "vocabulary.json"):
        assert (one / name).read_bytes() == (other / name).read_bytes()
