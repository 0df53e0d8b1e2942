"""`seqtasks info` and `seqtasks datasets`, in this process."""

import json

from tests.tiny_sentiment import LABELS


def test_info_of_an_export_and_of_all_its_versions(run, tmp_path):
    for version in ("2", "10"):
        (tmp_path / version).mkdir()
        record = {"task": "ner", "config": {"seed": int(version)}}
        (tmp_path / version / "seqtasks.json").write_text(json.dumps(record))
    for directory, version in ((tmp_path, 10), (tmp_path / "2", 2)):
        record = json.loads(run("info", directory, "--json").stdout)
        assert (record["kind"], record["task"]) == ("export", "ner")
        assert record["config"]["seed"] == version


def test_info_of_a_run(run, tiny_run):
    record = json.loads(run("info", tiny_run.model, "--json").stdout)
    assert record["kind"] == "run"
    assert record["task"] == "ner"
    assert record["config"]["units"] == 8
    assert record["metrics"]["dev"]["f1"] == 1.0
    assert record["data"]["source"] == str(tiny_run.data)
    assert "tensorflow" in record["versions"]
    text = run("info", tiny_run.model).stdout
    for part in ("run", "ner", str(tiny_run.data), "units 8", "tensorflow", "f1 1"):
        assert part in text


def test_info_of_a_run_of_sentiment(run, tiny_sentiment):
    record = json.loads(run("info", tiny_sentiment.model, "--json").stdout)
    assert (record["kind"], record["task"]) == ("run", "sentiment")
    assert record["labels"] == LABELS
    assert record["metrics"]["dev"]["accuracy"] == 1.0
    text = run("info", tiny_sentiment.model).stdout
    for part in ("run", "sentiment", str(tiny_sentiment.data), "units 8", "accuracy 1"):
        assert part in text
    # tables are for programs
    for name in ("reliability", "confusion"):
        assert record["metrics"]["dev"][name]
        assert name not in text
    assert "[" not in text


def test_datasets_have_names(run):
    result = run("datasets", "list")
    names = [line.split()[0] for line in result.stdout.splitlines()]
    assert names[0] == "sample"
    assert "tfds:conll2003" in names


def test_datasets_are_shown(run, tiny_run):
    result = run("datasets", "show", tiny_run.data, "--examples", 2)
    assert result.exit_code == 0, result.stderr
    head, examples = result.stdout.split("\n\n")
    assert [line.split(":")[0] for line in head.splitlines()] == ["train", "dev", "test"]
    assert len(examples.splitlines()) == 2
    assert "Ada Lovelace" in examples
