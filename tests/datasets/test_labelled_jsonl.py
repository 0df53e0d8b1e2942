import json

import pytest

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.examples import LabelledText
from seqtasks.datasets.labelled_jsonl import read_labelled_jsonl

GOOD = '{"text": "good", "label": "pos"}\n'


@pytest.fixture
def path(tmp_path):
    return tmp_path / "train.jsonl"


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        # other keys and another order, blank lines, a byte order mark, line ends of Windows
        '{"label": "pos", "id": [1], "text": "good"}',
        "\n" + GOOD + " \n",
        "\ufeff" + GOOD.replace("\n", "\r\n"),
        # white space around both
        '{"text": " good\\n", "label": "pos "}',
    ],
)
def test_one_example_in_many_spellings(path, content):
    path.write_text(content, encoding="utf-8", newline="")
    assert list(read_labelled_jsonl(path)) == [LabelledText("good", "pos")]


@pytest.mark.parametrize("label", ["pos", "true", "1", 1, 0, -1, True, False, "é"])
def test_labels_become_strings_as_json_writes_them(path, label):
    path.write_text(json.dumps({"text": "a", "label": label}))
    (example,) = read_labelled_jsonl(path)
    assert example.label == (label if isinstance(label, str) else json.dumps(label))


def test_texts_are_taken_as_they_are(path):
    texts = ["two\nlines", '\u2028\t"a"\'', "e\u0301 😀", '{"text": 1}']
    texts = [f"a{text}b" for text in texts]
    path.write_text("".join(json.dumps({"text": t, "label": "x"}) + "\n" for t in texts))
    assert [example.text for example in read_labelled_jsonl(path)] == texts


def test_keys_are_chosen(path):
    path.write_text('{"body": "good", "stars": 5, "text": 0, "label": null}')
    assert list(read_labelled_jsonl(path, "body", "stars")) == [LabelledText("good", "5")]


def test_rows_without_text_are_left_out_and_told(path):
    empty = []
    path.write_text(GOOD + '\n{"text": "", "label": "x"}\n{"text": " \\n", "label": ""}\n' + GOOD)
    assert len(list(read_labelled_jsonl(path, empty=empty))) == 2
    assert empty == [3, 4]


@pytest.mark.parametrize(
    ("row", "problem", "mend"),
    [
        # no JSON
        ("{", "expected JSON (Expecting property name", "one JSON object a line"),
        ("pos good", "expected JSON (Expecting value, column 1)", "one JSON object a line"),
        ("[" * 100_000, "cannot be read", "one JSON object a line"),
        ('{"text": ' + "9" * 5000 + "}", "cannot be read", "one JSON object a line"),
        # JSON, but no object
        ("[1, 2]", "expected an object, got [1, 2]", '{"text": …, "label": …}'),
        # fields that are missing or of another kind
        ('{"label": "x", "body": "a"}', 'field \'text\', got "label", "body"', "--text-column"),
        ("{}", "expected a field 'text', got none", "--text-column and --label-column"),
        ('{"text": "a"}', "expected a field 'label', got \"text\"", "--label-column"),
        ('{"text": 1, "label": "x"}', "a string as 'text', got 1", '{"text": …'),
        ('{"text": "a", "label": 0.5}', "an integer or a boolean as 'label', got 0.5", "{"),
        ('{"text": "a", "label": null}', "an integer or a boolean as 'label', got null", "{"),
        ('{"text": "a", "label": ["x"]}', "a boolean as 'label', got [\"x\"]", "{"),
        ('{"text": "a", "label": ""}', "expected a label, got an empty one", "give the text"),
        ('{"text": "a", "label": "x\\ny"}', "expected a label of one line", "which column"),
        # half a character, NUL written out, a line above 1 MiB
        ('{"text": "\\ud800", "label": "x"}', "half a surrogate pair in 'text'", "both halves"),
        ('{"text": "a", "label": "\\udfff"}', "half a surrogate pair in 'label'", "both halves"),
        ('{"text": "a\\u0000", "label": "x"}', "got a NUL byte", "remove it"),
        ('{"text": "' + "a" * 2**20 + '", "label": "x"}', "(1 MiB), got 1,048,602", "cut the"),
    ],
)
def test_problems_name_file_line_and_mend(path, row, problem, mend):
    path.write_text(GOOD + "\n" + row)
    with pytest.raises(DataError) as error:
        list(read_labelled_jsonl(path))
    message = str(error.value)
    told, _, advice = message.partition("; ")
    assert told.startswith(f"{path}:3: ")
    assert problem in told
    assert mend in advice
    assert "\n" not in message
    assert len(message) < 400
