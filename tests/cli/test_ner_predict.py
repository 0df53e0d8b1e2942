"""`seqtasks ner predict`, in this process."""

import json

import pytest

from seqtasks.datasets.conll import read_conll
from seqtasks.datasets.jsonl import read_jsonl
from tests.tiny_ner import SENTENCES, TEXTS


def test_predict_marks_the_names(run, loaded_tagger):
    result = run("ner", "predict", "--model", loaded_tagger, TEXTS[0], "It rains .")
    assert result.stdout.splitlines() == [
        "[PER Ada Lovelace] met [PER Tim] in [LOC Oslo] .",
        "It rains .",
    ]
    assert result.stderr == ""


def test_predict_in_colour_on_a_terminal(run, loaded_tagger):
    result = run("ner", "predict", "--model", loaded_tagger, TEXTS[0], color=True)
    assert "\x1b[" in result.stdout


def test_predict_in_json_gives_code_points(run, loaded_tagger):
    text = "😀 Zoë sings in Paris ."
    result = run("ner", "predict", "--model", loaded_tagger, "--format", "json", text)
    (line,) = result.stdout.splitlines()
    record = json.loads(line)
    assert record["text"] == text
    assert record["entities"]
    for entity in record["entities"]:
        assert entity.keys() == {"text", "type", "start", "end", "confidence"}
        assert text[entity["start"] : entity["end"]] == entity["text"]
        assert 0 < entity["confidence"] <= 1
    assert "😀" in line  # readable, not \\ud83d


def test_predict_in_conll_can_be_read_back(run, loaded_tagger, tmp_path):
    texts = [" ".join(s.tokens) for s in SENTENCES]
    result = run("ner", "predict", "--model", loaded_tagger, "--format", "conll", *texts)
    (tmp_path / "found.conll").write_text(result.stdout, "utf-8")
    assert read_conll(tmp_path / "found.conll").sentences == SENTENCES


def test_predict_in_json_can_be_read_back(run, loaded_tagger, tmp_path):
    texts = [" ".join(s.tokens) for s in SENTENCES]
    result = run("ner", "predict", "--model", loaded_tagger, "--format", "json", *texts)
    (tmp_path / "found.jsonl").write_text(result.stdout, "utf-8")
    assert [example.text for example in read_jsonl(tmp_path / "found.jsonl")] == texts


LINES = ["Tim lives in New York .", "", "   ", "It rains .", ""]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("place", ["-", "--input -", "file", "no line end", "byte order mark"])
def test_a_line_in_is_a_line_out(run, loaded_tagger, tmp_path, place, ending):
    data = "".join(line + ending for line in LINES).encode()
    if place == "no line end":
        data = data + b"It rains ."
    if place == "byte order mark":
        data = b"\xef\xbb\xbf" + data
    if "-" in place:
        result = run("ner", "predict", "--model", loaded_tagger, *place.split(), input=data)
    else:
        (tmp_path / "in.txt").write_bytes(data)
        result = run("ner", "predict", "--model", loaded_tagger, "--input", tmp_path / "in.txt")
    assert result.exit_code == 0, result.stderr
    expected = ["[PER Tim] lives in [LOC New York] .", *LINES[1:]]
    assert result.stdout.split("\n")[:-1] == expected + ["It rains ."] * (place == "no line end")


def test_blank_lines_are_answered_in_every_format(run, loaded_tagger):
    data = "".join(line + "\n" for line in LINES)
    result = run("ner", "predict", "--model", loaded_tagger, "--format", "json", "-", input=data)
    assert [json.loads(line)["text"] for line in result.stdout.splitlines()] == LINES
    result = run("ner", "predict", "--model", loaded_tagger, "--format", "conll", "-", input="\n\n")
    assert result.stdout == "\n\n"


def test_nothing_in_nothing_out(run, loaded_tagger):
    result = run("ner", "predict", "--model", loaded_tagger, "-", input="")
    assert (result.exit_code, result.stdout) == (0, "")


def test_many_lines_keep_their_order(run, loaded_tagger, monkeypatch):
    monkeypatch.setattr("seqtasks.cli.lines.GROUP", 7)
    lines = [f"It rains {i} times ." if i % 3 else "" for i in range(100)]
    data = "".join(line + "\n" for line in lines)
    result = run("ner", "predict", "--model", loaded_tagger, "--format", "json", "-", input=data)
    assert [json.loads(line)["text"] for line in result.stdout.splitlines()] == lines


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give TEXT arguments, --input FILE, or -"),
        (["a text", "--input", "file"], "give TEXT or --input, not both"),
        (["--format", "xml", "a text"], "'xml' is not one of 'text', 'json', 'conll'"),
        (["--threads", "0", "a text"], "0 is not in the range x>=1"),
        (["Ana \udcff"], "expected UTF-8 as TEXT"),
    ],
)
def test_predict_needs_one_place_to_read_from(run, loaded_tagger, arguments, message):
    result = run("ner", "predict", "--model", loaded_tagger, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
