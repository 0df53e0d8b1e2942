import json
import subprocess
import sys

import pytest

from seqtasks.datasets import labelled_sources
from seqtasks.datasets.errors import DataError
from seqtasks.datasets.examples import LabelledText
from seqtasks.datasets.labelled_sources import load_labelled, read_labelled_file
from seqtasks.datasets.source import catalogue
from seqtasks.datasets.splits import split_of

AB = "x a\ny b\n"


@pytest.fixture
def folder(tmp_path):
    def folder(files):
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return str(tmp_path)

    return folder


def texts(examples):
    return [example.text for example in examples]


def numbered(count):
    """Lines of different texts, with two labels in turn."""
    return "".join(f"{'xy'[i % 2]} text {i}\n" for i in range(count))


@pytest.mark.parametrize(
    ("train", "dev", "test"),
    [
        ("train.txt", "dev.txt", "test.txt"),
        ("train.csv", "valid.tsv", "test.jsonl"),
        ("train.json", "validation", "test.CSV"),
        # as SST's files are named
        ("stsa.binary.train", "stsa.binary.dev", "stsa.binary.test"),
        ("my.train", "my.validation", "test.txt"),
        # all in one format
        ("train.csv", "dev.csv", "test.csv"),
    ],
)
def test_a_directory_with_three_splits(folder, train, dev, test):
    spelt = {
        "csv": "text,label\na {0},x\nb {0},y\n",
        "tsv": "text\tlabel\na {0}\tx\nb {0}\ty\n",
        "json": '{{"text": "a {0}", "label": "x"}}\n{{"text": "b {0}", "label": "y"}}\n',
    }
    spelt["jsonl"] = spelt["json"]
    files = {
        name: spelt.get(name.rpartition(".")[2].lower(), "x a {0}\ny b {0}\n").format(number)
        for number, name in enumerate((train, dev, test), 1)
    }
    source = load_labelled(folder(files | {"README": "r", "train.csv~": "c", ".x.train": "h"}))
    assert source.splits == {
        name: [LabelledText(f"a {number}", "x"), LabelledText(f"b {number}", "y")]
        for number, name in enumerate(("train", "dev", "test"), 1)
    }
    assert list(source.splits) == ["train", "dev", "test"]
    assert source.notes == ()


def test_the_first_part_of_a_name_goes_before_the_last(folder):
    source = load_labelled(folder({"train.test": AB, "dev.train": "x c\n"}))
    assert {name: texts(part) for name, part in source.splits.items()} == {
        "train": ["a", "b"],
        "dev": ["c"],
    }


def test_a_directory_with_a_folder_a_label(folder):
    labels = {"train/x/1.txt": "a", "train/y/1.txt": "b", "dev/x/1.txt": "c", "test/y/1.txt": "d"}
    source = load_labelled(folder(labels | {"imdb.vocab": "a"}))
    assert {name: texts(part) for name, part in source.splits.items()} == {
        "train": ["a", "b"],
        "dev": ["c"],
        "test": ["d"],
    }


def test_a_file_is_split_by_hash(folder):
    source = load_labelled(folder({"all.txt": numbered(200)}) + "/all.txt")
    for name, part in source.splits.items():
        assert {split_of(example.text) for example in part} == {name}
    assert sum(map(len, source.splits.values())) == 200
    assert source.notes == ("split by hash: 80/10/10",)


def test_without_dev_a_tenth_of_train_is_held_out(folder):
    source = load_labelled(folder({"train.txt": numbered(60)}))
    assert len(source.splits["train"]) + len(source.splits["dev"]) == 60
    assert 1 <= len(source.splits["dev"]) <= 15
    assert not set(texts(source.splits["train"])) & set(texts(source.splits["dev"]))
    assert source.notes == ("no dev split: a tenth of train held out, by hash", "no test split")


def test_columns_are_chosen(folder):
    path = folder(
        {
            "train.csv": "body,stars\na,1\nb,2\n",
            "dev.tsv": "stars\tbody\n1\tc\n",
            "test.jsonl": '{"body": "d", "stars": 2}',
        }
    )
    assert load_labelled(path, None, "body", "stars").splits == {
        "train": [LabelledText("a", "1"), LabelledText("b", "2")],
        "dev": [LabelledText("c", "1")],
        "test": [LabelledText("d", "2")],
    }


