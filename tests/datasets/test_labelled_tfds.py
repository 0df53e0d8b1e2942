# ruff: noqa: RUF012 - a builder is described by class attributes
import numpy as np
import pytest
import tensorflow_datasets as tfds

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.examples import LabelledText
from seqtasks.datasets.labelled_sources import load_labelled
from seqtasks.datasets.labelled_tfds import read_labelled_tfds
from tests.datasets.tiny_tfds import Tiny, assert_one_line
from tests.datasets.tiny_tfds import data_dir as data_dir
from tests.datasets.tiny_tfds import no_network as no_network

TEXT = tfds.features.Text()
SIGN = tfds.features.ClassLabel(names=["negative", "positive"])


class TinyFilms(Tiny):
    """As imdb_reviews has it: keys to learn from, train and test, and texts without labels."""

    FEATURES = {"label": SIGN, "text": TEXT}
    KEYS = ("text", "label")
    ROWS = {
        "train": [{"text": f"Zoë {i}", "label": i % 2} for i in range(40)],
        "test": [{"text": "good", "label": 1}, {"text": " ", "label": 0}],
        "unsupervised": [{"text": "who knows", "label": -1}],
    }


class TinyPhrases(Tiny):
    """As glue/sst2 has it: no keys, a number beside, a test split without labels."""

    FEATURES = {"idx": tfds.features.Scalar(np.int32), "label": SIGN, "sentence": TEXT}
    ROWS = {
        "train": [{"idx": i, "sentence": w, "label": i} for i, w in enumerate(("dull ", "good"))],
        "validation": [
            {"idx": 0, "sentence": "fine", "label": 1},
            {"idx": 1, "sentence": "hm", "label": -1},
        ],
        "test": [{"idx": i, "sentence": f"a{i}", "label": -1} for i in range(3)],
    }


class TinyStars(Tiny):
    """Classes without names, and more texts than one, of which the keys choose."""

    FEATURES = {"title": TEXT, "body": TEXT, "stars": tfds.features.ClassLabel(num_classes=3)}
    KEYS = ("body", "stars")
    ROWS = {"train": [{"title": "t", "body": f"b{i}", "stars": i} for i in range(3)]}


class TinyPairs(Tiny):
    """Two texts a row."""

    FEATURES = {"premise": TEXT, "hypothesis": TEXT, "label": SIGN}


class TinyRatings(Tiny):
    """A text with a number, which is no class."""

    FEATURES = {"text": TEXT, "rating": tfds.features.Scalar(np.float32)}
    KEYS = ("text", "rating")


class TinyTrial(Tiny):
    """A set that only tests."""

    FEATURES = {"text": TEXT, "label": SIGN}
    ROWS = {"test": [{"text": "a", "label": 0}]}


def test_as_imdb_reviews_has_it(data_dir, capsys):
    data = read_labelled_tfds("tiny_films", data_dir)
    assert list(data.splits) == ["train", "test"]
    assert set(data.splits["train"]) == {
        LabelledText(f"Zoë {i}", ("negative", "positive")[i % 2]) for i in range(40)
    }
    assert data.splits["test"] == [LabelledText("good", "positive")]
    assert data.notes == ("tfds:tiny_films: test: empty texts left out: 1",)
    # prepared, it is read again in the same order; nothing goes to standard output
    assert read_labelled_tfds("tiny_films", data_dir) == data
    assert capsys.readouterr().out == ""


def test_as_glue_has_it(data_dir):
    data = read_labelled_tfds("tiny_phrases", data_dir)
    assert {name: set(part) for name, part in data.splits.items()} == {
        "train": {LabelledText("dull", "negative"), LabelledText("good", "positive")},
        "dev": {LabelledText("fine", "positive")},
    }
    assert data.notes == (
        "tfds:tiny_phrases: dev: texts without a label left out: 1",
        "tfds:tiny_phrases: test left out, its texts have no labels",
    )


def test_the_keys_choose_and_classes_without_names_are_numbered(data_dir):
    data = read_labelled_tfds("tiny_stars", data_dir)
    assert set(data.splits["train"]) == {LabelledText(f"b{i}", str(i)) for i in range(3)}


def test_as_a_source(data_dir):
    source = load_labelled("tfds:tiny_films", data_dir)
    assert len(source.splits["train"]) + len(source.splits["dev"]) == 40
    assert source.notes == (
        "tfds:tiny_films: test: empty texts left out: 1",
        "no dev split: a tenth of train held out, by hash",
    )


@pytest.mark.parametrize(
    ("name", "problem", "mend"),
    [
        ("nix_nix", "TensorFlow Datasets knows no set of this name", "/datasets/catalog; --data"),
        ("glue", "configurations is needed", "name it: tfds:glue/cola, tfds:glue/sst2"),
        # sets that do not serve
        ("tiny_pairs", "one text and one class label, got the features ", "for text classif"),
        ("tiny_ratings", "rating (Scalar)", "choose a set for text classification"),
        ("tiny_trial", "no split train, only test", "choose another set"),
    ],
)
def test_problems_are_one_line(data_dir, name, problem, mend):
    assert_one_line(read_labelled_tfds, name, data_dir, problem, mend)


@pytest.mark.parametrize("name", ["imdb_reviews", "glue/sst2", "yelp_polarity_reviews"])
def test_without_a_network_it_says_so_at_once(tmp_path, no_network, name):
    with pytest.raises(DataError, match=r"cannot be reached; .*--data sample"):
        read_labelled_tfds(name, tmp_path)
    assert list(tmp_path.iterdir()) == []
