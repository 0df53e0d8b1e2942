"""A classifier from its data to its runs, as a library: train, load, evaluate, resume."""

import csv
import dataclasses
import inspect
import json
import shutil

import numpy as np
import pytest

from seqtasks.datasets.examples import LabelledText
from seqtasks.datasets.labelled_sources import load_labelled
from seqtasks.datasets.source import Source
from seqtasks.datasets.vocabulary import FIRST, Vocabulary
from seqtasks.tasks import run_directory, sentiment
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.sentiment import calibration
from seqtasks.tasks.sentiment.data import tokens_of
from tests.tiny_ner import arrays, assert_same_arrays, tree
from tests.tiny_sentiment import EXAMPLES, LABELS, TEXTS, TINY, write_jsonl


def source(train=EXAMPLES, dev=EXAMPLES):
    return Source("texts", {"train": train, "dev": dev}, (), "0")


def train(config, data, out, **options):
    said = []
    scores = sentiment.train(config, data, out, say=said.append, **options)
    return scores, "\n".join(said)


def quick(**settings):
    return dataclasses.replace(TINY, **{"epochs": 1, **settings})


def history(run):
    with (run / "history.csv").open(newline="") as file:
        return [
            {name: value for name, value in row.items() if name != "seconds"}
            for row in csv.DictReader(file)
        ]


def test_the_verbs_stay_functions(tiny_sentiment):
    import seqtasks.tasks.sentiment.run  # noqa: F401

    for verb in ("build_model", "train", "load", "evaluate", "export"):
        for _ in range(2):
            assert inspect.isfunction(getattr(sentiment, verb)), verb


# learning


def test_a_dozen_texts_are_learnt_by_heart(tiny_sentiment, tiny_classifier):
    assert tiny_sentiment.scores["accuracy"] == tiny_sentiment.scores["f1_macro"] == 1.0
    found = [answer.label for answer in tiny_classifier.classify(TEXTS)]
    assert found == [example.label for example in EXAMPLES]


def test_a_run_directory_holds_what_it_should(tiny_sentiment):
    assert {path.name for path in tiny_sentiment.model.iterdir()} == {
        "calibration.png",
        "config.json",
        "digests.json",
        "confusion.png",
        "curves.png",
        "examples.json",
        "history.csv",
        "metrics.json",
        "vocabulary.json",
        "weights.npz",
    }
    record = json.loads((tiny_sentiment.model / "config.json").read_text("utf-8"))
    assert record["task"] == "sentiment"
    assert record["labels"] == LABELS
    assert record["data"]["source"] == str(tiny_sentiment.data)
    assert record["data"]["fingerprint"] == load_labelled(str(tiny_sentiment.data)).fingerprint
    assert record["data"]["texts"] == {"train": 12, "dev": 12}
    assert {"seqtasks", "tensorflow", "keras", "numpy", "python"} <= record["versions"].keys()
    config = sentiment.Config(**record["config"])  # every setting is there, resolved
    assert config.peephole is False
    assert config.epochs == TINY.epochs
    assert len(history(tiny_sentiment.model)) == TINY.epochs
    assert [p.name for p in tiny_sentiment.model.parent.iterdir() if p.name[0] == "."] == []


def test_what_is_saved_is_what_is_loaded(tiny_sentiment, tiny_classifier):
    weights = arrays(tiny_sentiment.model / "weights.npz")
    assert_same_arrays(weights, run_directory.weights_of(tiny_classifier.network))
    # the scores that training returned are those of the loaded classifier
    result = sentiment.evaluate(tiny_classifier, EXAMPLES)
    for name, value in tiny_sentiment.scores.items():
        assert result.scores[name] == value, name
    assert result.mistakes == []
    assert result.notes == ()