def test_the_test_file_of_glue_has_no_labels_and_is_left_out(folder):
    path = folder(
        {
            "train.tsv": "sentence\tlabel\nit 's a \"good film \t1\nlong \t0\n",
            "dev.tsv": "sentence\tlabel\nfine \t1\n",
            "test.tsv": "index\tsentence\n0\tuneasy\n",
        }
    )
    source = load_labelled(path)
    assert texts(source.splits["train"]) == ["it 's a \"good film", "long"]
    assert list(source.splits) == ["train", "dev"]
    left_out, no_test = source.notes
    assert left_out.startswith(f"{path}/test.tsv: left out, it has no labels")
    assert no_test == "no test split"


def test_training_needs_labels(folder):
    path = folder({"train.tsv": "index\tsentence\n0\tuneasy\n", "dev.tsv": "text\tlabel\na\tx\n"})
    with pytest.raises(DataError, match=r"train\.tsv:1: expected a column of labels"):
        load_labelled(path)


@pytest.mark.parametrize(
    ("files", "notes"),
    [
        # within train
        ({"train.txt": "x a\nx a\ny b\nx a\n"}, ["train: texts that repeat an earlier one: 2"]),
        # across splits, each text counted as often as it is there
        ({"dev.txt": "x a\nx a\nx c\n"}, ["dev: texts that are in train as well: 2"]),
        (
            {"test.txt": "x a\n", "dev.txt": "y b\n"},
            ["dev: texts that are in train as well: 1", "test: texts that are in train as well: 1"],
        ),
        # two labels, within train and across splits
        (
            {"train.txt": "x a\ny a\n"},
            ["train: texts that repeat an earlier one: 1", "texts with more than one label: 1"],
        ),
        (
            {"test.txt": "y a\n"},
            ["test: texts that are in train as well: 1", "texts with more than one label: 1"],
        ),
        # labels that train never saw
        (
            {"dev.txt": "z c\nx g\nw e\nz f\n"},
            ["dev: texts with a label that train never saw: 3 (w, z)"],
        ),
    ],
)
def test_what_is_uneven_is_counted(folder, files, notes):
    path = folder({"train.txt": AB, "dev.txt": "x c\n", "test.txt": "y d\n"} | files)
    assert list(load_labelled(path).notes) == notes


def test_a_label_that_train_never_saw_is_kept(folder):
    source = load_labelled(folder({"train.txt": AB, "dev.txt": "z c\n"}))
    assert source.splits["dev"] == [LabelledText("c", "z")]


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("train.csv", 'text,label\n"a\nb",x\nb,y\n,x\n,y\n', 5),
        ("train.tsv", "text\tlabel\n\tx\na\tx\nb\ty\n \ty\n", 2),
        ("train.jsonl", '\n{"text": "", "label": 1}\n' * 2 + '{"text": "a", "label": 1}', 2),
        ("train.txt", "x a\ny\nz\ny b\n", 2),
    ],
)
def test_empty_texts_are_counted_and_the_first_is_named(folder, tmp_path, name, content, line):
    folder({name: content})
    notes = []
    examples = read_labelled_file(tmp_path / name, notes=notes)
    assert all(example.text for example in examples)
    assert notes == [f"{tmp_path / name}: empty texts left out: 2, the first in line {line}"]


def test_notes_of_readers_reach_the_source(folder):
    path = folder({"train.txt": AB + "x\n", "dev.txt": "x c\n", "test.txt": "y d\n"})
    assert load_labelled(path).notes == (
        f"{path}/train.txt: empty texts left out: 1, the first in line 3",
    )


