"""`seqtasks sentiment train`, `evaluate` and `export`, in this process."""

import dataclasses
import json

import pytest

from seqtasks.tasks.sentiment.config import Config
from tests.cli.tables import read_table, write_table
from tests.tiny_ner import tree
from tests.tiny_sentiment import EXAMPLES, LABELS, TEXTS, TINY, write_jsonl

# train


def test_train_evaluate_and_predict_a_table_of_ones_own(sentiment, tmp_path):
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
    result = sentiment(
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
    result = sentiment("evaluate", "--model", place, "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["examples"] == len(EXAMPLES)
    assert "not the same data" not in result.stderr

    # what predict says of a table has all of its columns
    table = tmp_path / "data" / "test.csv"
    given = ("--format", "csv", "--input", table, "--text-column", "opinion")
    result = sentiment("predict", "--model", place, *given)
    assert result.exit_code == 0, result.stderr
    head, *found = read_table(result.stdout)
    assert head == ["id", "verdict", "opinion", "predicted_label", "predicted_probability"]
    assert [row[:3] for row in found] == [[str(cell) for cell in row] for row in rows]
    assert {row[3] for row in found} <= set(LABELS)


def test_every_setting_is_an_option_and_has_its_default_in_the_help(sentiment):
    text = " ".join(sentiment("train", "--help").stdout.split())
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
        (["--pairs", "9", "--no-evidence"], "--pairs are part of the evidence"),
        (["--pooling", "median"], "'--pooling': 'median' is not one of"),
        (["--class-weight", "uneven"], "'--class-weight'"),
        (["--longest-text", "1"], "'--longest-text': 1 is not in the range x>=2"),
    ],
)
def test_options_that_cannot_be_are_a_usage_error(sentiment, tmp_path, arguments, message):
    result = sentiment("train", "--model", tmp_path / "run", *arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
    assert result.stdout == ""
    assert tree(tmp_path) == {}


# evaluate


def test_evaluate_in_json(sentiment, loaded_classifier, tiny_sentiment):
    result = sentiment("evaluate", "--model", loaded_classifier, "--json")
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
def test_evaluate_another_split(sentiment, loaded_classifier, split):
    result = sentiment("evaluate", "--model", loaded_classifier, "--split", split, "--json")
    assert json.loads(result.stdout)["split"] == split


def test_evaluate_for_people(sentiment, loaded_classifier, tiny_sentiment):
    result = sentiment("evaluate", "--model", loaded_classifier)
    assert result.stdout.startswith(f"{tiny_sentiment.data}, test, in percent:")
    first = [line.split()[0] for line in result.stdout.splitlines() if line.strip()]
    assert first[2:] == [*LABELS, "accuracy", "true", *LABELS]
    assert "calibration error" in result.stdout


def test_mistakes_are_written_as_a_table_and_drawn(sentiment, loaded_classifier, tmp_path):
    file, errors, plots = tmp_path / "o.csv", tmp_path / "errors.tsv", tmp_path / "new" / "plots"
    write_table(file, [["text", "label"], ["It\trains.\n", "positive"], [TEXTS[0], "negative"]])
    result = sentiment(
        *(
            "evaluate",
            "--model",
            loaded_classifier,
            "--data",
            file,
            "--errors",
            errors,
            "--plots",
            plots,
        )
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


def test_another_file_is_scored_whole_and_what_is_uneven_in_it_is_told(
    sentiment, loaded_classifier, tmp_path
):
    file = tmp_path / "other.jsonl"
    write_jsonl(file, EXAMPLES[:3])
    with file.open("a") as more:
        more.write('{"text": "It snows.", "label": "weather"}\n{"text": " ", "label": "neutral"}\n')
    result = sentiment("evaluate", "--model", loaded_classifier, "--data", file, "--json")
    assert result.exit_code == 0, result.stderr
    scores = json.loads(result.stdout)
    assert (scores["source"], scores["split"], scores["examples"]) == (str(file), "all", 4)
    assert scores["per_class"]["weather"]["recall"] == 0
    empty, unseen = result.stderr.splitlines()
    assert f"{file}: empty texts left out: 1, the first in line 5" in empty
    assert "1 texts have labels that training never saw (weather)" in unseen


# export


def test_export_prints_where(sentiment, tmp_path, monkeypatch):
    out = tmp_path / "exports"
    monkeypatch.setattr(
        "seqtasks.tasks.sentiment.exporting.export", lambda model, out: (out / model.name, 2e-7, 54)
    )
    result = sentiment("export", "--model", tmp_path / "run", "--out", out)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == f"{out / 'run'}\n"
    assert "compared on 54 texts" in result.stderr
    assert "within 2e-07" in result.stderr
