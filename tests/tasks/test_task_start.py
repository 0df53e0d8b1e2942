"""A network over words that begins with the weights of a trained one of the same task."""

import dataclasses
import json
import re

import keras
import numpy as np
import pytest

from seqtasks.datasets.vocabulary import FIRST, Encoder, Vocabulary, ragged
from seqtasks.tasks import run_directory, starting, training_state
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.pretrained import pretrained
from tests import random_runs, tiny_ner, tiny_sentiment
from tests.random_runs import CELLS
from tests.tasks.starting_tasks import (
    CONFIGS,
    PLAIN,
    SMALL,
    TASKS,
    edited,
    settings,
    train,
    without,
)
from tests.tasks.starting_tasks import data as data
from tests.tiny_ner import arrays, assert_same_arrays

TEXTS = {"ner": tiny_ner.TEXTS, "sentiment": tiny_sentiment.TEXTS}
# the outputs of the source, in another order, and one more
NAMES = {
    "ner": ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"),
    "sentiment": ("positive", "angry", "neutral", "negative"),
}
OUTPUTS = {"ner": "tags", "sentiment": "labels"}
NEW = "ΩΩ Ψ ΩΨ"  # words and letters that no source has seen


def begun(task, place, names, said=None, **more):
    """A network over some of the source's words and NEW, begun from `place`; and its encoder."""
    keras.utils.set_random_seed(5)
    say = (said if said is not None else []).append
    config = settings(task, place, evidence=False) if task == "sentiment" else settings(task, place)
    config = dataclasses.replace(config, **{**SMALL, **more})
    start = starting.read(config, task)
    config = CONFIGS[task].resolve(start.fitted(config), 100)
    tokens = [*" ".join(TEXTS[task][::2]).split(), *NEW.split() * 3]
    counted = Vocabulary.count(tokens)
    config, vocabulary, vectors = pretrained(config, counted, tokens, say, start)
    network = TASKS[task].build_model(config, vocabulary, names, vectors)
    starting.fill(start, network, vocabulary, names, say)
    return network, Encoder(vocabulary, config.longest_word)


def scores(network, encoder, texts):
    return network(*encoder.encode(ragged([text.split() for text in texts]))).numpy()


def source_scores(task, place, texts):
    """What the network of the run says of texts, and the names of its outputs."""
    model = TASKS[task].load(place)
    if task == "sentiment":  # what words say alone is counted anew
        model.network.evidence.assign(np.zeros(model.network.evidence.shape))
        model.network.pairs.evidence.assign(np.zeros(model.network.pairs.evidence.shape))
    encoder = Encoder(Vocabulary.load(place / "vocabulary.json"), model.network.config.longest_word)
    found = scores(model.network, encoder, texts)
    return found, list(getattr(model.network, OUTPUTS[task]))


KINDS = {
    **CELLS,
    "letters recurrent": {"characters": "recurrent"},
    "no letters": {"characters": "none"},
    "two layers": {"layers": 2},
    "one way": {"bidirectional": False},
}


# the two tasks share all that reads words: of the classifier a few will do
@pytest.mark.parametrize(
    ("task", "kind"),
    [*(("ner", kind) for kind in KINDS), ("sentiment", "gru"), ("sentiment", "two layers")],
)
def test_it_says_what_its_source_says_of_outputs_both_have(task, kind, tmp_path):
    options = {"characters": "convolution", **KINDS[kind]}
    place = random_runs.write(task, tmp_path / "source", **options)
    network, encoder = begun(task, place, NAMES[task], **options)
    texts = [*TEXTS[task], "nobody has said this (yet) in Oslo"]
    theirs, names = source_scores(task, place, texts)
    both = [name for name in NAMES[task] if name in names]
    here, there = ([tags.index(name) for name in both] for tags in (NAMES[task], names))
    assert len(both) == len(names) == len(NAMES[task]) - (2 if task == "ner" else 1)
    np.testing.assert_allclose(
        scores(network, encoder, texts)[..., here], theirs[..., there], rtol=1e-5, atol=1e-5
    )


