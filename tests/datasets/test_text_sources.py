import subprocess
import sys
import time
import tracemalloc

import pytest

import seqtasks.datasets
from seqtasks.datasets import text_sources
from seqtasks.datasets.errors import DataError
from seqtasks.datasets.source import catalogue
from seqtasks.datasets.text_sources import WINDOW, cut, load_text, parse_shares, read_text_file

LINES = "".join(f"This is line {i:4} .\n" for i in range(1000))  # 20 characters a line
SPLITS = {"train": ["a b\n"], "dev": ["c\n"], "test": ["d\n"]}


@pytest.fixture
def folder(tmp_path):
    def folder(files):
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(tmp_path)

    return folder


def joined(splits):
    return "".join(document for split in splits.values() for document in split)


@pytest.mark.parametrize(
    ("text", "shares"),
    [("90/5/5", (0.9, 0.05, 0.05)), ("90/10", (0.9, 0.1)), ("1/1/98", (0.01, 0.01, 0.98))],
)
def test_shares(text, shares):
    assert parse_shares(text) == shares


@pytest.mark.parametrize(
    "text",
    ["", "100", "90/5", "90/5/5/0", "90/5/4/1", "95/5/0", "0/100", "-5/105", "90.5/9.5", "90/5/5%"],
)
def test_shares_that_are_none(text):
    with pytest.raises(ValueError, match="such as 90/5/5 or 90/10: whole percents") as error:
        load_text("pydocs", None, text)
    assert repr(text) in str(error.value)


@pytest.mark.parametrize("text", ["90-5-5", "90/ 5/5", "+90/10", "0.9/0.1", "９０/10", "90/10\n"])
def test_shares_that_are_spelt_otherwise(text):
    with pytest.raises(ValueError, match="such as 90/5/5 or 90/10"):
        parse_shares(text)


def test_a_file_is_cut_in_order(folder):
    source = load_text(folder({"book.any": LINES}) + "/book.any")
    assert list(source.splits) == ["train", "dev", "test"]
    assert [len(document) for [document] in source.splits.values()] == [18_000, 1_000, 1_000]
    assert joined(source.splits) == LINES
    assert source.notes == ("cut into 90/5/5 percent, in order",)


def test_a_file_is_cut_in_two(folder):
    source = load_text(folder({"book": LINES}) + "/book", shares="80/20")
    assert [len(document) for [document] in source.splits.values()] == [16_000, 4_000]
    assert source.notes == ("cut into 80/20 percent, in order", "no test split")


