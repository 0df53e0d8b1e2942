"""`seqtasks info` and `seqtasks datasets`, in this process."""

import json

from tests.cli.tables import write_table
from tests.tiny_sentiment import EXAMPLES, LABELS


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


def test_info_fits_a_terminal_and_leaves_nothing_out_but_tables(run, tmp_path, monkeypatch):
    figures = {"f1": 0.5, "per_type": {"PER": {"f1": 0.25}, "LOC": {"f1": 0.75}}, "rows": [[1, 2]]}
    config = {f"setting_{n}": n for n in range(60)} | {"peephole": False, "features": None}
    record = {"task": "ner", "config": config, "labels": ["one label", "two"], "figures": figures}
    (tmp_path / "seqtasks.json").write_text(json.dumps(record))
    monkeypatch.setenv("COLUMNS", "60")
    kind, directory, task, *lines = run("info", tmp_path).stdout.splitlines()
    assert (kind.split(), task.split()) == (["kind", "export"], ["task", "ner"])
    assert str(tmp_path) in directory
    assert max(map(len, lines)) <= 60
    # a name and its value stand on one line, under what they are part of
    parts = [part.strip() for line in lines for part in line.split(",")]
    assert all(f"setting_{n} {n}" in parts for n in range(60))
    assert "peephole no" in parts
    assert parts.index("PER") < parts.index("f1 0.25") < parts.index("LOC") < parts.index("f1 0.75")
    assert lines[lines.index("labels") + 1].strip() == "one label, two"
    assert not any("features" in line or "rows" in line for line in lines)


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


def test_a_table_is_shown_by_the_columns_that_its_error_asks_for(run, tmp_path):
    table = tmp_path / "reviews.csv"
    write_table(table, [("review", "stars"), *((e.text, e.label) for e in EXAMPLES)])
    show = ("datasets", "show", table, "--task", "sentiment", "--examples", 1)
    assert "--label-column" in str(run(*show).exception)
    result = run(*show, "--text-column", "review", "--label-column", 2)
    assert result.exit_code == 0, result.stderr
    assert any(label in result.stdout for label in LABELS)
    assert run("datasets", "show", "sample", "--text-column", 1).exit_code == 2


def test_no_examples_is_no_error_and_fewer_is(run, tiny_run):
    head, examples = run("datasets", "show", tiny_run.data, "--examples", 0).stdout.split("\n\n")
    assert head and not examples
    assert run("datasets", "show", tiny_run.data, "--examples", -1).exit_code == 2
