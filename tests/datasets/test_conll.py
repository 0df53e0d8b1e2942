import errno
import random
from pathlib import Path

import pytest

from seqtasks.datasets.conll import read_conll, write_conll
from seqtasks.datasets.errors import DataError
from seqtasks.datasets.examples import TaggedSentence

AB = [TaggedSentence(("Ada", "left"), ("B-PER", "O")), TaggedSentence(("Bob",), ("B-PER",))]


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "train.conll"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize(
    "content",
    [
        # tabs, spaces, runs of spaces
        "Ada\tB-PER\nleft\tO\n\nBob\tB-PER\n",
        "Ada B-PER\nleft O\n\nBob B-PER\n",
        "Ada   B-PER\nleft    O\n\nBob  \t B-PER\n",
        # four columns, the last is the tag
        "Ada NNP I-NP B-PER\nleft VB I-VP O\n\nBob NNP I-NP B-PER\n",
        # an inner column may be empty between tabs
        "Ada\tNNP\tB-PER\nleft\t\tO\n\nBob\tNNP\tB-PER\n",
        # no line end at the end; several blank lines, before and after too
        "\n\nAda B-PER\nleft O\n\n\n\nBob B-PER",
        # a lone tab and spaces end a sentence
        "Ada\tB-PER\nleft\tO\n\t\nBob\tB-PER\n  \n",
        # blanks around a line
        " Ada B-PER \nleft O\t\n\n Bob B-PER\n",
        # document marks, with and without columns
        "-DOCSTART- -X- O O\n\nAda B-PER\nleft O\n-DOCSTART-\nBob B-PER\n",
        "-DOCSTART-\tO\n\nAda\tB-PER\nleft\tO\n\nBob\tB-PER\n",
        # comments: at the head, within a sentence, with a word like a tag at the end
        "# id = 1\n# O\tor not\nAda\tB-PER\n# then\nleft\tO\n\n# I-X is not O\nBob\tB-PER\n",
        "# tags: B-PER and O\nAda B-PER\nleft O\n\nBob B-PER\n",
        # a byte order mark, line ends of Windows and of the old Macintosh
        b"\xef\xbb\xbfAda B-PER\nleft O\n\nBob B-PER\n",
        "Ada B-PER\r\nleft O\r\n\r\nBob B-PER\r\n",
        "Ada B-PER\rleft O\r\rBob B-PER\r",
        # other schemes
        "Ada I-PER\nleft O\n\nBob I-PER\n",
        "Ada S-PER\nleft O\n\nBob S-PER\n",
        "Ada U-PER\nleft O\n\nBob U-PER\n",
    ],
)
def test_one_text_in_many_spellings(write, content):
    file = read_conll(write(content))
    assert file.sentences == AB
    assert file.repaired == 0


@pytest.mark.parametrize(
    ("content", "tokens"),
    [
        # the token "#", between tabs and between spaces, also where the file begins with it
        ("#\tO\n#\tO\n", ("#", "#")),
        ("a O\n# O\n", ("a", "#")),
        ("# O\na O\n", ("#", "a")),
        ("# O\n# O\n", ("#", "#")),
        ("#tag O\na O\n", ("#tag", "a")),
        # a token with a space in it, between tabs
        ("New York\tB-LOC\na\tO\n", ("New York", "a")),
        # separators of Unicode are text; so is what could be normalised
        ("a\u2028b O\nc\u0085 O\n", ("a\u2028b", "c\u0085")),
        ("\u00a0\tO\n\u200b\tO\n", ("\u00a0", "\u200b")),
        ("e\u0301 O\n\u00e9 O\n", ("e\u0301", "\u00e9")),
        # a word that only begins like a document mark
        ("-DOCSTART-s O\na O\n", ("-DOCSTART-s", "a")),
    ],
)
def test_tokens_are_taken_as_they_are(write, content, tokens):
    assert [sentence.tokens for sentence in read_conll(write(content)).sentences] == [tokens]


def test_ill_formed_tags_are_counted_and_repaired(write):
    file = read_conll(write("a B-PER\nb I-LOC\nc O\n\nd I-PER\ne O\n\nf B-PER\ng B-PER\n"))
    assert (file.scheme, file.repaired) == ("IOB2", 2)
    assert file.sentences[0].tags == ("B-PER", "B-LOC", "O")
    assert file.sentences[1].tags == ("B-PER", "O")