def test_the_temperature_is_that_of_the_validation_texts(tiny_sentiment, tiny_classifier):
    metrics = json.loads((tiny_sentiment.model / "metrics.json").read_text("utf-8"))
    network = tiny_classifier.network
    scores = tiny_classifier.scores_of(tokens_of(TEXTS))
    labels = np.array([LABELS.index(example.label) for example in EXAMPLES])
    assert float(network.temperature.numpy()) == pytest.approx(metrics["temperature"])
    assert metrics["temperature"] == pytest.approx(calibration.temperature(scores, labels))
    after = calibration.expected_calibration_error(network.probabilities(scores).numpy(), labels)
    assert metrics["dev"]["ece"] == pytest.approx(after)
    network.temperature.assign(1.0)
    before = calibration.expected_calibration_error(network.probabilities(scores).numpy(), labels)
    network.temperature.assign(metrics["temperature"])
    assert metrics["ece_before"] == pytest.approx(before)


def test_balanced_training_is_kept_by_the_mean_of_f1(tmp_path):
    uneven = [*EXAMPLES[:4], EXAMPLES[4], EXAMPLES[8]]
    config = quick(class_weight="balanced", epochs=3, longest_text=3)
    _, said = train(config, source(train=uneven), tmp_path / "run")
    for row in history(tmp_path / "run"):
        assert row["score"] == row["F1"]
    # and what was cut is said
    assert "6 texts to train have more than 3 words" in said
    assert "--longest-text" in said


def test_a_training_text_without_a_word_does_no_harm(tmp_path):
    nothing = LabelledText("\u200b", "neutral")
    data = source(train=[*EXAMPLES[::4], nothing], dev=[EXAMPLES[0], nothing])
    scores, _ = train(quick(batch_size=1, characters="recurrent"), data, tmp_path / "run")
    assert scores["examples"] == 2
    assert np.isfinite(float(history(tmp_path / "run")[0]["loss"]))


def test_pretrained_vectors_are_where_learning_begins(tmp_path):
    vectors = tmp_path / "vectors.txt"
    vectors.write_text("oslo 1 2 3\nSoup 4 5 6\nmadrid 7 8 9\nrome 0 0 1\n", "utf-8")
    out = tmp_path / "run"
    config = quick(learning_rate=0.0, embeddings=str(vectors), embedded_words=1)
    _, said = train(config, source(), out)
    vocabulary = Vocabulary.load(out / "vocabulary.json")
    embeddings = arrays(out / "weights.npz")["classifier/word/embeddings"]
    known = {word: embeddings[FIRST + i] for i, word in enumerate(vocabulary.words)}
    np.testing.assert_array_equal(known["oslo"], [1, 2, 3])
    np.testing.assert_array_equal(known["soup"], [4, 5, 6])
    np.testing.assert_array_equal(known["madrid"], [7, 8, 9])
    assert "rome" not in known
    assert "3 vectors of 3 numbers" in said
    vectors.unlink()  # the run needs the file no more
    assert sentiment.load(out).network.config.word_size == 3


# interruption


def test_an_unfinished_run_goes_on_with_its_own_data_only(tiny_sentiment, tmp_path):
    shutil.copytree(tiny_sentiment.model, tmp_path / ".run.partial")
    before = tree(tmp_path)
    with pytest.raises(TaskError, match=r"was begun with other data.*--overwrite starts anew"):
        train(quick(), source(), tmp_path / "run", resume=True)
    with pytest.raises(TaskError, match="--resume goes on with it, --overwrite starts anew"):
        train(quick(), source(), tmp_path / "run")
    assert tree(tmp_path) == before


# evaluation


def test_mistakes_name_the_text(tiny_classifier):
    wrong = [EXAMPLES[0], LabelledText(TEXTS[8], "negative"), EXAMPLES[4]]
    result = sentiment.evaluate(tiny_classifier, wrong)
    (mistake,) = result.mistakes
    assert (mistake.line, mistake.true, mistake.found) == (2, "negative", "positive")
    assert mistake.text == TEXTS[8]
    assert 1 / 3 < mistake.probability <= 1
    assert result.scores["accuracy"] == pytest.approx(2 / 3)
    assert result.scores["confusion"] == [[1, 0, 1], [0, 1, 0], [0, 0, 0]]
    assert result.scores["examples"] == 3
    assert result.scores["seconds"] >= 0


