"""A tagger from its data to its answers, as a library: train, load, tag, evaluate."""

import csv
import dataclasses
import inspect
import json
import shutil

import numpy as np
import pytest

from seqtasks.datasets.conll import write_conll
from seqtasks.datasets.examples import Entity, TaggedText
from seqtasks.datasets.jsonl import write_jsonl
from seqtasks.datasets.tagged_sources import load_tagged
from seqtasks.datasets.vocabulary import FIRST, Vocabulary
from seqtasks.tasks import ner, run_directory
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.ner.data import sentences_of
from tests.tiny_ner import ODD, SENTENCES, TEXTS, TINY, arrays, assert_same_arrays, tree


def train(config, data, out, **options):
    said = []
    scores = ner.train(config, load_tagged(str(data)), out, say=said.append, **options)
    return scores, "\n".join(said)


def quick(**settings):
    return dataclasses.replace(TINY, **{"epochs": 1, **settings})


def test_the_verbs_stay_functions(tiny_run):
    import seqtasks.tasks.ner.run  # noqa: F401

    for verb in ("build_model", "train", "load", "evaluate", "export"):
        for _ in range(2):
            assert inspect.isfunction(getattr(ner, verb)), verb


# learning


def test_a_dozen_sentences_are_learnt_by_heart(tiny_run, tiny_tagger):
    assert tiny_run.scores["f1"] == 1.0
    assert tiny_tagger.tag_sentences([s.tokens for s in SENTENCES]) == [s.tags for s in SENTENCES]


def test_a_run_directory_holds_what_it_should(tiny_run):
    assert {path.name for path in tiny_run.model.iterdir()} == {
        "config.json",
        "digests.json",
        "curves.png",
        "examples.json",
        "history.csv",
        "metrics.json",
        "vocabulary.json",
        "weights.npz",
    }
    record = json.loads((tiny_run.model / "config.json").read_text("utf-8"))
    assert record["task"] == "ner"
    assert record["data"]["source"] == str(tiny_run.data)
    assert record["data"]["fingerprint"] == load_tagged(str(tiny_run.data)).fingerprint
    assert record["tags"] == ["O", *(f"{b}-{t}" for t in ("LOC", "ORG", "PER") for b in "BI")]
    assert {"seqtasks", "tensorflow", "keras", "numpy", "python"} <= record["versions"].keys()
    # every setting is there, resolved
    config = ner.Config(**record["config"])
    assert config.peephole is False
    assert config.units == TINY.units
    assert [path.name for path in tiny_run.model.parent.iterdir() if path.name[0] == "."] == []


def test_what_is_saved_is_what_is_loaded(tiny_run, tiny_tagger):
    assert_same_arrays(
        arrays(tiny_run.model / "weights.npz"), run_directory.weights_of(tiny_tagger.network)
    )
    # the scores that training returned are those of the loaded tagger
    result = ner.evaluate(tiny_tagger, load_tagged(str(tiny_run.data)).splits["dev"])
    for name in ("f1", "precision", "recall", "per_type", "entities"):
        assert result.scores[name] == tiny_run.scores[name]
    again = ner.load(tiny_run.model)
    assert list(again.tag_texts(TEXTS + ODD)) == list(tiny_tagger.tag_texts(TEXTS + ODD))


# other sources


def text_of(sentence):
    """The sentence as a raw text with offsets."""
    text, entities, places = "", [], []
    for token in sentence.tokens:
        places.append((len(text), len(text) + len(token)))
        text += token + " "
    from seqtasks.datasets.tags import spans

    for span in spans(sentence.tags):
        entities.append(Entity(places[span.start][0], places[span.end - 1][1], span.type))
    return TaggedText(text, tuple(entities))


def joined(one, other):
    """Two raw texts as one paragraph."""
    moved = [Entity(e.start + len(one.text), e.end + len(one.text), e.type) for e in other.entities]
    return TaggedText(one.text + other.text, (*one.entities, *moved))


def write_raw(directory):
    """The sentences as raw texts with offsets, two of them in one paragraph."""
    texts = [text_of(s) for s in SENTENCES]
    directory.mkdir()
    write_jsonl(directory / "train.jsonl", [joined(texts[0], texts[1]), *texts[2:]])
    write_conll(directory / "dev.conll", SENTENCES)
    return directory


def test_raw_text_is_cut_into_the_sentences_that_predict_would_see(tmp_path):
    source = load_tagged(str(write_raw(tmp_path / "data")))
    assert len(source.splits["train"]) == len(SENTENCES) - 1
    assert sentences_of(source.splits["train"], 100) == (SENTENCES, ())
    cut, _ = sentences_of(source.splits["train"], 3)  # no sentence is longer than that
    assert max(len(s.tokens) for s in cut) == 3
    assert [t for s in cut for t in s.tokens] == [t for s in SENTENCES for t in s.tokens]


# pretrained vectors