@pytest.mark.parametrize(
    ("content", "line", "problem", "mend"),
    [
        # nothing, white space, marks and comments alone
        ("", None, "expected tokens with their tags, got none", "write a token and its tag"),
        (" \n\t\n", None, "expected tokens with their tags, got none", "write a token and its tag"),
        ("-DOCSTART- O\n# hm\n", None, "expected tokens with their tags, got none", "write a"),
        # one column, in the first line and later
        ("\nAda\nleft\n", 2, "expected a token and a tag, got 1 column", "by a tab or a space"),
        ("a O\nb\n", 2, "expected 2 columns as in line 1, got 1", "separate columns by spaces"),
        ("#hash\n", 1, "expected a token and a tag, got 1 column", "by a tab or a space"),
        # a number of columns of its own
        ("\na O\n\nb NN O\n", 4, "expected 2 columns as in line 2, got 3", "by spaces"),
        ("a\tO\nb O\n", 2, "expected 2 columns as in line 1, got 1", "by one tab in every line"),
        # no token
        ("a\tO\n\tO\n", 2, "expected a token, got an empty column", "give the line a token"),
        # no tag of any scheme
        ("a O\nb PERSON\n", 2, "got 'PERSON'", "with its prefix"),
        ("a O\n\nb X-PER\n", 3, "expected a tag such as O, B-PER or I-PER, got 'X-PER'", "prefix"),
        ("a B-\n", 1, "got 'B-'", "put the tag in the last column"),
        # two schemes
        ("a S-X\nb O\n\nc U-X\nd L-X\n", 4, "are mixed", "use one scheme"),
        # Latin-1, UTF-16, and the line of it behind a byte order mark
        (b"a O\nM\xfcller O\n", 2, "expected UTF-8, got byte 0xfc", "save the file as UTF-8"),
        ("a O\n".encode("utf-16"), 1, "expected UTF-8, got byte 0xff", "save the file as UTF-8"),
        (b"\xef\xbb\xbfa O\r\n\r\n\xe9 O\n", 3, "got byte 0xe9", "save the file as UTF-8"),
    ],
)
def test_problems_name_file_line_and_mend(write, content, line, problem, mend):
    path = write(content)
    with pytest.raises(DataError) as error:
        read_conll(path)
    place = f"{path}:{line}: " if line else f"{path}: "
    message = str(error.value)
    assert message.startswith(place)
    told, _, advice = message.partition("; ")
    assert problem in told
    assert mend in advice
    assert "\n" not in message


def test_a_missing_file_and_a_directory(tmp_path):
    with pytest.raises(DataError, match=r"nix\.conll: no such file; check the path"):
        read_conll(tmp_path / "nix.conll")
    with pytest.raises(DataError, match="expected a file, got a directory; name a file in it"):
        read_conll(tmp_path)


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.EACCES, r"train\.conll: no permission to read it; allow it, as with: chmod u\+r"),
        (errno.EIO, r"train\.conll: cannot be read \(Input/output error\); check the path"),
    ],
)
def test_what_the_system_refuses(write, monkeypatch, number, message):
    def refuse(self, mode):
        raise OSError(number, "Input/output error")

    path = write("a O\n")
    monkeypatch.setattr(Path, "open", refuse)  # root may read everything
    with pytest.raises(DataError, match=message):
        read_conll(path)


@pytest.mark.parametrize("scheme", ["IOB1", "IOB2", "IOBES", "BILOU"])
def test_what_is_written_reads_back(tmp_path, scheme):
    rng = random.Random(0)
    tokens = ["#", "# a", "New York", "\u2028", "é", "a", "-"]
    sentences = [
        TaggedSentence(tuple(words), ("O",) * (len(words) - 2) + ("B-X", "I-X"))
        for words in (rng.choices(tokens, k=rng.randrange(2, 6)) for _ in range(50))
    ]
    path = tmp_path / "out.conll"
    write_conll(path, sentences, scheme)
    file = read_conll(path)
    assert file.sentences == sentences
    assert file.repaired == 0


# the last ones would be read as a byte order mark and as the head of a document
@pytest.mark.parametrize(
    "token", ["", "a\tb", "a\nb", "a\rb", "\ufeffa", "-DOCSTART-", "-DOCSTART- x"]
)
def test_tokens_that_a_line_cannot_hold(tmp_path, token):
    with pytest.raises(DataError, match="expected tokens without tab or line end"):
        write_conll(tmp_path / "out.conll", [*AB, TaggedSentence((token,), ("O",))])
    assert list(tmp_path.iterdir()) == []


def test_tokens_that_all_begin_as_comments_do(tmp_path):
    path = tmp_path / "out.conll"
    sentences = [TaggedSentence(("# 1", "# 2"), ("O", "B-X"))]
    write_conll(path, sentences)
    assert read_conll(path).sentences == sentences


def test_a_path_that_cannot_be_written(tmp_path):
    with pytest.raises(DataError, match=r"out\.conll: cannot be written \(No such file.*; choose"):
        write_conll(tmp_path / "nix" / "out.conll", AB)
