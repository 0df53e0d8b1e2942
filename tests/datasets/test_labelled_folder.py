import pytest

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.examples import LabelledText
from seqtasks.datasets.labelled_folder import read_labelled_folder
from seqtasks.datasets.splits import split_of


@pytest.fixture
def folder(tmp_path):
    def folder(files):
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path

    return folder


ACLIMDB = {
    "README": "Large Movie Review Dataset",
    "imdb.vocab": "the\n",
    "train/labeledBow.feat": "9 0:9\n",
    "train/urls_pos.txt": "http://example.org\n",
    "train/pos/1_7.txt": "good",
    "train/pos/0_9.txt": "two\nlines\n",
    "train/neg/0_3.txt": "dull",
    "train/unsup/0_0.txt": "who knows",
    "train/unsup/1_0.txt": "not we",
    "test/urls_neg.txt": "http://example.org\n",
    "test/pos/0_10.txt": "fine",
    "test/neg/0_2.txt": "bad",
}


def test_as_aclimdb_is_laid_out(folder):
    path = folder(ACLIMDB)
    data = read_labelled_folder(path)
    assert data.splits == {
        # labels and files in the order of their names
        "train": [
            LabelledText("dull", "neg"),
            LabelledText("two\nlines", "pos"),
            LabelledText("good", "pos"),
        ],
        "test": [LabelledText("bad", "neg"), LabelledText("fine", "pos")],
    }
    assert data.notes == (f"{path}/train/unsup: texts without labels left out: 2",)


@pytest.mark.parametrize("dev", ["dev", "valid", "validation"])
def test_a_dev_split_by_any_of_its_names(folder, dev):
    data = read_labelled_folder(folder({"train/a/1.txt": "x", f"{dev}/a/1.txt": "y"}))
    assert data.splits == {"train": [LabelledText("x", "a")], "dev": [LabelledText("y", "a")]}


def test_without_folders_of_splits_it_is_split_by_hash(folder):
    files = {f"{label}/{i}.txt": f"text {label} {i}" for label in ("a", "b") for i in range(100)}
    data = read_labelled_folder(folder(files))
    assert data.notes == ("split by hash: 80/10/10",)
    for name, examples in data.splits.items():
        assert {split_of(example.text) for example in examples} == {name}
        assert {(example.text.split()[1], example.label) for example in examples} == {
            ("a", "a"),
            ("b", "b"),
        }
    assert sum(map(len, data.splits.values())) == 200


def test_the_files_of_a_folder_are_its_txt_files_or_else_all(folder):
    files = {
        "train/a/1.txt": "x",
        "train/a/notes.md": "n",
        "train/b/1": "y",
        "train/b/.hidden": "h",
    }
    files |= {"train/.git/1.txt": "g", "train/c/below/1.txt": "z"}
    assert read_labelled_folder(folder(files)).splits["train"] == [
        LabelledText("x", "a"),
        LabelledText("y", "b"),
    ]


def test_empty_texts_are_left_out_and_told(folder):
    path = folder({"train/a/1.txt": "x", "train/a/2.txt": " \n", "train/b/1.txt": ""})
    data = read_labelled_folder(path)
    assert data.splits == {"train": [LabelledText("x", "a")]}
    assert data.notes == (f"{path}/train: empty texts left out: 2, the first {path}/train/a/2.txt",)


@pytest.mark.parametrize(
    ("files", "place", "problem", "mend"),
    [
        # nothing, no folders, folders without files, without texts
        ({}, "", "expected texts with their labels, got none", "a folder a label"),
        ({"1.txt": "x"}, "", "expected texts with their labels, got none", "DIR/train/pos/*.txt"),
        ({"a/b/1.txt": "x"}, "", "expected texts with their labels, got none", "train.*"),
        ({"train/a.txt": "x"}, "/train", "expected texts with their labels, got none", "DIR/"),
        ({"train/a/1.txt": ""}, "/train", "expected texts with their labels, got none", "DIR/"),
        # one of the splits' folders too many, or too few
        ({"test/a/1.txt": "x"}, "", "expected one folder for train, got test", "name one so"),
        (
            {"train/a/1.txt": "x", "dev/a/1.txt": "x", "valid/a/1.txt": "x"},
            "",
            "expected one folder for dev, got dev, valid",
            "name one so",
        ),
        # files that are no text
        ({"train/a/1.txt": b"x\n\xff"}, "/train/a/1.txt:2", "expected UTF-8, got", "save the file"),
        ({"train/a/1.txt": "x\n\n\0"}, "/train/a/1.txt:3", "got a NUL byte", "remove it"),
        ({"train/a/1.txt": "x" * 2**20 + "x"}, "/train/a/1.txt:1", "(1 MiB)", "cut the text"),
        ({"train/a/1.txt": "xy\n" * 2**19}, "/train/a/1.txt:1", "(1 MiB)", "cut the text"),
    ],
)
def test_problems_name_the_place_and_the_mend(folder, files, place, problem, mend):
    path = folder(files)
    with pytest.raises(DataError) as error:
        read_labelled_folder(path)
    message = str(error.value)
    told, _, advice = message.partition("; ")
    assert told.startswith(f"{path}{place}: ")
    assert problem in told
    assert mend in advice
    assert "\n" not in message
