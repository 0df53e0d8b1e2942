"""`seqtasks ner` and `seqtasks sentiment` with `--init-from`, in this process."""

import json
import shutil

import pytest

from tests import tiny_ner, tiny_sentiment
from tests.tiny_ner import tree
from tests.tiny_start import trained

TINY = {"ner": tiny_ner, "sentiment": tiny_sentiment}
TEXT = {"ner": "Tim lives in Oslo.", "sentiment": "I loved every minute of it."}


@pytest.fixture(scope="module")
def started_lm(tmp_path_factory):
    """A language model trained on the words of both tasks' tiny data."""
    return trained(tmp_path_factory.mktemp("lm") / "lm")


@pytest.mark.parametrize("task", TINY)
def test_train_from_a_language_model_then_use_it_without(seqtasks, started_lm, tmp_path, task):
    data, place = TINY[task].write_data(tmp_path / "data"), tmp_path / "lm"
    shutil.copytree(started_lm, place)
    run = tmp_path / "run"
    outcome = seqtasks(
        *(task, "train", "--data", data, "--model", run, "--init-from", place),
        *("--epochs", 1, "--character-units", 4),
    )
    assert outcome.code == 0, outcome.err
    assert "they cover 100.0% of the training words" in outcome.err
    assert "1 of its 2 recurrent layers taken, for 1 of 1 here" in outcome.err
    shutil.rmtree(place)
    config = json.loads((run / "config.json").read_text())["config"]
    assert (config["units"], config["word_size"]) == (8, 6)
    outcome = seqtasks(task, "predict", "--model", run, "--format", "json", TEXT[task])
    assert outcome.code == 0, outcome.err
    assert json.loads(outcome.out)["text"] == TEXT[task]
    # what was begun from it cannot be begun again
    before = tree(tmp_path)
    outcome = seqtasks(
        *(task, "train", "--data", data, "--model", run, "--overwrite", "--init-from", place)
    )
    (line,) = outcome.err.splitlines()
    assert line.startswith(f"Error: {place}: no such directory; train one with: seqtasks lm train")
    assert (outcome.code, outcome.out) == (1, "")
    assert tree(tmp_path) == before


@pytest.mark.parametrize("task", TINY)
def test_vectors_from_two_places_are_a_usage_error(seqtasks, tmp_path, task):
    given = ("--embeddings", "vectors.txt", "--init-from", "lm")
    outcome = seqtasks(task, "train", "--model", tmp_path / "run", *given)
    (line,) = outcome.err.splitlines()
    assert "--embeddings and --init-from both bring the words' vectors: give one of them" in line
    assert outcome.code == 2
    assert tree(tmp_path) == {}


@pytest.mark.parametrize("task", TINY)
def test_the_help_says_that_it_is_a_directory(seqtasks, task):
    text = " ".join(seqtasks(task, "train", "--help").out.split())
    assert "--init-from DIR Directory of a run to start from" in text
