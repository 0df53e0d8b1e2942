# ruff: noqa: RUF012 - a builder is described by class attributes
import numpy as np
import pytest
import tensorflow_datasets as tfds

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.text_sources import load_text
from seqtasks.datasets.text_tfds import read_text_tfds
from tests.datasets.tiny_tfds import Tiny, assert_one_line
from tests.datasets.tiny_tfds import data_dir as data_dir
from tests.datasets.tiny_tfds import no_network as no_network

TEXT = tfds.features.Text()


class TinyPlay(Tiny):
    """As tiny_shakespeare has it: a record a split."""

    FEATURES = {"text": TEXT}
    ROWS = {
        "train": [{"text": "First:\nGood day, Zoë.\n\nSecond:\nGood day.\n"}],
        "validation": [{"text": "Third:\r\nGood night.\n"}],
        "test": [{"text": "All:\nFarewell.\n"}],
    }


class TinyArticles(Tiny):
    """As wiki40b has it: marks in the text, and other texts beside it."""

    FEATURES = {"wikidata_id": TEXT, "text": TEXT, "version_id": TEXT}
    ROWS = {
        split: [
            {
                "wikidata_id": "Q1",
                "version_id": "2",
                "text": f"\n_START_ARTICLE_\nThe {split}\n_START_PARAGRAPH_\nIt runs._NEWLINE_Fast."
                "\n_START_SECTION_\nPast\n_START_PARAGRAPH_\nIt ran _START_ to finish.",
            }
        ]
        for split in ("train", "validation", "test")
    }


class TinyNews(Tiny):
    """As lm1b has it, without a dev split; its one text has another name."""

    FEATURES = {"sentence": TEXT, "number": tfds.features.Scalar(np.int32)}
    ROWS = {
        "train": [{"sentence": f"It is day {i} .", "number": i} for i in range(100)],
        "test": [{"sentence": "It is over .", "number": 0}, {"sentence": " \n", "number": 1}],
    }


class TinyTranslations(Tiny):
    """Texts of which none is the one to learn."""

    FEATURES = {"en": TEXT, "de": TEXT}


class TinyDigits(Tiny):
    """No text at all."""

    FEATURES = {"digit": tfds.features.ClassLabel(num_classes=10)}


class TinyExam(Tiny):
    """A set that only tests."""

    FEATURES = {"text": TEXT}
    ROWS = {"test": [{"text": "a"}]}


def test_a_record_is_a_document_with_its_line_breaks(data_dir, capsys):
    data = read_text_tfds("tiny_play", data_dir)
    assert data.splits == {
        "train": ["First:\nGood day, Zoë.\n\nSecond:\nGood day.\n"],
        "dev": ["Third:\nGood night.\n"],
        "test": ["All:\nFarewell.\n"],
    }
    assert data.notes == ()
    # prepared, it is read again; nothing goes to standard output
    assert read_text_tfds("tiny_play", data_dir) == data
    assert capsys.readouterr().out == ""


def test_the_marks_of_wiki40b_are_line_breaks(data_dir):
    data = read_text_tfds("tiny_articles", data_dir)
    for split, word in {"train": "train", "dev": "validation", "test": "test"}.items():
        assert data.splits[split] == [
            f"The {word}\nIt runs.\nFast.\nPast\nIt ran _START_ to finish."
        ]


def test_the_only_text_is_taken_and_empty_ones_are_counted(data_dir):
    data = read_text_tfds("tiny_news", data_dir)
    assert sorted(data.splits["train"]) == sorted(f"It is day {i} ." for i in range(100))
    assert data.splits["test"] == ["It is over ."]
    assert data.notes == ("tfds:tiny_news: test: empty texts left out: 1",)


def test_as_a_source(data_dir):
    source = load_text("tfds:tiny_play", data_dir)
    assert source.splits == read_text_tfds("tiny_play", data_dir).splits
    assert source.notes == ()


def test_without_dev_the_last_records_of_train_are_held_out(data_dir):
    source = load_text("tfds:tiny_news", data_dir, "50/50")  # shares are for text without splits
    assert list(source.splits) == ["train", "dev", "test"]
    in_order = read_text_tfds("tiny_news", data_dir).splits["train"]
    # whole records: one of them ends near every place
    assert source.splits["train"] + source.splits["dev"] == in_order
    assert len(source.splits["dev"]) in (9, 10)
    assert source.notes == (
        "tfds:tiny_news: test: empty texts left out: 1",
        "no dev split: the last tenth of train held out",
    )


@pytest.mark.parametrize(
    ("name", "problem", "mend"),
    [
        ("nix_nix", "TensorFlow Datasets knows no set of this name", "/datasets/catalog; --data"),
        ("wiki40b", "configurations is needed", "name it: tfds:wiki40b/"),
        # sets that do not serve
        (
            "tiny_translations",
            "one named 'text', got the features en (Text), de (T",
            "a set of plain text",
        ),
        ("tiny_digits", "expected one text, or more with one named 'text', got", "plain text"),
        ("tiny_exam", "no split train, only test", "choose another set"),
    ],
)
def test_problems_are_one_line(data_dir, name, problem, mend):
    assert_one_line(read_text_tfds, name, data_dir, problem, mend)


def test_a_package_that_is_missing_is_named(tmp_path, monkeypatch):
    def refuse(self):
        raise ModuleNotFoundError("No module named 'apache_beam'", name="apache_beam")

    monkeypatch.setattr(TinyPlay, "download_and_prepare", refuse)
    with pytest.raises(DataError, match=r"prepared without apache-beam, .*; install apache-beam,"):
        read_text_tfds("tiny_play", tmp_path)


@pytest.mark.parametrize("name", ["tiny_shakespeare", "lm1b"])
def test_without_a_network_it_says_so_at_once(tmp_path, no_network, name):
    with pytest.raises(DataError, match=r"cannot be reached; .*--data sample"):
        read_text_tfds(name, tmp_path)
    assert list(tmp_path.iterdir()) == []
