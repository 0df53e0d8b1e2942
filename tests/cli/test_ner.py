"""`seqtasks ner train`, `evaluate` and `export`, in this process."""

import json

import pytest

from seqtasks.datasets.conll import write_conll
from seqtasks.tasks.ner.config import Config
from tests.tiny_ner import SENTENCES, TEXTS, TINY, tree

# train


def test_train_then_predict(run, tiny_run, tmp_path):
    settings = {f"{name}": getattr(TINY, name) for name in ("units", "batch_size", "averaging")}
    settings |= {"word-size": 16, "epochs": 3, "character_units": 8}
    (tmp_path / "c.json").write_text(json.dumps(settings))
    place = tmp_path / "run"
    result = run(
        *("ner", "train", "--data", tiny_run.data, "--model", place),
        *("--config", tmp_path / "c.json", "--epochs", 1, "--no-bidirectional", "--cell", "gru"),
    )
    assert result.exit_code == 0, result.stderr
    # results go to standard output, all else to standard error
    assert "precision" in result.stdout
    assert "epoch 1/1" in result.stderr
    assert f"seqtasks ner predict --model {place}" in result.stderr
    assert f"seqtasks ner evaluate --model {place}" in result.stderr
    config = json.loads((place / "config.json").read_text())["config"]
    assert config["epochs"] == 1  # the option wins over the file
    assert config["units"] == 8
    assert config["word_size"] == 16
    assert config["bidirectional"] is False
    assert config["cell"] == "gru"
    assert config["relevance_gate"] is True
    assert config["dropout"] == Config().dropout
    result = run("ner", "predict", "--model", place, "--format", "json", TEXTS[0])
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["text"] == TEXTS[0]


def test_every_setting_is_an_option_and_has_its_default_in_the_help(run):
    import dataclasses

    text = " ".join(run("ner", "train", "--help").stdout.split())
    for field in dataclasses.fields(Config):
        assert f"--{field.name.replace('_', '-')}" in text
        default = {"None": "none", "True": "yes", "False": "no"}.get(
            str(field.default), str(field.default)
        )
        assert f"[default: {field.metadata['automatic'] or default}]" in text
    assert "Example: seqtasks ner train" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--cell", "gru", "--peephole"], "--peephole belongs to --cell lstm, got --cell gru"),
        (["--cell", "lstm", "--relevance-gate"], "--relevance-gate belongs to --cell gru"),
        (["--cell", "rnn", "--no-relevance-gate"], "--relevance-gate belongs to --cell gru"),
        (["--overwrite", "--resume"], "give one of them"),
        (["--units", "0"], "'--units': 0 is not in the range x>=1"),
        (["--units", "many"], "'--units': 'many' is not a valid integer"),
        (["--dropout", "1.5"], "'--dropout'"),
        (["--cell", "elman"], "'--cell': 'elman' is not one of 'rnn', 'gru', 'lstm'"),
        (["--unknown-option"], "No such option"),
        (["somewhere"], "unexpected extra argument"),
    ],
)
def test_options_that_cannot_be_are_a_usage_error(run, tmp_path, arguments, message):
    place = tmp_path / "run"
    result = run("ner", "train", "--model", place, *arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
    assert result.stdout == ""
    assert tree(tmp_path) == {}


# evaluate


def test_evaluate_in_json(run, loaded_tagger, tiny_run):
    result = run("ner", "evaluate", "--model", loaded_tagger, "--json")
    assert result.exit_code == 0, result.stderr
    (line,) = result.stdout.splitlines()
    scores = json.loads(line)
    assert scores["f1"] == scores["precision"] == scores["recall"] == 1.0
    assert scores["per_type"].keys() == {"LOC", "ORG", "PER"}
    assert scores["sentences"] == len(SENTENCES)
    assert scores["tokens"] == sum(len(s.tokens) for s in SENTENCES)
    assert scores["seconds"] >= 0
    assert scores["source"] == str(tiny_run.data)
    assert scores["split"] == "test"


@pytest.mark.parametrize("split", ["train", "dev"])
def test_evaluate_another_split(run, loaded_tagger, split):
    result = run("ner", "evaluate", "--model", loaded_tagger, "--split", split, "--json")
    assert json.loads(result.stdout)["split"] == split


def test_evaluate_for_people(run, loaded_tagger, tiny_run):
    result = run("ner", "evaluate", "--model", loaded_tagger)
    assert result.stdout.startswith(f"{tiny_run.data}, test, in percent:")
    assert [line.split()[0] for line in result.stdout.splitlines()[3:]] == [
        "LOC",
        "ORG",
        "PER",
        "all",
    ]
    assert result.stderr == ""


def test_another_file_is_scored_whole(run, loaded_tagger, tmp_path):
    file = tmp_path / "other.conll"
    write_conll(file, SENTENCES[:3])
    result = run("ner", "evaluate", "--model", loaded_tagger, "--data", file, "--json")
    scores = json.loads(result.stdout)
    assert (scores["source"], scores["split"], scores["sentences"]) == (str(file), "all", 3)


def test_a_type_that_training_never_saw_is_a_warning_and_a_miss(run, loaded_tagger, tmp_path):
    file = tmp_path / "other.conll"
    file.write_text("Tim B-PER\nreads O\nHamlet B-WORK\n")
    result = run("ner", "evaluate", "--model", loaded_tagger, "--data", file, "--json")
    assert result.exit_code == 0
    (warning,) = result.stderr.splitlines()
    assert "1 tags of types that training never saw (WORK)" in warning
    assert json.loads(result.stdout)["per_type"]["WORK"]["recall"] == 0


def test_mistakes_are_written_as_a_table(run, loaded_tagger, tmp_path):
    file, errors = tmp_path / "other.conll", tmp_path / "errors.tsv"
    file.write_text("Tim B-LOC\nlives O\nin O\nNew B-LOC\nYork I-LOC\n. O\n")
    result = run("ner", "evaluate", "--model", loaded_tagger, "--data", file, "--errors", errors)
    assert result.exit_code == 0
    assert f"1 mistakes written to {errors}" in result.stderr
    head, row = errors.read_text("utf-8").splitlines()
    assert head.split("\t") == ["sentence", "kind", "true", "found", "text"]
    assert row.split("\t") == ["1", "type", "LOC Tim", "PER Tim", "Tim lives in New York ."]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["errors.tsv", "other.conll"]


def test_data_that_have_changed_are_told(run, loaded_tagger, tiny_run, tmp_path, monkeypatch):
    import shutil

    run_copy, data = tmp_path / "run", tmp_path / "data"
    shutil.copytree(tiny_run.model, run_copy)
    shutil.copytree(tiny_run.data, data)
    record = json.loads((run_copy / "config.json").read_text())
    record["data"]["source"] = str(data)
    (run_copy / "config.json").write_text(json.dumps(record))
    assert run("ner", "evaluate", "--model", run_copy).stderr == ""
    write_conll(data / "train.conll", SENTENCES[1:])
    result = run("ner", "evaluate", "--model", run_copy)
    assert "not the same data any more as the run was trained on" in result.stderr


# export


def test_export_prints_where(run, tmp_path, monkeypatch):
    out = tmp_path / "exports"
    monkeypatch.setattr(
        "seqtasks.tasks.ner.exporting.export", lambda model, out: (out / model.name, 2e-7, 54)
    )
    result = run("ner", "export", "--model", tmp_path / "run", "--out", out)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == f"{out / 'run'}\n"
    assert "compared on 54 texts" in result.stderr
    assert "within 2e-07" in result.stderr
