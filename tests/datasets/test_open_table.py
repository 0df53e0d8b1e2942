"""Tables without labels: which column holds the texts, and rows that stay as they are."""

import csv

import pytest

from seqtasks.datasets.delimited import open_table
from seqtasks.datasets.errors import DataError


@pytest.fixture
def table(tmp_path):
    """Writes a table and opens it: header, place of the text, rows."""

    def table(content, text_column=None, name="t.csv"):
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        header, place, rows = open_table(tmp_path / name, text_column)
        return header, place, list(rows)

    return table


@pytest.mark.parametrize(
    ("head", "column", "place"),
    [
        # the usual names, in any case
        ("id,text", None, 1),
        ("Review,id", None, 0),
        # a name, in any case and whatever the usual ones are
        ("id,opinion", "Opinion", 1),
        ("text,opinion", "opinion", 1),
        # a number, where a header shows by another name
        ("text,opinion", "2", 1),
        ("opinion,rating", "1", 0),
    ],
)
def test_a_header_is_found(table, head, column, place):
    header, found, rows = table(f"{head}\na,b\n,c\n", column)
    assert header == head.split(",")
    assert found == place
    assert rows == [["a", "b"], ["", "c"]]


def test_without_a_header_columns_are_numbers(table):
    assert table("7,It rains\n8,It snows\n", "2") == (
        ["1", "2"],
        1,
        [["7", "It rains"], ["8", "It snows"]],
    )


def test_rows_come_back_as_they_were_written(table, tmp_path):
    rows = [["1", 'a "quoted", text'], ["2", "two\nlines"], ["3", ""], ["4", "x" * 200_000]]
    with (tmp_path / "t.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["n", "text"], *rows])
    assert table((tmp_path / "t.csv").read_bytes())[2] == rows
    tabs = 'n\ttext\n1\tsay "it", \'tis\n2\t\n'
    assert table(tabs, name="t.tsv")[2] == [["1", 'say "it", \'tis'], ["2", ""]]


@pytest.mark.parametrize(
    ("content", "column", "line", "parts"),
    [
        ("", None, None, ["got no row"]),
        (
            "opinion,stars\na,1\n",
            None,
            1,
            ["text, sentence", "'opinion', 'stars'", "--text-column"],
        ),
        ("opinion,stars\na,1\n", "review", 1, ["'review'", "'opinion', 'stars'"]),
        ("opinion,stars\na,1\n", "3", 1, ["'3'", "2 columns"]),
        ("text,stars\na,1\nb\n", None, 3, ["expected 2 columns", "got 1"]),
        ("text,stars\na,1\nb\0,1\n", None, 3, ["NUL"]),
        ("text,stars\na,1\nZo\xeb,1\n".encode("latin-1"), None, 3, ["UTF-8", "0xeb"]),
        ("text,stars\n" + "x" * 2**20 + ",1\n", None, 2, ["1 MiB"]),
        ('text,stars\n"a,1\n', None, 2, ["close each quote"]),
    ],
)
def test_what_is_wrong_is_told_before_any_row_is_given(tmp_path, content, column, line, parts):
    (tmp_path / "t.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError) as error:
        open_table(tmp_path / "t.csv", column)
    assert error.value.line == line
    for part in parts:
        assert part in str(error.value)
