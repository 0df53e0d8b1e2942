"""`seqtasks sentiment …`, in this process."""

import csv
import dataclasses
import io
import json
import re
import sys

import numpy as np
import pytest
from click.testing import CliRunner

from seqtasks.cli.main import prepare_tensorflow, seqtasks_command
from seqtasks.tasks.sentiment.config import Config
from tests.tiny_ner import tree
from tests.tiny_sentiment import EXAMPLES, LABELS, TEXTS, TINY, write_jsonl


@pytest.fixture
def run():
    """Runs a command of the task by click's own runner; a usage error is told by exit code 2."""
    prepare_tensorflow()

    def run(*arguments, **options):
        given = ["sentiment", *map(str, arguments)]
        return CliRunner().invoke(seqtasks_command, given, **options)

    return run


@pytest.fixture
def loaded(monkeypatch, tiny_sentiment, tiny_classifier):
    """The classifier of `tiny_sentiment` need not be loaded for every command."""
    monkeypatch.setattr("seqtasks.tasks.sentiment.run.load", lambda _: tiny_classifier)
    return tiny_sentiment.model


def write_table(path, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def read_table(text):
    return list(csv.reader(io.StringIO(text)))


# train


def test_train_evaluate_and_predict_a_table_of_ones_own(run, tmp_path):
    rows = [[i, e.label, e.text] for i, e in enumerate(EXAMPLES)]
    (tmp_path / "data").mkdir()
    for split in ("train", "dev", "test"):
        write_table(tmp_path / "data" / f"{split}.csv", [["id", "verdict", "opinion"], *rows])
    with (tmp_path / "data" / "train.csv").open("a") as file:
        file.write("12,neutral, \n")
    settings = {name: getattr(TINY, name) for name in ("units", "batch_size", "averaging")}
    settings |= {"word-size": 16, "epochs": 3, "character_units": 8}
    (tmp_path / "c.json").write_text(json.dumps(settings))
    place = tmp_path / "run"
    result = run(
        *("train", "--data", tmp_path / "data", "--model", place, "--config", tmp_path / "c.json"),
        *("--text-column", "opinion", "--label-column", 2, "--epochs", 1, "--cell", "gru"),
        *("--pooling", "attention", "--no-bidirectional"),
    )
    assert result.exit_code == 0, result.stderr
    # results go to standard output, all else to standard error
    assert "precision" in result.stdout
    assert "epoch 1/1" in result.stderr
    assert "train.csv: empty texts left out: 1, the first in line 14" in result.stderr
    assert "12 texts to train, 12 to validate" in result.stderr
    assert "calibrated on validation: temperature" in result.stderr
    assert f"seqtasks sentiment predict --model {place}" in result.stderr
    assert f"seqtasks sentiment evaluate --model {place}" in result.stderr
    config = json.loads((place / "config.json").read_text())["config"]
    assert config["epochs"] == 1  # the option wins over the file
    assert (config["units"], config["word_size"], config["pooling"]) == (8, 16, "attention")
    assert (config["cell"], config["relevance_gate"], config["bidirectional"]) == (
        "gru",
        True,
        False,
    )
    assert config["clipnorm"] == Config().clipnorm

    # the run's own source is read as it was for training
    result = run("evaluate", "--model", place, "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["examples"] == len(EXAMPLES)
    assert "not the same data" not in result.stderr

    # what predict says of a table has all of its columns
    table = tmp_path / "data" / "test.csv"
    given = ("--format", "csv", "--input", table, "--text-column", "opinion")
    result = run("predict", "--model", place, *given)
    assert result.exit_code == 0, result.stderr
    head, *found = read_table(result.stdout)
    assert head == ["id", "verdict", "opinion", "predicted_label", "predicted_probability"]
    assert [row[:3] for row in found] == [[str(cell) for cell in row] for row in rows]
    assert {row[3] for row in found} <= set(LABELS)


def test_every_setting_is_an_option_and_has_its_default_in_the_help(run):
    text = " ".join(run("train", "--help").stdout.split())
    for field in dataclasses.fields(Config):
        assert f"--{field.name.replace('_', '-')}" in text
        default = {"None": "none", "True": "yes", "False": "no"}.get(
            str(field.default), str(field.default)
        )
        assert f"[default: {field.metadata['automatic'] or default}]" in text
    assert "Example: seqtasks sentiment train" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--cell", "gru", "--peephole"], "--peephole belongs to --cell lstm, got --cell gru"),
        (["--overwrite", "--resume"], "give one of them"),
        (["--pooling", "median"], "'--pooling': 'median' is not one of"),
        (["--class-weight", "uneven"], "'--class-weight'"),
        (["--longest-text", "1"], "'--longest-text': 1 is not in the range x>=2"),
    ],
)
def test_options_that_cannot_be_are_a_usage_error(run, tmp_path, arguments, message):
    result = run("train", "--model", tmp_path / "run", *arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
    assert result.stdout == ""
    assert tree(tmp_path) == {}


# evaluate


def test_evaluate_in_json(run, loaded, tiny_sentiment):
    result = run("evaluate", "--model", loaded, "--json")
    assert result.exit_code == 0, result.stderr
    (line,) = result.stdout.splitlines()
    scores = json.loads(line)
    assert scores["accuracy"] == scores["f1_macro"] == 1.0
    assert list(scores["per_class"]) == scores["labels"] == LABELS
    assert scores["confusion"] == [[4, 0, 0], [0, 4, 0], [0, 0, 4]]
    assert 0 <= scores["ece"] <= 1
    assert sum(row["texts"] for row in scores["reliability"]) == scores["examples"] == 12
    assert scores["seconds"] >= 0
    assert (scores["source"], scores["split"]) == (str(tiny_sentiment.data), "test")


@pytest.mark.parametrize("split", ["train", "dev"])
def test_evaluate_another_split(run, loaded, split):
    result = run("evaluate", "--model", loaded, "--split", split, "--json")
    assert json.loads(result.stdout)["split"] == split


def test_evaluate_for_people(run, loaded, tiny_sentiment):
    result = run("evaluate", "--model", loaded)
    assert result.stdout.startswith(f"{tiny_sentiment.data}, test, in percent:")
    first = [line.split()[0] for line in result.stdout.splitlines() if line.strip()]
    assert first[2:] == [*LABELS, "accuracy", "true", *LABELS]
    assert "calibration error" in result.stdout


def test_mistakes_are_written_as_a_table_and_drawn(run, loaded, tmp_path):
    file, errors, plots = tmp_path / "o.csv", tmp_path / "errors.tsv", tmp_path / "new" / "plots"
    write_table(file, [["text", "label"], ["It\trains.\n", "positive"], [TEXTS[0], "negative"]])
    result = run(
        *("evaluate", "--model", loaded, "--data", file, "--errors", errors, "--plots", plots)
    )
    assert result.exit_code == 0, result.stderr
    assert f"1 mistakes written to {errors}" in result.stderr
    head, row = errors.read_text("utf-8").splitlines()
    assert head.split("\t") == ["line", "true", "found", "probability", "text"]
    line, true, found, probability, text = row.split("\t")
    assert (line, true, found, text) == ("1", "positive", "neutral", "It rains.")
    assert 1 / 3 < float(probability) <= 1
    assert {path.name for path in plots.iterdir()} == {"calibration.png", "confusion.png"}
    for path in plots.iterdir():
        assert str(path) in result.stderr
        assert path.read_bytes().startswith(b"\x89PNG")


def test_another_file_is_scored_whole_and_what_is_uneven_in_it_is_told(run, loaded, tmp_path):
    file = tmp_path / "other.jsonl"
    write_jsonl(file, EXAMPLES[:3])
    with file.open("a") as more:
        more.write('{"text": "It snows.", "label": "weather"}\n{"text": " ", "label": "neutral"}\n')
    result = run("evaluate", "--model", loaded, "--data", file, "--json")
    assert result.exit_code == 0, result.stderr
    scores = json.loads(result.stdout)
    assert (scores["source"], scores["split"], scores["examples"]) == (str(file), "all", 4)
    assert scores["per_class"]["weather"]["recall"] == 0
    empty, unseen = result.stderr.splitlines()
    assert f"{file}: empty texts left out: 1, the first in line 5" in empty
    assert "1 texts have labels that training never saw (weather)" in unseen


# predict


def test_predict_for_people(run, loaded):
    result = run("predict", "--model", loaded, TEXTS[0], "It  rains.\n")
    assert result.stderr == ""
    one, other = result.stdout.splitlines()
    assert one.split(maxsplit=2)[::2] == ["negative", TEXTS[0]]
    assert other.split(maxsplit=2)[::2] == ["neutral", "It rains."]
    assert all(0 <= float(line.split()[1]) <= 1 for line in (one, other))


def test_predict_in_json(run, loaded):
    text = "😀 It rains."
    result = run("predict", "--model", loaded, "--format", "json", text)
    (line,) = result.stdout.splitlines()
    record = json.loads(line)
    assert record.keys() == {"text", "label", "probability", "probabilities"}
    assert record["text"] == text
    assert list(record["probabilities"]) == LABELS
    assert record["probability"] == record["probabilities"][record["label"]]
    assert "😀" in line  # readable, not \\ud83d


def test_predict_in_csv_can_be_read_back(run, loaded):
    texts = [*TEXTS, 'a "quoted", text', "two\nlines", ""]
    result = run("predict", "--model", loaded, "--format", "csv", *texts)
    head, *rows = read_table(result.stdout)
    assert head == ["text", "predicted_label", "predicted_probability"]
    assert [row[0] for row in rows] == texts
    assert [row[1] for row in rows[:12]] == [example.label for example in EXAMPLES]


LINES = [TEXTS[0], "", "   ", TEXTS[5], ""]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("place", ["-", "--input -", "file", "no line end", "byte order mark"])
def test_a_line_in_is_a_line_out(run, loaded, tmp_path, place, ending):
    data = "".join(line + ending for line in LINES).encode()
    if place == "no line end":
        data = data + b"It rains."
    if place == "byte order mark":
        data = b"\xef\xbb\xbf" + data
    given = ["predict", "--model", loaded, "--format", "json"]
    if "-" in place:
        result = run(*given, *place.split(), input=data)
    else:
        (tmp_path / "in.txt").write_bytes(data)
        result = run(*given, "--input", tmp_path / "in.txt")
    assert result.exit_code == 0, result.stderr
    found = [json.loads(line)["text"] for line in result.stdout.splitlines()]
    assert found == LINES + ["It rains."] * (place == "no line end")


@pytest.mark.parametrize("format_", ["text", "csv"])
def test_blank_lines_are_answered_in_every_format(run, loaded, format_):
    result = run("predict", "--model", loaded, "--format", format_, "-", input="\n\n")
    assert len(result.stdout.splitlines()) == 2 + (format_ == "csv")
    result = run("predict", "--model", loaded, "--format", format_, "-", input="")
    assert len(result.stdout.splitlines()) == (format_ == "csv")


@pytest.mark.parametrize("format_", ["text", "json", "csv"])
@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_a_long_table_keeps_its_order(run, loaded, tmp_path, monkeypatch, format_, suffix):
    monkeypatch.setattr("seqtasks.cli.tables.GROUP", 7)
    texts = [f"It rains {i} times" if i % 3 else "" for i in range(50)]
    rows = [["n", "Review"], *([str(i), text] for i, text in enumerate(texts))]
    comma = {"csv": ",", "tsv": "\t"}[suffix]
    path = tmp_path / f"table.{suffix}"
    path.write_text("".join(comma.join(row) + "\n" for row in rows), "utf-8")
    result = run("predict", "--model", loaded, "--format", format_, "--input", path)
    assert result.exit_code == 0, result.stderr
    if format_ == "csv":
        assert [row[:2] for row in read_table(result.stdout)] == rows
    elif format_ == "json":
        assert [json.loads(line)["text"] for line in result.stdout.splitlines()] == texts
    else:
        assert [line.split(" ", 2)[2].strip() for line in result.stdout.splitlines()] == texts


def test_a_table_without_a_header_is_read_by_number(run, loaded, tmp_path):
    rows = [["1", TEXTS[0]], ["2", TEXTS[8]]]
    write_table(tmp_path / "table.csv", rows)
    given = ("--input", tmp_path / "table.csv", "--text-column", 2, "--format", "csv")
    head, *found = read_table(run("predict", "--model", loaded, *given).stdout)
    assert head == ["1", "2", "predicted_label", "predicted_probability"]
    assert [row[:3] for row in found] == [[*rows[0], "negative"], [*rows[1], "positive"]]


# explanations and windows


def test_explanations_in_json(run, loaded, tiny_classifier):
    text = "Slow, but I loved it 😀"
    result = run("predict", "--model", loaded, "--format", "json", "--explain", text, "")
    record, nothing = map(json.loads, result.stdout.splitlines())
    assert " ".join(word["text"] for word in record["words"]) == "Slow , but I loved it 😀"
    for word, part in zip(record["words"], tiny_classifier.explain(text), strict=True):
        assert word == part._asdict()
        assert text[word["start"] : word["end"]] == word["text"]
    assert nothing["words"] == []


def test_explanations_for_people_mark_what_weighs_most(run, loaded, tiny_classifier):
    result = run("predict", "--model", loaded, "--explain", TEXTS[0])
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


def test_windows_are_read_one_by_one(run, loaded):
    text = f"{TEXTS[0]} {TEXTS[4]} {TEXTS[8]}"
    given = ("predict", "--model", loaded, "--format", "json")
    (line,) = run(*given, "--window", 6, text).stdout.splitlines()
    words = text.split()
    stretches = [" ".join(words[i : i + 6]) for i in range(0, len(words), 6)]
    each = [json.loads(found) for found in run(*given, *stretches).stdout.splitlines()]
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
def test_options_of_predict_that_cannot_be_are_a_usage_error(run, loaded, arguments, message):
    result = run("predict", "--model", loaded, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


# export, info


def test_export_prints_where(run, tmp_path, monkeypatch):
    out = tmp_path / "exports"
    monkeypatch.setattr(
        "seqtasks.tasks.sentiment.exporting.export", lambda model, out: (out / model.name, 2e-7, 54)
    )
    result = run("export", "--model", tmp_path / "run", "--out", out)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == f"{out / 'run'}\n"
    assert "compared on 54 texts" in result.stderr
    assert "within 2e-07" in result.stderr


def test_info_of_a_run(tiny_sentiment):
    given = ["info", str(tiny_sentiment.model)]
    record = json.loads(CliRunner().invoke(seqtasks_command, [*given, "--json"]).stdout)
    assert (record["kind"], record["task"]) == ("run", "sentiment")
    assert record["labels"] == LABELS
    assert record["metrics"]["dev"]["accuracy"] == 1.0
    text = CliRunner().invoke(seqtasks_command, given).stdout
    for part in ("run", "sentiment", str(tiny_sentiment.data), "units 8", "accuracy 1"):
        assert part in text