@pytest.mark.parametrize(
    ("files", "problem", "mend"),
    [
        # fewer than two labels to learn, whatever other splits have
        (
            {"train.txt": "x a\nx b\n", "dev.txt": AB},
            "at least two labels in train, got only 'x'",
            "",
        ),
        # no text at all
        ({"train.txt": "\n"}, "/train.txt: expected texts with their labels, got none", "right"),
        ({"train.csv": "text,label\n,x\n"}, "/train.csv: expected texts with their", "right file"),
        ({"train.txt": AB, "dev.txt": ""}, "/dev.txt: expected texts with their labels", "right"),
        # nothing to validate on
        ({"train.txt": "x a\ny a\n"}, "too few different texts to train and", "give it more"),
        # two files for one split
        ({"train.txt": AB, "train.csv": AB}, "one file for train, got train.csv, train.t", "keep"),
        ({"s.fine.train": AB, "s.train": AB}, "got s.fine.train, s.train", "keep one of them"),
        # neither files nor folders; files of other splits alone
        ({}, "expected texts with their labels, got none", "name the files train.*, dev.* and"),
        ({"dev.txt": AB}, "expected texts with their labels, got none", "or make a folder a label"),
        # a broken file among them
        ({"train.txt": AB, "dev.csv": "a,b\n"}, "/dev.csv:1: expected a header", "--text-column"),
    ],
)
def test_directories_that_will_not_do(folder, files, problem, mend):
    path = folder(files)
    with pytest.raises(DataError) as error:
        load_labelled(path)
    told, _, advice = str(error.value).partition("; ")
    assert told.startswith(path)
    assert problem in told
    assert mend in advice


@pytest.mark.parametrize("source", ["sample", "tfds:imdb_reviews", "{}/train.txt", "{}/folder"])
@pytest.mark.parametrize("columns", [("1", None), (None, "label")])
def test_columns_are_refused_where_there_are_none(folder, source, columns):
    path = folder({"train.txt": AB, "folder/x/1.txt": "a"})
    with pytest.raises(DataError, match=r"has no columns to choose, .*; leave out --text-column"):
        load_labelled(source.replace("{}", path), None, *columns)


def test_the_sample_keeps_its_splits(monkeypatch):
    from seqtasks.datasets import sample_sentiment

    splits = {
        "train": [LabelledText("a", "x"), LabelledText("b", "y")],
        "dev": [LabelledText("c", "x")],
        "test": [LabelledText("d", "y")],
    }
    monkeypatch.setattr(sample_sentiment, "load", lambda: splits, raising=False)
    assert load_labelled("sample").splits == splits
    assert load_labelled("sample").notes == ()


@pytest.mark.parametrize("source", ["nix", "nix/train.csv", "imdb_reviews"])
def test_a_name_that_is_none_is_answered_with_the_names(source):
    with pytest.raises(DataError) as error:
        load_labelled(source)
    assert str(error.value).startswith(f"{source}: no such file or directory, and no data set has")
    for entry in catalogue("sentiment"):
        assert entry.name in str(error.value)
    assert "conll" not in str(error.value)


def test_a_missing_file_and_a_directory(tmp_path):
    with pytest.raises(DataError, match=r"nix\.csv: no such file; check the path"):
        read_labelled_file(tmp_path / "nix.csv")
    with pytest.raises(DataError, match="expected a file, got a directory"):
        read_labelled_file(tmp_path)


@pytest.mark.parametrize("name", ["train.txt", "x/1.txt"])
def test_a_directory_closed_to_us(folder, monkeypatch, name):
    def refuse(self):
        raise PermissionError

    path = folder({name: AB})
    monkeypatch.setattr(labelled_sources.Path, "iterdir", refuse)  # root may read everything
    with pytest.raises(DataError, match=r"no permission to read it; .*chmod u\+rx"):
        load_labelled(path)


def test_the_fingerprint_is_of_texts_and_labels(folder):
    path = folder({"train.txt": AB, "dev.txt": "x c\n"})
    first = load_labelled(path).fingerprint
    assert load_labelled(path).fingerprint == first
    folder({"dev.txt": "y c\n"})
    assert load_labelled(path).fingerprint != first


def test_one_data_set_in_four_formats_is_the_same(folder, tmp_path):
    pairs = [("good , film", "x"), ('a "word"', "y")]
    folder(
        {
            "a.csv": 'text,label\n"good , film",x\n"a ""word""",y\n',
            "a.tsv": 'label\ttext\nx\tgood , film\ny\ta "word"\n',
            "a.jsonl": "".join(json.dumps({"text": t, "label": y}) + "\n" for t, y in pairs),
            "a.data": "".join(f"{label} {text}\n" for text, label in pairs),
        }
    )
    for suffix in ("csv", "tsv", "jsonl", "data"):
        assert read_labelled_file(tmp_path / f"a.{suffix}") == [LabelledText(*p) for p in pairs]


def test_readers_import_no_tensorflow():
    code = "import sys, seqtasks.datasets.labelled_sources, seqtasks.datasets.labelled_tfds; "
    code += "sys.exit('tensorflow' in sys.modules or 'tensorflow_datasets' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