def test_a_label_that_training_never_saw_is_a_counted_miss(tiny_classifier):
    strange = [LabelledText("It rains.", "weather"), LabelledText("It snows.", "weather")]
    result = sentiment.evaluate(tiny_classifier, [*EXAMPLES, *strange])
    (note,) = result.notes
    assert note.startswith("2 texts have labels that training never saw (weather)")
    assert "missed" in note
    assert result.scores["per_class"]["weather"]["recall"] == 0.0
    assert result.scores["accuracy"] == pytest.approx(12 / 14)
    assert [mistake.line for mistake in result.mistakes] == [13, 14]


# what cannot be trained or loaded


def test_data_that_teach_nothing_are_refused(tmp_path):
    for examples, message in (
        (EXAMPLES[:4], "the training split has one label only, 'negative'"),
        ([LabelledText("\u200b", "a"), LabelledText("\x01", "b")], "the train split has no word"),
    ):
        with pytest.raises(TaskError, match=message):
            train(quick(), source(train=examples), tmp_path / "run")
    assert tree(tmp_path) == {}


@pytest.mark.parametrize(
    "settings",
    [
        {"cell": "gru", "peephole": True},
        {"cell": "lstm", "relevance_gate": True},
        {"units": 0},
        {"pooling": "median"},
        {"learning_rate": float("nan")},
    ],
)
def test_settings_that_cannot_be_are_refused_before_anything_is_written(tmp_path, settings):
    with pytest.raises(TaskError, match=next(reversed(settings))):
        train(quick(**settings), source(), tmp_path / "run")
    assert tree(tmp_path) == {}


def test_settings_that_depend_on_others_are_resolved():
    from seqtasks.tasks.sentiment.config import SMALL, Config, resolve

    assert resolve(Config(), SMALL).epochs > resolve(Config(), SMALL + 1).epochs
    assert resolve(Config(epochs=3), 10).epochs == 3
    gru, lstm = resolve(Config(cell="gru"), 10), resolve(Config(), 10)
    assert (gru.relevance_gate, gru.peephole) == (True, None)
    assert (lstm.relevance_gate, lstm.peephole) == (None, False)
    assert resolve(gru, 10) == gru  # a resumed run's own
    # pairs are evidence, and only where there is some
    assert resolve(Config(), SMALL).pairs > resolve(Config(), SMALL + 1).pairs == 0
    assert resolve(Config(evidence=False), SMALL).pairs == 0
    with pytest.raises(TaskError, match=r"`pairs` are part of the evidence: give --evidence, or"):
        resolve(Config(pairs=10), SMALL + 1)


@pytest.mark.parametrize("name", ["config.json", "vocabulary.json", "weights.npz"])
@pytest.mark.parametrize("damage", ["missing", "cut off", "empty"])
def test_a_broken_run_is_told_as_such(tiny_sentiment, tmp_path, name, damage):
    run = tmp_path / "run"
    shutil.copytree(tiny_sentiment.model, run)
    content = (run / name).read_bytes()
    (run / name).unlink()
    if damage != "missing":
        (run / name).write_bytes(content[: len(content) // 2 if damage == "cut off" else 0])
    with pytest.raises(TaskError) as error:
        sentiment.load(run)
    assert str(run) in str(error.value)
    assert "train" in str(error.value)


def test_a_run_of_another_task_is_told_as_such(tiny_sentiment, tmp_path):
    record = json.loads((tiny_sentiment.model / "config.json").read_text("utf-8"))
    (tmp_path / "config.json").write_text(json.dumps({**record, "task": "ner"}))
    with pytest.raises(TaskError, match="a run of the task ner, not sentiment"):
        sentiment.load(tmp_path)


def test_a_lone_data_file_can_be_scored(tiny_sentiment, tmp_path):
    from seqtasks.tasks.sentiment.sources import examples_to_score

    columns = {"text_column": None, "label_column": None}
    write_jsonl(tmp_path / "more.jsonl", [*EXAMPLES[:3], LabelledText(" ", "neutral")])
    found = examples_to_score(
        tiny_sentiment.model, str(tmp_path / "more.jsonl"), None, None, columns
    )
    assert (found.examples, found.split) == (EXAMPLES[:3], "all")
    (note,) = found.notes  # what is left out is said, as it is in training
    assert "empty texts left out: 1, the first in line 4" in note
