import numpy as np
import pytest

from seqtasks.datasets import vectors
from seqtasks.datasets.errors import DataError
from seqtasks.datasets.vectors import read_vectors

FILE = "the 1 2\nof 3 4\nAda -0.5 1e-3\nBob 5 6\n"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "vectors.txt"


def read(path, text, wanted=(), more=100):
    path.write_text(text, encoding="utf-8", newline="")
    found = read_vectors(path, wanted, more)
    assert found.values.dtype == np.float32
    assert len(found.words) == len(found.values)
    return dict(zip(found.words, found.values.tolist(), strict=True))


@pytest.mark.parametrize(
    "text",
    [
        # GloVe
        FILE,
        # word2vec: counts first
        "4 2\n" + FILE,
        # a space behind each line, as word2vec writes; line ends of Windows; no last line end
        FILE.replace("\n", " \n"),
        FILE.replace("\n", "\r\n"),
        FILE.rstrip(),
    ],
)
def test_formats(path, text):
    found = read(path, text)
    assert list(found) == ["the", "of", "ada", "bob"]
    np.testing.assert_allclose(list(found.values()), [[1, 2], [3, 4], [-0.5, 1e-3], [5, 6]])


def test_words_may_be_numbers_and_line_separators(path):
    found = read(path, "7 1 2\n\u2028 3 4\n\x85 5 6\na\rb 7 8\n")
    assert list(found) == ["0", "\u2028", "\x85", "a\rb"]


def test_of_words_that_become_one_the_first_is_kept(path):
    assert read(path, "THE 1 2\n1984 3 4\nthe 5 6\n2001 7 8\n") == {"the": [1, 2], "0000": [3, 4]}


@pytest.mark.parametrize(
    ("wanted", "more", "expected"),
    [
        # wanted words alone, wherever they stand
        ({"of", "bob"}, 0, ["of", "bob"]),
        # others besides, as many, the first that come; wanted ones are not counted
        ({"of", "bob"}, 1, ["the", "of", "bob"]),
        ({"the", "of"}, 1, ["the", "of", "ada"]),
        (set(), 2, ["the", "of"]),
        ({"unseen"}, 100, ["the", "of", "ada", "bob"]),
    ],
)
@pytest.mark.parametrize("chunk", [1, 3, 1000])
def test_which_words_are_kept(path, monkeypatch, wanted, more, expected, chunk):
    monkeypatch.setattr(vectors, "CHUNK", chunk)
    assert list(read(path, FILE + "the 9 9\n", wanted, more)) == expected


def test_none_of_the_words_is_wanted(path):
    path.write_text(FILE)
    found = read_vectors(path, {"unseen"}, 0)
    assert found.words == ()
    assert found.values.shape == (0, 2)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        # too few, too many, none
        ("Ada 1", "expected a word and 2 numbers, got 2 fields: 'Ada 1'"),
        ("Ada 1 2 3", "expected a word and 2 numbers, got 4 fields"),
        ("Ada", "expected a word and 2 numbers, got 1 fields"),
        ("", "expected a word and 2 numbers, got 1 fields"),
        # no number
        ("Ada 1 x", "'Ada 1 x'"),
        ("Ada  1", "'Ada  1'"),
        # no finite number
        ("Ada nan 1", "'Ada nan 1'"),
        ("Ada 1 -inf", "'Ada 1 -inf'"),
        ("Ada 1 1e99", "'Ada 1 1e99'"),
        # no word
        (" 1 2", "' 1 2'"),
        # a long line is shown in part
        ("Ada " + "1 " * 10_000, "got 10001 fields"),
    ],
)
def test_a_line_that_is_none(path, line, problem):
    path.write_text("the 1 2\nof 3 4\n" + line + "\nBob 1 2\n")
    with pytest.raises(DataError) as error:
        read_vectors(path, {"the"}, 0)
    assert str(error.value).startswith(f"{path}:3: ")
    assert problem in str(error.value)
    assert str(error.value).endswith("; mend or remove the line")
    assert len(error.value.problem) < 120


def test_a_first_line_without_numbers(path):
    path.write_text("-DOCSTART-\n")
    with pytest.raises(DataError, match=r":1: expected a word and its numbers, got 1 fields"):
        read_vectors(path, (), 5)


def test_a_line_and_a_vector_are_bounded(path, monkeypatch):
    monkeypatch.setattr(vectors, "LONGEST", 12)
    monkeypatch.setattr(vectors, "MOST_NUMBERS", 4)
    assert read(path, "the 1 2 3 4\n") == {"the": [1, 2, 3, 4]}
    for text, problem in (
        ("a 1 2\na 1.000 2.000\n", ":2: expected a line of at most 12 characters, got more"),
        ("a 1 2 3 4 5\n", ":1: expected vectors of at most 4 numbers, got more"),
    ):
        path.write_text(text)
        with pytest.raises(DataError, match=problem + "; check that it is a file of vectors"):
            read_vectors(path, (), 5)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        # empty, and with counts alone
        (b"", "no vectors in it; expected a word and its numbers on each line"),
        (b"4 2\n", "no vectors in it"),
        # word2vec's binary form
        (b"1 2\nthe \x00\x00\x80\x3f\xff\xfe\xfd\xfc\n", "not UTF-8; give vectors in text form"),
    ],
)
def test_a_file_that_is_none(path, content, problem):
    path.write_bytes(content)
    with pytest.raises(DataError) as error:
        read_vectors(path, (), 5)
    assert str(error.value).startswith(f"{path}: {problem}")


def test_no_file_at_all(tmp_path):
    for place, problem in ((tmp_path / "none", "no such file"), (tmp_path, "is a directory")):
        with pytest.raises(DataError) as error:
            read_vectors(place, (), 5)
        assert str(error.value).startswith(f"{place}: {problem}")