def test_transitions_are_those_of_the_tags_that_both_have(tmp_path):
    place = random_runs.write("ner", tmp_path / "source")
    network, _ = begun("ner", place, NAMES["ner"])
    fresh = begun("ner", place, ("B-X", "I-X", "O"))[0].crf  # of seven tags all but O
    old = arrays(place / "weights.npz")
    ours = {v.path: v.numpy() for v in network.crf.trainable_variables}
    assert set(ours) == {"crf/transitions", "crf/start", "crf/end"}
    index = [random_runs.TAGS.index(tag) for tag in NAMES["ner"] if tag in random_runs.TAGS]
    known = [NAMES["ner"].index(random_runs.TAGS[i]) for i in index]
    for path, value in ours.items():
        grid = np.ix_(*[known] * value.ndim)
        np.testing.assert_array_equal(value[grid], old[path][np.ix_(*[index] * value.ndim)])
        rest = np.ones(value.shape, bool)
        rest[grid] = False
        assert not np.isin(value[rest], old[path]).any()  # as they were drawn
    assert fresh.start.numpy()[2] == old["crf/start"][0]


@pytest.mark.parametrize("task", TASKS)
def test_words_and_letters_of_the_source_come_along(task, tmp_path):
    place = random_runs.write(task, tmp_path / "source", characters="convolution")
    said = []
    network, _ = begun(task, place, NAMES[task], said, characters="convolution")
    name = {"ner": "tagger", "sentiment": "classifier"}[task]
    old, source = arrays(place / "weights.npz"), Vocabulary.load(place / "vocabulary.json")
    rows = network.word.embeddings.numpy()
    assert len(rows) == FIRST + len(source.words) + len(NEW.split())
    table = {tuple(row) for row in rows}
    assert all(tuple(row) in table for row in old[f"{name}/word/embeddings"][1:])
    letters = {tuple(row) for row in network.letters.embed.embeddings.numpy()}
    assert all(tuple(row) in letters for row in old[f"{name}/letters/letter/embeddings"])
    assert len(letters) > len(source.characters) + FIRST  # those of NEW
    assert said[-1] == (
        f"{place}: 1 of its 1 recurrent layers taken, for 1 of 1 here; "
        f"{len(old[f'{name}/scores/bias'])} of {len(NAMES[task])} outputs are among its own"
    )


@pytest.mark.parametrize(("theirs", "ours"), [(1, 2), (2, 1)])
def test_as_many_layers_are_taken_as_both_have(theirs, ours, tmp_path):
    place = random_runs.write("ner", tmp_path / "source", layers=theirs)
    said = []
    network, _ = begun("ner", place, NAMES["ner"], said, layers=ours)
    old = arrays(place / "weights.npz")
    for number, layer in enumerate(network.recurrent):
        for variable in layer.trainable_variables:
            same = np.array_equal(variable.numpy(), old.get(variable.path))
            assert same == (number == 0), variable.path
    assert f"1 of its {theirs} recurrent layers taken, for 1 of {ours} here" in said[-1]


def test_a_source_with_a_crf_lends_its_scores_to_softmax_and_back(tmp_path):
    crf = random_runs.write("ner", tmp_path / "crf")
    softmax = random_runs.write("ner", tmp_path / "softmax", decoder="softmax")
    for place, decoder in ((crf, "softmax"), (softmax, "crf")):
        network, encoder = begun("ner", place, random_runs.TAGS, decoder=decoder)
        theirs, _ = source_scores("ner", place, TEXTS["ner"])
        np.testing.assert_allclose(
            scores(network, encoder, TEXTS["ner"]), theirs, rtol=1e-5, atol=1e-5
        )


