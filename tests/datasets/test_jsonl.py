import json

import pytest

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.examples import Entity, TaggedText
from seqtasks.datasets.jsonl import align, read_jsonl, write_jsonl

EXAMPLES = [
    TaggedText("Ada saw Bob.", (Entity(0, 3, "PER"), Entity(8, 11, "PER"))),
    TaggedText("", ()),
    TaggedText("e\u0301 \u2028\n😀 Zoë\t", (Entity(5, 6, "MISC"), Entity(7, 10, "PER"))),
]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "train.jsonl"


def line(text="Ada", /, **entity):
    """One line of a file: a text, with one entity where there are fields for it."""
    return json.dumps({"text": text, "entities": [entity] if entity else []}) + "\n"


def test_what_is_written_reads_back(path):
    write_jsonl(path, EXAMPLES)
    assert read_jsonl(path) == EXAMPLES
    assert len(path.read_text(encoding="utf-8").split("\n")) == len(EXAMPLES) + 1


@pytest.mark.parametrize(
    "content",
    [
        # what predict writes: the entity's own text, a confidence
        line(start=0, end=3, type="PER", text="Ada", confidence=0.5),
        # without
        line(start=0, end=3, type="PER"),
        # blank lines, a byte order mark, line ends of Windows
        "\n" + line(start=0, end=3, type="PER") + " \n",
        "\ufeff" + line(start=0, end=3, type="PER").replace("\n", "\r\n"),
    ],
)
def test_one_example_in_many_spellings(path, content):
    path.write_text(content, encoding="utf-8", newline="")
    assert read_jsonl(path) == [TaggedText("Ada", (Entity(0, 3, "PER"),))]


def test_entities_come_in_order(path):
    entities = [{"start": start, "end": start + 1, "type": "X"} for start in (2, 0, 1)]
    path.write_text(json.dumps({"text": "abc", "entities": entities}))
    assert [entity.start for entity in read_jsonl(path)[0].entities] == [0, 1, 2]


@pytest.mark.parametrize(
    ("row", "problem", "mend"),
    [
        # no JSON
        ("{", "expected JSON (Expecting property name", "one JSON object a line"),
        ("Ada B-PER", "expected JSON (Expecting value, column 1)", "one JSON object a line"),
        ("[" * 100_000, "cannot be read", "one JSON object a line"),
        ('{"text": ' + "9" * 5000 + "}", "cannot be read", "one JSON object a line"),
        # JSON, but no object
        ("[1, 2]", "expected an object, got [1, 2]", "one JSON object a line"),
        ("null", "expected an object, got null", "one JSON object a line"),
        # fields that are missing or of another kind
        ('{"entities": []}', "expected a field 'text', got none", "add a string 'text'"),
        ('{"text": "a"}', "expected a field 'entities', got none", "add a list 'entities'"),
        ('{"text": 1, "entities": []}', "a string as 'text', got 1", "make 'text' a string"),
        ('{"text": "a", "entities": {}}', "a list as 'entities', got {}", "make 'entities' a list"),
        ('{"text": "a", "entities": [[0, 1]]}', "entity as an object, got [0, 1]", '"start"'),
        (line(start=0, end=3), "a field 'type', got none", "add a string 'type'"),
        (line(start=0, end=3.0, type="X"), "an integer as 'end', got 3.0", "make 'end' an integer"),
        (line(start=False, end=3, type="X"), "integer as 'start', got false", "an integer"),
        (line(start=0, end=3, type=""), "expected a type without spaces, got ''", "name it"),
        (line(start=0, end=3, type="a b"), "expected a type without spaces, got 'a b'", "name it"),
        # offsets
        (line(start=0, end=4, type="X"), "0–4 is empty or outside the text of 3", "from 0"),
        (line(start=-1, end=2, type="X"), "-1–2 is empty or outside", "from 0"),
        (line(start=2, end=2, type="X"), "2–2 is empty", "end exclusive"),
        (line(start=2, end=1, type="X"), "2–1 is empty", "end exclusive"),
        # bytes counted instead of code points
        (line("é Ada", start=3, end=5, type="X", text="Ada"), 'says "Ada", the text', "not bytes"),
        # half a character
        (line("a\ud800"), "half a surrogate pair in 'text'", "write both halves"),
    ],
)
def test_problems_name_file_line_and_mend(path, row, problem, mend):
    path.write_text(line() + "\n" + row)
    with pytest.raises(DataError) as error:
        read_jsonl(path)
    message = str(error.value)
    told, _, advice = message.partition("; ")
    assert told.startswith(f"{path}:3: ")
    assert problem in told
    assert mend in advice
    assert "\n" not in message
    assert len(message) < 400


def test_overlap(path):
    entities = [{"start": 0, "end": 2, "type": "X"}, {"start": 1, "end": 3, "type": "Y"}]
    path.write_text(json.dumps({"text": "abc", "entities": entities}))
    with pytest.raises(DataError, match=":1: entities 0–2 and 1–3 overlap; keep one of the two"):
        read_jsonl(path)


def test_an_empty_file(path):
    path.write_text("\n")
    with pytest.raises(DataError, match=r"expected JSON objects, got an empty file; write \{"):
        read_jsonl(path)


@pytest.mark.parametrize(
    ("entities", "tags", "widened"),
    [
        # "Ada Lovelace's son": tokens Ada, Lovelace, 's, son
        ([(0, 12)], "B-X I-X O O", 0),
        ([(0, 3), (4, 12)], "B-X B-X O O", 0),
        ([(15, 18)], "O O O B-X", 0),
        ([], "O O O O", 0),
        # within a token, across one, with the blank behind it
        ([(5, 9)], "O B-X O O", 1),
        ([(0, 6)], "B-X I-X O O", 1),
        ([(0, 4)], "B-X O O O", 1),
        ([(3, 12)], "O B-X O O", 1),
        # nothing but a blank
        ([(3, 4)], "O O O O", 1),
        # two within one token: the first has it, the second takes what is left
        ([(4, 6), (7, 9)], "O B-X O O", 2),
        ([(4, 6), (7, 14)], "O B-X B-X O", 2),
    ],
)
def test_align(entities, tags, widened):
    tokens = [(0, 3), (4, 12), (12, 14), (15, 18)]
    alignment = align([Entity(start, end, "X") for start, end in entities], tokens)
    assert " ".join(alignment.tags) == tags
    assert alignment.widened == widened


def test_align_without_tokens():
    assert align([Entity(0, 1, "X")], []) == ((), 1)