@pytest.mark.parametrize("shares", [(0.9, 0.05, 0.05), (0.5, 0.5), (0.34, 0.33, 0.33)])
@pytest.mark.parametrize("length", [1, 7, 700, 3_000, 30_000])
@pytest.mark.parametrize("blank", ["", " ", "\n", "\u3000"])
def test_a_cut_loses_nothing_and_is_near_its_place(shares, length, blank):
    documents = [f"{i}{'x' * length}{blank}" * 3 for i in range(-(-20_000 // length))]
    parts = cut(documents, shares)
    text = "".join(documents)
    assert "".join(piece for part in parts for piece in part) == text
    assert len(parts) == len(shares)
    assert all(piece for part in parts for piece in part)
    end = 0
    for number, part in enumerate(parts[:-1], 1):
        end += sum(map(len, part))
        assert 0 <= end - round(len(text) * sum(shares[:number])) <= WINDOW
        assert length >= WINDOW or not blank or text[end - 1] == blank


@pytest.mark.parametrize(
    ("text", "train"),
    [
        # the first end of a line at or after the place, before any blank
        ("x" * 5_100 + " " + "x" * 399 + "\n" + "y\n" * 2_249 + "y", 5_501),
        ("x " * 2_500 + "x x\nx\n" + "x" * 4_994, 5_004),
        # the first blank, where no line ends near
        ("x" * 5_500 + " x " + "y" * 4_497, 5_501),
        ("x" * 5_500 + "\t" + "y" * 4_499, 5_501),
        # neither is near enough
        ("x" * 6_001 + "\n" + "y" * 3_998, 5_000),
        ("x" * 10_000, 5_000),
        # the place itself is behind the end of a line
        ("x" * 4_999 + "\n" + "y y\n" * 1_250, 5_000),
    ],
)
def test_where_a_text_is_cut(text, train):
    assert len(text) == 10_000
    [[first], [second]] = cut([text], (0.5, 0.5))
    assert len(first) == train
    assert first + second == text


def test_the_end_of_a_document_is_the_end_of_a_line():
    assert cut(["a" * 60, "b" * 60], (0.4, 0.6)) == [["a" * 60], ["b" * 60]]
    assert cut(["a" * 50, "b" * 50], (0.5, 0.5)) == [["a" * 50], ["b" * 50]]


def test_one_line_of_many_megabytes(folder):
    path = folder({"line.txt": b"word " * 4_000_000}) + "/line.txt"
    tracemalloc.start()
    begun = time.process_time()
    source = load_text(path)
    seconds = time.process_time() - begun
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seconds < 5
    assert peak < 6 * 20e6
    sizes = [len(document) for [document] in source.splits.values()]
    assert sizes == pytest.approx([18e6, 1e6, 1e6], abs=10)
    assert sum(sizes) == 20_000_001  # with the end of the line
    assert all(document.startswith("word") for [document] in source.splits.values())


@pytest.mark.parametrize("content", [b"a\nb", b"a\r\nb\r\n", b"a\rb\r", b"\xef\xbb\xbfa\nb\n"])
def test_every_line_ends_alike(folder, tmp_path, content):
    folder({"a.txt": content})
    assert read_text_file(tmp_path / "a.txt") == ["a\nb\n"]


@pytest.mark.parametrize("pattern", ["{}.txt", "{}", "{}.x.y", "ptb.{}.txt", "wiki.{}.tokens"])
@pytest.mark.parametrize("dev", ["dev", "valid", "validation"])
def test_a_directory_with_a_file_a_split(folder, pattern, dev):
    files = {pattern.format(word): f"{word}\n\nx\n" for word in ("train", dev, "test")}
    others = {"README": "r", "ptb.char.train.txt": "c", ".x.train.txt": "h", "a.train.txt~": "b"}
    source = load_text(folder(files | others), shares="50/50")
    assert source.splits == {
        name: [f"{word}\n\nx\n"]
        for name, word in {"train": "train", "dev": dev, "test": "test"}.items()
    }
    assert source.notes == ()


def test_without_dev_the_last_tenth_of_train_is_held_out(folder):
    source = load_text(folder({"train.txt": LINES, "test.txt": "x\n"}))
    assert [len(document) for [document] in source.splits.values()] == [18_000, 2_000, 2]
    assert joined(source.splits) == LINES + "x\n"
    assert source.notes == ("no dev split: the last tenth of train held out",)


def test_the_text_files_of_a_directory_in_name_order(folder):
    names = ["10.txt", "9.md", "B.TXT", "a.rst", "b", "c.text", "d.tokens"]
    files = {name: f"{name}\n" + LINES for name in names}
    others = {"a.png": b"\xff", "z.py": "x = 1", ".hidden": "h", "e.txt": " \n", "more/a.txt": "m"}
    path = folder(files | others | {".git/x": "g"})
    source = load_text(path, shares="80/10/10")
    assert joined(source.splits) == "".join(files[name] for name in names)
    assert source.splits["train"][:5] == [files[name] for name in names[:5]]
    assert source.notes == (
        f"{path}: files read, in name order: 7",
        f"{path}: empty files left out: 1, the first e.txt",
        f"{path}: files with other suffixes left out: 2, the first a.png",
        f"{path}: subdirectories not read: 1, the first more",
        "cut into 80/10/10 percent, in order",
    )


@pytest.mark.parametrize(
    ("files", "name", "problem", "mend"),
    [
        ({"a.txt": b"a\n\xff"}, "/a.txt", "/a.txt:2: expected UTF-8, got byte 0xff", "iconv"),
        ({"a.txt": "a", "b.md": b"\xe9"}, "", "/b.md:1: expected UTF-8, got", "save the file"),
        ({"train.txt": "a\nb", "dev.txt": b"\xe9"}, "", "/dev.txt:1: expected UTF-8", "save the"),
        ({"a.txt": ""}, "/a.txt", "/a.txt: expected text, got an empty file", "the right file"),
        ({"a.txt": " \n\t"}, "/a.txt", "/a.txt: expected text, got an empty", "the right file"),
        ({"train.txt": LINES, "test.txt": ""}, "", "/test.txt: expected text, got an e", "right"),
        ({"a.txt": "", "b": "\n"}, "", ": expected text, got empty files", "put text in them"),
        ({"a.txt": "a\nb\n"}, "/a.txt", "too little text to train and to validate", "give it more"),
        ({"train.txt": "a\n"}, "", "too little text to train and to validate", "give it more"),
        ({}, "", "(.txt, .text, .md, .rst, .tokens or no suffix), got none", "name a file, or put"),
        ({"a.py": "a", "b/c": "d", ".d": "e"}, "", "no suffix), got a.py, b/", "put text files"),
        ({"train.txt": "a", "train.md": "a"}, "", "one file for train, got train.md, tr", "keep"),
        ({"a.train.txt": "a", "b.train.txt": "a"}, "", "file for train, got a.train.txt,", "keep"),
    ],
)
def test_problems_are_one_line(folder, files, name, problem, mend):
    path = folder(files)
    with pytest.raises(DataError) as error:
        load_text(path + name)
    told, _, advice = str(error.value).partition("; ")
    assert told.startswith(path)
    assert problem in told
    assert mend in advice
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("source", ["nix", "nix/a.txt", "tiny_shakespeare"])
def test_a_name_that_is_none_is_answered_with_the_names(source):
    with pytest.raises(DataError) as error:
        load_text(source)
    assert str(error.value).startswith(f"{source}: no such file or directory, and no data set has")
    for entry in catalogue("lm"):
        assert entry.name in str(error.value)
    assert "conll" not in str(error.value)


def test_a_missing_file_a_directory_and_an_empty_file(folder, tmp_path):
    folder({"empty": ""})
    with pytest.raises(DataError, match="nix: no such file; check the path"):
        read_text_file(tmp_path / "nix")
    with pytest.raises(DataError, match="expected a file, got a directory"):
        read_text_file(tmp_path)
    with pytest.raises(DataError, match="empty: expected text, got an empty file; check that"):
        read_text_file(tmp_path / "empty")


def test_a_directory_closed_to_us(folder, monkeypatch):
    def refuse(self):
        raise PermissionError

    path = folder({"a.txt": "a"})
    monkeypatch.setattr(text_sources.Path, "iterdir", refuse)  # root may read everything
    with pytest.raises(DataError, match=r"no permission to read it; .*chmod u\+rx"):
        load_text(path)


def test_the_sample_keeps_its_splits(monkeypatch):
    class Sample:
        load = staticmethod(lambda: dict(SPLITS))

    monkeypatch.setattr(seqtasks.datasets, "sample_lm", Sample, raising=False)
    assert load_text("sample").splits == SPLITS
    assert load_text("sample").notes == ()


def test_pydocs_says_of_which_python():
    source = load_text("pydocs")
    assert list(source.splits) == ["train", "dev", "test"]
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert source.notes == (f"from Python {python}", "split by hash of the topics' names: 90/5/5")


def test_the_fingerprint_is_of_the_text_and_its_splits(folder):
    path = folder({"train.txt": "a\n", "dev.txt": "b\n"})
    first = load_text(path).fingerprint
    assert load_text(path).fingerprint == first
    folder({"dev.txt": "c\n"})
    assert load_text(path).fingerprint != first


def test_readers_import_no_tensorflow():
    code = "import sys, seqtasks.datasets.text_sources, seqtasks.datasets.text_tfds; "
    code += "seqtasks.datasets.text_sources.load_text('pydocs'); "
    code += "sys.exit('tensorflow' in sys.modules or 'tensorflow_datasets' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