def test_pretrained_vectors_are_where_learning_begins(tmp_path):
    vectors = tmp_path / "vectors.txt"
    vectors.write_text("oslo 1 2 3\nTim 4 5 6\nmadrid 7 8 9\nrome 0 0 1\n", "utf-8")
    out = tmp_path / "run"
    plain = {"cell": "rnn", "decoder": "softmax", "characters": "none", "bidirectional": False}
    config = quick(learning_rate=0.0, embeddings=str(vectors), embedded_words=1, **plain)
    _, said = train(config, write_raw(tmp_path / "raw"), out)
    vocabulary = Vocabulary.load(out / "vocabulary.json")
    embeddings = arrays(out / "weights.npz")["tagger/word/embeddings"]
    assert embeddings.shape == (FIRST + len(vocabulary.words), 3)
    known = {word: embeddings[FIRST + i] for i, word in enumerate(vocabulary.words)}
    np.testing.assert_array_equal(known["oslo"], [1, 2, 3])
    np.testing.assert_array_equal(known["tim"], [4, 5, 6])
    # a word that training never saw is known; of those only so many are taken
    np.testing.assert_array_equal(known["madrid"], [7, 8, 9])
    assert "rome" not in known
    assert json.loads((out / "config.json").read_text())["config"]["word_size"] == 3
    assert "3 vectors of 3 numbers" in said
    # words without a vector differ from each other, and from run to run they do not
    assert not np.array_equal(known["paris"], known["in"])
    # the run needs the file no more
    vectors.unlink()
    tagger = ner.load(out)
    assert len(list(tagger.tag_texts(TEXTS))) == len(TEXTS)


# interruption


def history(run):
    with (run / "history.csv").open(newline="") as file:
        return [
            {name: value for name, value in row.items() if name != "seconds"}
            for row in csv.DictReader(file)
        ]


def test_an_unfinished_run_goes_on_with_its_own_data_only(tiny_run, tmp_path):
    shutil.copytree(tiny_run.model, tmp_path / ".run.partial")
    data = tmp_path / "data"
    data.mkdir()
    write_conll(data / "train.conll", SENTENCES[:8])
    write_conll(data / "dev.conll", SENTENCES[8:])
    before = tree(tmp_path)
    with pytest.raises(TaskError, match=r"was begun with other data.*--overwrite starts anew"):
        train(quick(), data, tmp_path / "run", resume=True)
    with pytest.raises(TaskError, match="--resume goes on with it, --overwrite starts anew"):
        train(quick(), data, tmp_path / "run")
    assert tree(tmp_path) == before


# what cannot be trained or loaded


@pytest.mark.parametrize(
    ("split", "content", "message"),
    [
        ("train", '{"text": "Nobody came.", "entities": []}\n', "has no entity, only O tags"),
        ("train", '{"text": "  ", "entities": []}\n', "the train split has no word"),
        ("dev", '{"text": "", "entities": []}\n', "the dev split has no word"),
    ],
)
def test_data_that_teach_nothing_are_refused(tmp_path, split, content, message):
    data = tmp_path / "data"
    data.mkdir()
    for name in ("train", "dev"):
        if name == split:
            (data / f"{name}.jsonl").write_text(content)
        else:
            write_conll(data / f"{name}.conll", SENTENCES)
    before = tree(tmp_path)
    with pytest.raises(TaskError, match=message):
        train(quick(), data, tmp_path / "run")
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    "settings",
    [
        {"cell": "gru", "peephole": True},
        {"cell": "lstm", "relevance_gate": True},
        {"units": 0},
        {"learning_rate": float("nan")},
    ],
)
def test_settings_that_cannot_be_are_refused_before_anything_is_written(
    tiny_run, tmp_path, settings
):
    with pytest.raises(TaskError, match=next(reversed(settings))):
        train(quick(**settings), tiny_run.data, tmp_path / "run")
    assert tree(tmp_path) == {}


@pytest.mark.parametrize("name", ["config.json", "vocabulary.json", "weights.npz"])
@pytest.mark.parametrize("damage", ["missing", "cut off", "empty"])
def test_a_broken_run_is_told_as_such(tiny_run, tmp_path, name, damage):
    run = tmp_path / "run"
    shutil.copytree(tiny_run.model, run)
    content = (run / name).read_bytes()
    (run / name).unlink()
    if damage != "missing":
        (run / name).write_bytes(content[: len(content) // 2 if damage == "cut off" else 0])
    with pytest.raises(TaskError) as error:
        ner.load(run)
    assert str(run) in str(error.value)
    assert "train" in str(error.value)


def test_a_run_with_a_weight_of_another_shape_is_broken(tiny_run, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(tiny_run.model, run)
    weights = arrays(run / "weights.npz")
    weights["tagger/scores/bias"] = weights["tagger/scores/bias"][:-1]
    run_directory.save_arrays(run / "weights.npz", weights)
    with pytest.raises(TaskError, match="tagger/scores/bias"):
        ner.load(run)
