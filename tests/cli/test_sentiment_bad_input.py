"""Whatever a user can do wrong with labelled texts: one line that says what and how to mend it."""

import json

import pytest

from seqtasks.cli.sentiment import MOST_BYTES
from tests.tiny_ner import tree
from tests.tiny_sentiment import TEXTS, write_data

LONG = "incomprehensibilities " * (MOST_BYTES // 20)


@pytest.fixture
def place(tmp_path, tiny_sentiment, tiny_classifier, monkeypatch):
    """A directory with all that is wrong, beside data that are right, and the tiny run."""
    files = {
        "empty.csv": "",
        "one_class.csv": "text,label\n" + "".join(f"It rains {i},wet\n" for i in range(40)),
        "strange.csv": "opinion,stars\nIt rains,1\nIt snows,2\n",
        "ragged.csv": "text,label\nIt rains,1\nCold, wet,2\n",
        "quote.csv": 'text,label\n"It rains,1\n',
        "latin1.tsv": "text\tlabel\nIt rains\t1\nZoë\t2\n".encode("latin-1"),
        "nul.csv": "text,label\nIt rains,1\nIt\0snows,2\n",
        "bad.jsonl": '{"text": "It rains", "label": "wet"}\n{"text": "It snows"}\n',
        "lines.txt": "wet It rains\n__label__cold\n",
        "long.txt": f"wet It rains\ncold {LONG}\n",
        "folder/wet/1.txt": "It rains",
        "latin1.txt": "It rains\nZoë\n".encode("latin-1"),
        "texts.txt": f"It rains\n{LONG}\nIt snows\n",
        "no_run/notes.txt": "mine",
        "file": "",
    }
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    write_data(tmp_path / "good")
    (tmp_path / "run").symlink_to(tiny_sentiment.model)
    monkeypatch.setattr("seqtasks.tasks.sentiment.run.load", lambda _: tiny_classifier)
    monkeypatch.chdir(tmp_path)
    return tmp_path


TRAIN = "sentiment train --model new --epochs 1 --units 8 --data"
EVALUATE = "sentiment evaluate --model run"
PREDICT = "sentiment predict --model run"
CASES = [
    # data: file, line where there is one, and what to do
    (f"{TRAIN} empty.csv", 1, ["empty.csv", "check that it is the right file"]),
    (f"{TRAIN} one_class.csv", 1, ["one_class.csv", "at least two labels", "'wet'", "add texts"]),
    (f"{TRAIN} strange.csv", 1, ["strange.csv:1", "'opinion', 'stars'", "--text-column"]),
    (
        f"{TRAIN} strange.csv --text-column opinion --label-column verdict",
        1,
        ["strange.csv:1", "expected a column 'verdict'", "'stars'"],
    ),
    (f"{TRAIN} ragged.csv", 1, ["ragged.csv:3", "expected 2 columns", "double quotes"]),
    (f"{TRAIN} quote.csv", 1, ["quote.csv:2", "close each quote"]),
    (f"{TRAIN} latin1.tsv", 1, ["latin1.tsv:3", "expected UTF-8", "0xeb", "iconv"]),
    (f"{TRAIN} nul.csv", 1, ["nul.csv:3", "NUL", "remove it"]),
    (f"{TRAIN} bad.jsonl", 1, ["bad.jsonl:2", "label"]),
    (f"{TRAIN} lines.txt", 1, ["lines.txt"]),
    (f"{TRAIN} long.txt", 1, ["long.txt:2", "1,048,576 bytes", "cut the text"]),
    (f"{TRAIN} folder", 1, ["folder", "too few different texts", "give it more"]),
    (f"{TRAIN} nothing", 1, ["nothing", "no such file", "sample"]),
    (f"{TRAIN} good --text-column text --units=0", 2, ["--units", "--help"]),
    ("sentiment train --data good --model no_run", 1, ["no_run", "something else than a run"]),
    ("sentiment train --data good --model new --resume", 1, ["new", "leave out --resume"]),
    # models that are none
    ("sentiment evaluate --model no_run", 1, ["no_run", "seqtasks sentiment train"]),
    # evaluation
    (f"{EVALUATE} --data nul.csv", 1, ["nul.csv:3", "NUL"]),
    (f"{EVALUATE} --data one_class.csv --split dev", 1, ["one_class.csv", "--split"]),
    (f"{EVALUATE} --data one_class.csv --text-column x", 1, ["one_class.csv:1", "'x'"]),
    (f"{EVALUATE} --errors nowhere/e.tsv", 1, ["nowhere/e.tsv", "--errors"]),
    (f"{EVALUATE} --plots file", 1, ["file", "exists"]),
    # texts
    (f"{PREDICT} --input nothing.txt", 1, ["nothing.txt", "no such file", "--input"]),
    (f"{PREDICT} --input no_run", 1, ["no_run", "directory"]),
    (f"{PREDICT} --input latin1.txt", 1, ["latin1.txt:2", "0xeb", "iconv"]),
    (f"{PREDICT} --input texts.txt", 1, ["texts.txt:2", "1,048,576 bytes", "--window"]),
    # tables
    (f"{PREDICT} --input nothing.csv", 1, ["nothing.csv", "no such file"]),
    (f"{PREDICT} --input empty.csv", 1, ["empty.csv"]),
    (f"{PREDICT} --input strange.csv", 1, ["strange.csv:1", "'opinion', 'stars'", "--text-column"]),
    (f"{PREDICT} --input strange.csv --text-column x", 1, ["strange.csv:1", "'x'", "'opinion'"]),
    (f"{PREDICT} --input strange.csv --text-column 3", 1, ["strange.csv:1", "'3'"]),
    (f"{PREDICT} --input ragged.csv", 1, ["ragged.csv:3", "expected 2 columns"]),
    (f"{PREDICT} --input quote.csv", 1, ["quote.csv:2", "close each quote"]),
    (f"{PREDICT} --input latin1.tsv", 1, ["latin1.tsv:3", "0xeb", "iconv"]),
    (f"{PREDICT} --input nul.csv --format csv", 1, ["nul.csv:3", "NUL"]),
]


@pytest.mark.parametrize(("command", "code", "parts"), CASES, ids=[case[0] for case in CASES])
def test_one_line_says_what_is_wrong(seqtasks, place, command, code, parts):
    before = tree(place)
    outcome = seqtasks(*command.split())
    line = outcome.err.splitlines()[-1]  # behind notes on what is uneven in data that are read
    assert line.startswith("Error: ")
    for part in parts:
        assert part in line
    assert "Traceback" not in outcome.err
    assert outcome.code == code
    # answers to the lines before a bad one are given; otherwise there is nothing to say
    assert len(outcome.out.splitlines()) <= 1
    assert tree(place) == before


def test_a_line_of_any_length_is_read_in_stretches(seqtasks, place):
    outcome = seqtasks(*f"{PREDICT} --input texts.txt --window 500 --format json".split())
    assert (outcome.code, outcome.err) == (0, "")
    texts = [json.loads(line)["text"] for line in outcome.out.splitlines()]
    assert texts == ["It rains", LONG, "It snows"]


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
@pytest.mark.parametrize("more", [0, 1])
def test_the_longest_line_is_as_long_as_it_says(seqtasks, place, monkeypatch, ending, more):
    monkeypatch.setattr("seqtasks.cli.sentiment.MOST_BYTES", 20)
    text = "It rains" + "s" * (12 + more)
    (place / "in.txt").write_bytes(f"{TEXTS[0][:20]}\n{text}{ending}".encode())
    outcome = seqtasks(*f"{PREDICT} --input in.txt".split())
    assert outcome.code == more
    assert len(outcome.out.splitlines()) == 2 - more
    assert ("in.txt:2: a line of more than 20 bytes" in outcome.err) == bool(more)


def test_a_nul_byte_in_a_text_is_white_space_like_other_control_characters(seqtasks, place):
    (place / "in.txt").write_bytes(b"It\0rains.\n")
    outcome = seqtasks(*f"{PREDICT} --input in.txt --format json".split())
    record = json.loads(outcome.out)
    assert record.pop("text") == "It\0rains."
    plain = json.loads(seqtasks(*PREDICT.split(), "--format", "json", "It rains.").out)
    assert plain.pop("text") == "It rains."
    assert record == plain
