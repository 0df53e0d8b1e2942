import pytest

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.examples import LabelledText
from seqtasks.datasets.labelled_lines import read_labelled_lines

PAIRS = [LabelledText("good film", "pos"), LabelledText("long , and dull", "neg")]


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "stsa.binary.train"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize(
    "content",
    [
        # a blank, a tab, several, around the line too
        "pos good film\nneg long , and dull\n",
        "pos\tgood film\nneg\tlong , and dull\n",
        " pos \t good film \nneg  long , and dull",
        # as fastText reads
        "__label__pos good film\n__label__neg long , and dull\n",
        "__label__pos\tgood film\n__label__neg\tlong , and dull\n",
        # blank lines, a byte order mark, line ends of Windows
        "\npos good film\n \nneg long , and dull\n\n",
        b"\xef\xbb\xbf__label__pos good film\r\n__label__neg long , and dull\r\n",
    ],
)
def test_one_text_in_many_spellings(write, content):
    assert list(read_labelled_lines(write(content))) == PAIRS


@pytest.mark.parametrize(
    ("content", "example"),
    [
        # what ends a label: a blank or a tab of ASCII, nothing else
        ("1,2 a\n", LabelledText("a", "1,2")),
        ("très\u00a0bon a b\n", LabelledText("a b", "très\u00a0bon")),
        ("x c\td \u2028e\n", LabelledText("c\td \u2028e", "x")),
        # a prefix within a text is text where labels have none
        ("pos a __label__x\n", LabelledText("a __label__x", "pos")),
        ("__label__pos a my__label__x\n", LabelledText("a my__label__x", "pos")),
        ("__label pos\n", LabelledText("pos", "__label")),
    ],
)
def test_labels_and_texts_are_taken_as_they_are(write, content, example):
    assert list(read_labelled_lines(write(content))) == [example]


@pytest.mark.parametrize("prefix", ["", "__label__"])
def test_lines_without_text_are_left_out_and_told(write, prefix):
    empty = []
    path = write(f"{prefix}x\n{prefix}x a\n\n{prefix}y \t\n")
    assert list(read_labelled_lines(path, empty)) == [LabelledText("a", "x")]
    assert empty == [1, 4]


@pytest.mark.parametrize(
    ("content", "line", "problem", "mend"),
    [
        # two spellings in one file
        ("\n__label__x a\ny b\n", 3, "begins with __label__ as in line 2, got y", "one way"),
        ("x a\n__label__y b\n", 2, "without prefix as in line 1, got __label__y", "one way"),
        # several labels, wherever they stand
        ("__label__x __label__y a\n", 1, "one label, got 2: __label__x, __label__y", "keep one"),
        ("__label__x a\n__label__x b __label__y __label__z\n", 2, "got 3: ", "a line for each"),
        # a prefix alone
        ("__label__ x a\n", 1, "expected a label behind __label__, got none", "write them"),
        # bytes that are no text
        ("x a\ny b\0\n", 2, "expected text, got a NUL byte", "remove it"),
        ("x a\n".encode("utf-16-le"), 1, "expected text, got a NUL byte", "save the file as UTF-8"),
        (b"x a\ny \xfc\n", 2, "expected UTF-8, got byte 0xfc", "save the file as UTF-8"),
        # 1 MiB is read, a byte more is not
        ("x a\ny " + "b" * (2**20 - 1) + "\n", 2, "(1 MiB), got 1,048,577", "cut the text"),
    ],
)
def test_problems_name_file_line_and_mend(write, content, line, problem, mend):
    path = write(content)
    with pytest.raises(DataError) as error:
        list(read_labelled_lines(path))
    message = str(error.value)
    assert message.startswith(f"{path}:{line}: ")
    told, _, advice = message.partition("; ")
    assert problem in told
    assert mend in advice
    assert "\n" not in message
    assert len(message) < 400


def test_a_line_of_1_mib_is_read(write):
    (example,) = read_labelled_lines(write("x " + "b" * (2**20 - 2) + "\n"))
    assert len(example.text) == 2**20 - 2


def test_a_missing_file_and_a_directory(tmp_path):
    with pytest.raises(DataError, match="nix: no such file; check the path"):
        list(read_labelled_lines(tmp_path / "nix"))
    with pytest.raises(DataError, match="expected a file, got a directory"):
        list(read_labelled_lines(tmp_path))
