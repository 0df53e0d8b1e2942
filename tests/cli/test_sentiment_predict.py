"""`seqtasks sentiment predict`, in this process: lines, tables, explanations, windows."""

import io
import json
import re
import sys

import numpy as np
import pytest

from tests.cli.tables import read_table, write_table
from tests.tiny_sentiment import EXAMPLES, LABELS, TEXTS

# lines and tables


def test_predict_for_people(sentiment, loaded_classifier):
    result = sentiment("predict", "--model", loaded_classifier, TEXTS[0], "It  rains.\n")
    assert result.stderr == ""
    one, other = result.stdout.splitlines()
    assert one.split(maxsplit=2)[::2] == ["negative", TEXTS[0]]
    assert other.split(maxsplit=2)[::2] == ["neutral", "It rains."]
    assert all(0 <= float(line.split()[1]) <= 1 for line in (one, other))


def test_predict_in_json(sentiment, loaded_classifier):
    text = "😀 It rains."
    result = sentiment("predict", "--model", loaded_classifier, "--format", "json", text)
    (line,) = result.stdout.splitlines()
    record = json.loads(line)
    assert record.keys() == {"text", "label", "probability", "probabilities"}
    assert record["text"] == text
    assert list(record["probabilities"]) == LABELS
    assert record["probability"] == record["probabilities"][record["label"]]
    assert "😀" in line  # readable, not \\ud83d


def test_predict_in_csv_can_be_read_back(sentiment, loaded_classifier):
    texts = [*TEXTS, 'a "quoted", text', "two\nlines", ""]
    result = sentiment("predict", "--model", loaded_classifier, "--format", "csv", *texts)
    head, *rows = read_table(result.stdout)
    assert head == ["text", "predicted_label", "predicted_probability"]
    assert [row[0] for row in rows] == texts
    assert [row[1] for row in rows[:12]] == [example.label for example in EXAMPLES]


LINES = [TEXTS[0], "", "   ", TEXTS[5], ""]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("place", ["-", "--input -", "file", "no line end", "byte order mark"])
def test_a_line_in_is_a_line_out(sentiment, loaded_classifier, tmp_path, place, ending):
    data = "".join(line + ending for line in LINES).encode()
    if place == "no line end":
        data = data + b"It rains."
    if place == "byte order mark":
        data = b"\xef\xbb\xbf" + data
    given = ["predict", "--model", loaded_classifier, "--format", "json"]
    if "-" in place:
        result = sentiment(*given, *place.split(), input=data)
    else:
        (tmp_path / "in.txt").write_bytes(data)
        result = sentiment(*given, "--input", tmp_path / "in.txt")
    assert result.exit_code == 0, result.stderr
    found = [json.loads(line)["text"] for line in result.stdout.splitlines()]
    assert found == LINES + ["It rains."] * (place == "no line end")


@pytest.mark.parametrize("format_", ["text", "csv"])
def test_blank_lines_are_answered_in_every_format(sentiment, loaded_classifier, format_):
    result = sentiment(
        "predict", "--model", loaded_classifier, "--format", format_, "-", input="\n\n"
    )
    assert len(result.stdout.splitlines()) == 2 + (format_ == "csv")
    result = sentiment("predict", "--model", loaded_classifier, "--format", format_, "-", input="")
    assert len(result.stdout.splitlines()) == (format_ == "csv")


@pytest.mark.parametrize("format_", ["text", "json", "csv"])
@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_a_long_table_keeps_its_order(
    sentiment, loaded_classifier, tmp_path, monkeypatch, format_, suffix
):
    monkeypatch.setattr("seqtasks.cli.tables.GROUP", 7)
    texts = [f"It rains {i} times" if i % 3 else "" for i in range(50)]
    rows = [["n", "Review"], *([str(i), text] for i, text in enumerate(texts))]
    comma = {"csv": ",", "tsv": "\t"}[suffix]
    path = tmp_path / f"table.{suffix}"
    path.write_text("".join(comma.join(row) + "\n" for row in rows), "utf-8")
    result = sentiment(
        "predict", "--model", loaded_classifier, "--format", format_, "--input", path
    )
    assert result.exit_code == 0, result.stderr
    if format_ == "csv":
        assert [row[:2] for row in read_table(result.stdout)] == rows
    elif format_ == "json":
        assert [json.loads(line)["text"] for line in result.stdout.splitlines()] == texts
    else:
        assert [line.split(" ", 2)[2].strip() for line in result.stdout.splitlines()] == texts


