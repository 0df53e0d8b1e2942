# ruff: noqa: RUF012 - a builder is described by class attributes
import pytest
import tensorflow_datasets as tfds

from seqtasks.datasets import tfds as reader
from seqtasks.datasets.errors import DataError
from seqtasks.datasets.examples import TaggedSentence
from seqtasks.datasets.network import first_download
from seqtasks.datasets.tagged_sources import load_tagged
from seqtasks.datasets.tagged_tfds import read_tagged_tfds
from tests.datasets.tiny_tfds import Tiny, assert_one_line
from tests.datasets.tiny_tfds import data_dir as data_dir
from tests.datasets.tiny_tfds import no_network as no_network

NAMES = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
TEXTS = tfds.features.Sequence(tfds.features.Text())


def labels(names):
    return tfds.features.Sequence(tfds.features.ClassLabel(names=names))


class TinyNewswire(Tiny):
    """Features as conll2003 has them, split names too; one tag ill-formed."""

    FEATURES = {"tokens": TEXTS, "chunks": labels(["O", "B-NP"]), "ner": labels(NAMES)}
    ROWS = {
        split: [
            {"tokens": ["Zoë", split], "chunks": ["B-NP", "O"], "ner": ["I-PER", "O"]},
            {"tokens": ["New", "York"], "chunks": ["O", "O"], "ner": ["B-LOC", "I-LOC"]},
            {"tokens": ["Ada", "Lee"], "chunks": ["O", "O"], "ner": ["B-PER", "I-PER"]},
            {"tokens": [], "chunks": [], "ner": []},
        ]
        for split in ("train", "dev", "test")
    }


class TinyEncyclopedia(Tiny):
    """Features as wikiann has them, no test split, and a split that is none of ours."""

    FEATURES = {"tokens": TEXTS, "tags": labels(NAMES), "langs": TEXTS, "spans": TEXTS}
    ROWS = {
        split: [{"tokens": [split], "tags": ["B-PER"], "langs": ["en"], "spans": ["PER: a"]}]
        for split in ("train", "validation", "extra")
    }


class TinyOther(Tiny):
    """Features of other names, found by their types; only training data."""

    FEATURES = {"forms": TEXTS, "upos": labels(["NOUN", "X"]), "entities": labels(["O", "S-X"])}
    ROWS = {"train": [{"forms": [w], "upos": ["X"], "entities": ["S-X"]} for w in ("a", "b", "c")]}


class TinyReviews(Tiny):
    """A set without tokens and tags."""

    FEATURES = {"text": tfds.features.Text(), "upos": labels(["NOUN", "X"])}
    ROWS = {"train": [{"text": "a", "upos": ["X"]}]}


class TinyTest(Tiny):
    """A set that only tests."""

    FEATURES = {"tokens": TEXTS, "tags": labels(NAMES)}
    ROWS = {"test": [{"tokens": ["a"], "tags": ["O"]}]}


class TinyLanguages(Tiny):
    """A set with configurations."""

    BUILDER_CONFIGS = [tfds.core.BuilderConfig(name=name, version="1.0.0") for name in ("es", "nl")]
    FEATURES = {"tokens": TEXTS, "tags": labels(NAMES)}
    ROWS = {"train": [{"tokens": ["a"], "tags": ["O"]}]}


class TinyRemote(Tiny):
    """A set that wants a download first."""

    FEATURES = {"tokens": TEXTS, "tags": labels(NAMES)}

    def _split_generators(self, dl_manager):
        paths = dl_manager.download_and_extract({"train": ["https://data.invalid/a.zip"]})
        return {"train": self._generate_examples(paths)}


class TinyBroken(Tiny):
    """A set whose code fails."""

    FEATURES = {"tokens": TEXTS, "tags": labels(NAMES)}
    ROWS = {"train": [{"tokens": ["a"], "tags": ["NONE"]}]}