@pytest.mark.parametrize("pooling", ["attention", "last"])
def test_scores_come_with_the_pooling_that_they_are_scores_of(pooling, tmp_path):
    place = random_runs.write("sentiment", tmp_path / "source", pooling=pooling)
    network, encoder = begun("sentiment", place, tiny_sentiment.LABELS, pooling=pooling)
    theirs, _ = source_scores("sentiment", place, tiny_sentiment.TEXTS)
    ours = scores(network, encoder, tiny_sentiment.TEXTS)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)
    # another one has scores of its own, though there are as many of them or attention is asked for
    for other in {"attention", "maximum"} - {pooling}:
        said = []
        network, _ = begun("sentiment", place, tiny_sentiment.LABELS, said, pooling=other)
        assert not network.scores.bias.numpy().any()
        assert f"its scores are of --pooling {pooling}, and begin afresh" in said[-1]


def test_no_output_need_be_among_the_sources(tmp_path):
    place = random_runs.write("sentiment", tmp_path / "source")
    said = []
    network, _ = begun("sentiment", place, ("bad", "good"), said)
    assert not network.scores.bias.numpy().any()
    assert said[-1].endswith("0 of 2 outputs are among its own")


# the commands' own way


@pytest.mark.parametrize("task", TASKS)
def test_training_begins_there_and_says_so(task, data, tmp_path):
    place = random_runs.write(task, tmp_path / "source", characters="none")
    kept = {"characters": "none", "units": None, "learning_rate": 0.0, **PLAIN[task]}
    if task == "sentiment":
        kept["evidence"] = False
    out = tmp_path / "run"
    said = train(task, settings(task, place, **kept), data(task), out)
    old, new = arrays(place / "weights.npz"), arrays(out / "weights.npz")
    taken = [path for path in new if re.search("both_ways|shape/", path)]
    assert len(taken) == {"ner": 7, "sentiment": 6}[task]
    for path in taken:
        np.testing.assert_array_equal(new[path], old[path], err_msg=path)
    assert f"{place}: 1 of its 1 recurrent layers taken" in said
    record = json.loads((out / "config.json").read_text())
    assert record["start"]["run"] == record["config"]["init_from"] == str(place)
    assert record["config"]["units"] == SMALL["units"]


def test_a_resumed_run_is_as_if_never_interrupted(data, tmp_path, monkeypatch):
    place, source = random_runs.write("ner", tmp_path / "source", characters="none"), data("ner")
    left = {"units": None, "word_size": None}  # to what is begun from
    kept = {"characters": "none", **left, "epochs": 2, **PLAIN["ner"]}
    config = settings("ner", place, **kept)
    train("ner", config, source, tmp_path / "whole")

    def save(path, arrays):
        run_directory.save_arrays(path, arrays)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training_state, "save_arrays", save)
        train("ner", config, source, tmp_path / "run")
    unfinished = tmp_path / ".run.partial" / "config.json"
    as_begun = unfinished.read_bytes()
    for start in ({"fingerprint": "0"}, {"run": "0"}, ["fingerprint"]):
        edited(unfinished, lambda record, start=start: record.update(start=start))
        with pytest.raises(TaskError, match=r"source: another run .*bring that one back, or"):
            train("ner", config, source, tmp_path / "run", resume=True)
    unfinished.write_bytes(as_begun)
    said = train("ner", config, source, tmp_path / "run", resume=True)
    assert "it goes on with" not in said
    one, other = tmp_path / "whole", tmp_path / "run"
    assert_same_arrays(arrays(one / "weights.npz"), arrays(other / "weights.npz"))
    assert (one / "config.json").read_bytes() == (other / "config.json").read_bytes()


def test_the_record_is_of_what_was_read(tmp_path):
    place = random_runs.write("ner", tmp_path / "source")
    start = starting.read(settings("ner", place), "ner")
    before = start.record
    without(place / "weights.npz", "tagger/scores/bias")  # replaced while the data are read
    assert start.record == before
    whole = random_runs.write("ner", tmp_path / "whole")  # the same weights once more
    (whole / "weights.npz").rename(place / "weights.npz")
    edited(place / "vocabulary.json", lambda record: record["words"].reverse())
    assert starting.read(settings("ner", place), "ner").record != before  # of its words too


def test_letters_of_both_stand_in_the_order_of_their_code_points():
    assert Vocabulary((), (), "bd").with_words((), "cae").characters == "abcde"