def test_a_table_without_a_header_is_read_by_number(sentiment, loaded_classifier, tmp_path):
    rows = [["1", TEXTS[0]], ["2", TEXTS[8]]]
    write_table(tmp_path / "table.csv", rows)
    given = ("--input", tmp_path / "table.csv", "--text-column", 2, "--format", "csv")
    head, *found = read_table(sentiment("predict", "--model", loaded_classifier, *given).stdout)
    assert head == ["1", "2", "predicted_label", "predicted_probability"]
    assert [row[:3] for row in found] == [[*rows[0], "negative"], [*rows[1], "positive"]]


# explanations and windows


def test_explanations_in_json(sentiment, loaded_classifier, tiny_classifier):
    text = "Slow, but I loved it 😀"
    result = sentiment(
        "predict", "--model", loaded_classifier, "--format", "json", "--explain", text, ""
    )
    record, nothing = map(json.loads, result.stdout.splitlines())
    assert " ".join(word["text"] for word in record["words"]) == "Slow , but I loved it 😀"
    for word, part in zip(record["words"], tiny_classifier.explain(text), strict=True):
        assert word == part._asdict()
        assert text[word["start"] : word["end"]] == word["text"]
    assert nothing["words"] == []


def test_explanations_for_people_mark_what_weighs_most(
    sentiment, loaded_classifier, tiny_classifier
):
    result = sentiment("predict", "--model", loaded_classifier, "--explain", TEXTS[0])
    (line,) = result.stdout.splitlines()
    heaviest = max(tiny_classifier.explain(TEXTS[0]), key=lambda part: abs(part.weight))
    assert f"[{heaviest.text} {heaviest.weight:+.1f}]" in line
    # without the marks it is the text
    shown = re.sub(r"\[(\S+) [+-]\d+\.\d\]", r"\1", line.split("  ", 1)[1])
    assert shown == TEXTS[0]


def test_explanations_on_a_terminal_are_in_colour(monkeypatch):
    from seqtasks.cli import sentiment as command
    from seqtasks.tasks.sentiment.classifier import Part

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdout", Terminal())
    text = "I loved it not"
    parts = [Part("I", 0, 1, 0.1), Part("loved", 2, 7, 4.0), Part("it", 8, 10, 0.0)]
    shown = command._coloured(text, [*parts, Part("not", 11, 14, -1.0)])
    assert "I \x1b[32m\x1b[1mloved\x1b[0m it \x1b[31mnot\x1b[0m" in shown.replace("\x1b[22m", "")


def test_windows_are_read_one_by_one(sentiment, loaded_classifier):
    text = f"{TEXTS[0]} {TEXTS[4]} {TEXTS[8]}"
    given = ("predict", "--model", loaded_classifier, "--format", "json")
    (line,) = sentiment(*given, "--window", 6, text).stdout.splitlines()
    words = text.split()
    stretches = [" ".join(words[i : i + 6]) for i in range(0, len(words), 6)]
    each = [json.loads(found) for found in sentiment(*given, *stretches).stdout.splitlines()]
    for label, probability in json.loads(line)["probabilities"].items():
        mean = np.mean([answer["probabilities"][label] for answer in each])
        assert probability == pytest.approx(mean, abs=1e-3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give TEXT arguments, --input FILE, or -"),
        (["a text", "--input", "file"], "give TEXT or --input, not both"),
        (["--format", "xml", "a text"], "'xml' is not one of 'text', 'json', 'csv'"),
        (["--explain", "--format", "csv", "a text"], "--explain has no place in CSV"),
        (["--explain", "--window", "9", "a text"], "leave out --window"),
        (["--window", "1", "a text"], "1 is not in the range x>=2"),
        (["--text-column", "1", "a text"], "--text-column is for a table"),
        (["Ana \udcff"], "expected UTF-8 as TEXT"),
    ],
)
def test_options_of_predict_that_cannot_be_are_a_usage_error(
    sentiment, loaded_classifier, arguments, message
):
    result = sentiment("predict", "--model", loaded_classifier, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""