def test_features_and_splits_as_conll2003_has_them(data_dir, capsys):
    data = read_tagged_tfds("tiny_newswire", data_dir)
    assert list(data.splits) == ["train", "dev", "test"]
    for split, sentences in data.splits.items():
        assert set(sentences) == {
            TaggedSentence(("Zoë", split), ("B-PER", "O")),
            TaggedSentence(("New", "York"), ("B-LOC", "I-LOC")),
            TaggedSentence(("Ada", "Lee"), ("B-PER", "I-PER")),
        }
    assert (data.scheme, data.repaired) == ("IOB2", 3)
    # a set that is prepared is read without preparing it again, in the same order
    assert "prepar" in capsys.readouterr().err
    assert read_tagged_tfds("tiny_newswire", data_dir) == data
    assert "prepar" not in capsys.readouterr().err


def test_nothing_goes_to_standard_output(tmp_path, capsys):
    read_tagged_tfds("tiny_newswire", tmp_path)
    assert capsys.readouterr().out == ""


def test_features_and_splits_as_wikiann_has_them(data_dir):
    assert read_tagged_tfds("tiny_encyclopedia", data_dir).splits == {
        "train": [TaggedSentence(("train",), ("B-PER",))],
        "dev": [TaggedSentence(("validation",), ("B-PER",))],
    }


def test_features_are_found_by_their_types(data_dir):
    data = read_tagged_tfds("tiny_other", data_dir)
    assert {sentence.tags for sentence in data.splits["train"]} == {("B-X",)}
    assert data.scheme == "IOBES"


def test_as_a_source(data_dir):
    source = load_tagged("tfds:tiny_newswire", data_dir)
    assert {name: len(part) for name, part in source.splits.items()} == {
        "train": 3,
        "dev": 3,
        "test": 3,
    }
    assert source.notes == (
        "tfds:tiny_newswire: 3 tags ill-formed in IOB2, read as conlleval reads them",
    )
    source = load_tagged("tfds:tiny_other", data_dir)
    assert len(source.splits["train"]) + len(source.splits["dev"]) == 3
    assert source.notes == (
        "no dev split: a tenth of train held out, by hash",
        "no test split",
    )


def test_a_configuration(data_dir):
    assert list(read_tagged_tfds("tiny_languages/nl", data_dir).splits) == ["train"]


@pytest.mark.parametrize(
    ("name", "problem", "mend"),
    [
        ("nix_nix", "TensorFlow Datasets knows no set of this name", "/datasets/catalog; --data"),
        ("a b", "expected NAME, NAME/CONFIG", "--data sample"),
        ("", "expected NAME, NAME/CONFIG", "--data sample"),
        ("tiny_newswire:9.9.9", "cannot be opened (", "--data sample"),
        # configurations: none given, a wrong one
        ("tiny_languages", "one of 2 configurations is needed", "name it: tfds:tiny_languages/es"),
        ("tiny_languages/de", "no configuration 'de'", "there are: tfds:tiny_languages/es, "),
        # sets that do not serve
        ("tiny_reviews", "got the features text (Text), upos (Sequence)", "choose a set"),
        ("tiny_test", "no split train, only test", "choose another set"),
        # a set whose own code fails
        ("tiny_broken", "cannot be downloaded and prepared (RuntimeError: ", "--data sample"),
    ],
)
def test_problems_are_one_line(data_dir, name, problem, mend):
    assert_one_line(read_tagged_tfds, name, data_dir, problem, mend)


def test_without_a_network_it_says_so_at_once(tmp_path, no_network):
    with pytest.raises(DataError, match=r"data\.invalid cannot be reached; .*--data sample"):
        read_tagged_tfds("tiny_remote", tmp_path)
    with pytest.raises(DataError, match=r"tfds:conll2003: .* cannot be reached; .*--data sample"):
        read_tagged_tfds("conll2003", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_download_that_fails_is_one_line(tmp_path, monkeypatch):
    def fail(self):
        raise ConnectionError("reset\nby peer")

    monkeypatch.setattr(reader, "reachable", lambda url: True)
    monkeypatch.setattr(TinyRemote, "download_and_prepare", fail)
    with pytest.raises(
        DataError, match=r"cannot be downloaded .*\(ConnectionError: reset\); --data"
    ):
        read_tagged_tfds("tiny_remote", tmp_path)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("tiny_remote", "https://data.invalid/a.zip"),
        ("tiny_newswire", None),
        ("conll2003", "https://data.deepai.org/conll2003.zip"),
    ],
)
def test_the_first_download(tmp_path, name, url):
    assert first_download(tfds.builder(name, data_dir=tmp_path)) == url
