import csv

import pytest

from seqtasks.datasets.delimited import UnlabelledError, read_delimited
from seqtasks.datasets.errors import DataError
from seqtasks.datasets.examples import LabelledText

PAIRS = [LabelledText("good film", "pos"), LabelledText("dull, and long", "neg")]


@pytest.fixture
def write(tmp_path):
    def write(content, name="train.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def read(path, text_column=None, label_column=None):
    return list(read_delimited(path, text_column, label_column))


@pytest.mark.parametrize(
    "content",
    [
        # a header, in any order and case, with columns that are not read
        'text,label\ngood film,pos\n"dull, and long",neg\n',
        'Label,REVIEW\npos,good film\nneg,"dull, and long"\n',
        'id,sentence,sentiment\n1,good film,pos\n2,"dull, and long",neg\n',
        ' Comment , Rating \n good film , pos \n "dull, and long", "neg"\n',
        # blank lines, no line end at the end, a byte order mark, line ends of Windows
        '\ntext,label\n\ngood film,pos\n  \n"dull, and long",neg',
        b'\xef\xbb\xbftext,label\r\ngood film,pos\r\n"dull, and long",neg\r\n',
        # quotes around everything
        '"text","label"\n"good film","pos"\n"dull, and long","neg"\n',
        # several names that would do: the first of our list
        'class,content,text,label\nx,y,good film,pos\nx,y,"dull, and long",neg\n',
    ],
)
def test_one_text_in_many_spellings(write, content):
    assert read(write(content)) == PAIRS


@pytest.mark.parametrize(
    ("content", "text_column", "label_column"),
    [
        # by name, in any case, and by number; the other one by its usual name
        ("a,b\ngood film,pos\n", "a", "b"),
        ("a,b\ngood film,pos\n", "A", "2"),
        ("a,b\ngood film,pos\n", "1", " b "),
        ("text,stars\ngood film,pos\n", None, "stars"),
        ("body,label\ngood film,pos\n", "body", None),
        # a chosen name goes before a usual one
        ("text,body,label\nx,good film,pos\n", "body", None),
        # numbers: a header is known by its usual names, otherwise there is none
        ("text,label\ngood film,pos\n", "1", "2"),
        ("text,x,label\ngood film,pos,no\n", "1", "2"),
        ("good film,pos\n", "1", "2"),
        ("pos,3,good film\n", "3", "1"),
        # of two columns, one number settles both
        ("pos,good film\n", "2", None),
        ("pos,good film\n", None, "1"),
    ],
)
def test_columns_are_chosen(write, content, text_column, label_column):
    assert read(write(content), text_column, label_column) == PAIRS[:1]


def test_a_label_that_looks_like_a_number_of_a_column_is_no_header(write):
    path = write("1\tgood\n0\tdull\n", "train.tsv")
    assert read(path, None, "1") == [LabelledText("good", "1"), LabelledText("dull", "0")]


def test_csv_quotes(write, tmp_path):
    texts = ["two\nlines", 'a "word"', '"', "a,b", "a\u2028b\u0085c", "é", "it's"]
    path = tmp_path / "train.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *((text, "x") for text in texts)])
    assert [example.text for example in read(path)] == texts


@pytest.mark.parametrize(
    ("field", "text"),
    [
        # quotation marks of a text are text, as in SST
        ('a "word', 'a "word'),
        ('"a word', '"a word'),
        ('a word"', 'a word"'),
        ('"a" and "b"', '"a" and "b"'),
        ('"', '"'),
        # around the whole field, all within doubled: as pandas and spreadsheets write them
        ('"a word"', "a word"),
        ('"a ""word"""', 'a "word"'),
        # commas are text
        ("a, b", "a, b"),
    ],
)
def test_tsv_quotes(write, field, text):
    path = write(f"sentence\tlabel\n{field}\t1\nb\t0\n", "train.TSV")
    assert read(path) == [LabelledText(text, "1"), LabelledText("b", "0")]


def test_rows_without_text_are_left_out_and_told(write):
    empty = []
    path = write('text,label\n"a\nb",x\n,x\n" ",y\n,\nc,y\n')
    examples = list(read_delimited(path, empty=empty))
    assert examples == [LabelledText("a\nb", "x"), LabelledText("c", "y")]
    assert empty == [4, 5, 6]


def test_an_empty_file_has_nothing(write):
    assert read(write("")) == []
    assert read(write("text,label\n")) == []


@pytest.mark.parametrize(
    ("content", "line", "problem", "mend"),
    [
        # no header that we know: the columns are listed, shortened
        ("a,b\nc,d\n", 1, "a header with a text (text, sentence, ", "--text-column and --label"),
        ("\na,b\nc,d\n", 2, "got 2 columns: 'a', 'b'", "by name or by number"),
        (f"{'x' * 99},b\n", 1, f"'{'x' * 29}…', 'b'", "by name or by number"),
        (",".join("abcdefghijk") + "\n", 1, "got 11 columns: 'a', 'b', ", "by name"),
        ("label,stars\nc,d\n", 1, "got 2 columns: 'label', 'stars'", "by name"),
        ("words\n", 1, "got 1 column: 'words'", "by name or by number"),
        # a text, and no label
        ("index,sentence\n0,a\n", 1, "a column of labels (label, ", "name it with --label-column"),
        # a number of columns of its own; the line is that where a row begins
        ("text,label\na,x\nb, c,x\n", 3, "expected 2 columns as in line 1, got 3", "double quotes"),
        ('text,label\n"a\nb",x\n"c\nd"\n', 4, "expected 2 columns as in line 1, got 1", "comma"),
        # quotes
        ('text,label\na,x\n"b,x\nc,x\n', 3, "unexpected end of data", "close each quote"),
        ('text,label\n"a "b" c",x\n', 2, "cannot be read as one", 'write " as ""'),
        # no label, a label of two lines
        ("text,label\na,\n", 2, "expected a label, got an empty one", "give the text a label"),
        ('text,label\na,"x\ny"\n', 2, "expected a label of one line", "which column"),
        # bytes that are no text
        ("text,label\na,x\0\n", 2, "expected text, got a NUL byte", "remove it"),
        (b"text,label\n\xe9,x\n", 2, "expected UTF-8, got byte 0xe9", "save the file as UTF-8"),
        # above 1 MiB: a line, a text of many lines
        (f"text,label\na,x\n{'a' * 2**20},x\n", 3, "(1 MiB), got 1,048,578", "cut the text"),
        (f"text,label\n{'é' * 2**19},x\n", 2, "(1 MiB), got 1,048,578", "cut the text"),
        ('text,label\n"' + "ab\n" * 2**19 + '",x\n', 2, "field larger than", "close each quote"),
    ],
)
def test_problems_name_file_line_and_mend(write, content, line, problem, mend):
    path = write(content)
    with pytest.raises(DataError) as error:
        read(path)
    message = str(error.value)
    assert message.startswith(f"{path}:{line}: ")
    told, _, advice = message.partition("; ")
    assert problem in told
    assert mend in advice
    assert "\n" not in message
    assert len(message) < 500


@pytest.mark.parametrize(
    ("text_column", "label_column", "problem"),
    [
        ("body", None, "expected a column 'body', got 3 columns: 'id', 'text', 'label'"),
        (None, "stars", "expected a column 'stars', got 3 columns: 'id', 'text', 'label'"),
        ("4", "1", "expected a column '4', got 3 columns"),
        ("0", "1", "expected a column '0', got 3 columns"),
        # more digits than Python makes a number of
        ("9" * 5_000, None, f"expected a column '{'9' * 40}', got 3 columns"),
        ("text", "2", "expected two columns, got column 2 both as text and as label"),
    ],
)
def test_a_missing_column(write, text_column, label_column, problem):
    path = write("id,text,label\n1,a,x\n")
    with pytest.raises(DataError) as error:
        read(path, text_column, label_column)
    assert str(error.value).startswith(f"{path}:1: {problem}")


def test_without_header_one_number_is_not_enough_for_three_columns(write):
    with pytest.raises(DataError, match="expected a header"):
        read(write("a,b,c\n"), "1")


def test_a_tsv_row_of_another_width_is_told_of_tabs(write):
    with pytest.raises(DataError, match=r"train\.tsv:2: expected 2 columns .* one tab between"):
        read(write("text\tlabel\na\tb\tx\n", "train.tsv"))


def test_a_file_without_labels_is_told_apart(write):
    with pytest.raises(UnlabelledError):
        read(write("index\tsentence\n0\ta\n", "test.tsv"))


def test_the_limit_of_the_csv_module_is_left_as_it_was(write):
    before = csv.field_size_limit()
    text = "a " * 2**18
    assert read(write(f"text,label\n{text},x\n")) == [LabelledText(text.strip(), "x")]
    with pytest.raises(DataError):
        read(write('text,label\n"a,x\n'))
    assert csv.field_size_limit() == before
