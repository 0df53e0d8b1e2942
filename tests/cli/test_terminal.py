"""Strings of files are shown, and never obeyed: labels, tags, names, notes, records of runs."""

import json

import pytest

from seqtasks.cli import lm_output, messages, ner, sentiment
from seqtasks.datasets.printable import json_line
from seqtasks.tasks.ner.tagger import FoundEntity, TaggedLine
from seqtasks.tasks.sentiment.classifier import Answer, Part

EVIL = "\x1b]0;x\x07\x9b2J"
SHOWN = r"\x1b]0;x\x07\x9b2J"


def test_ner(capsys):
    entity = FoundEntity("b", EVIL, 1, 2, 0.5)
    line = TaggedLine(f"abc{EVIL}", ["abc"], [f"B-{EVIL}"], [True], [entity])
    assert SHOWN in ner._as_text(line, {EVIL: "red"}).replace("\x1b[31m\x1b[1m", "")
    assert ner._as_conll(line, {}) == f"abc\tB-{SHOWN}\n"
    shown = ner._as_json(line, {})
    assert EVIL[0] not in shown and json.loads(shown)["entities"][0]["type"] == EVIL


def test_sentiment(capsys):
    answer = Answer(f"a {EVIL} b", EVIL, 0.5, {EVIL: 0.5})
    parts = [Part("a", 0, 1, 0.1), Part(EVIL, 2, 2 + len(EVIL), 1.0)]
    for write in (sentiment._write_text, sentiment._write_json, sentiment._csv_writer(None)):
        for explained in (None, parts):
            write(answer, explained)
    out = capsys.readouterr().out
    assert SHOWN in out
    assert "\x1b" not in out.replace(f"a {EVIL} b,", "")  # a cell of a table stays, off a terminal


def test_lm(capsys):
    lm_output.write_text(f"a{EVIL}\nb\n", "text")
    assert capsys.readouterr().out == f"a{SHOWN}\nb\n"
    lm_output.write_text(EVIL, "json", log10=float("-inf"))
    assert json.loads(capsys.readouterr().out) == {"text": EVIL, "log10": None}


def test_notes(capsys):
    messages.say(EVIL)
    assert capsys.readouterr().err == f"{SHOWN}\n"


@pytest.mark.parametrize("task", ["ner", "sentiment", "lm"])
def test_sources_are_shown(run, tmp_path, task):
    contents = {
        "ner": f"a{EVIL} B-{EVIL}\nb O\n\n",
        "sentiment": f"x{EVIL} a{EVIL}\ny b\n",
        "lm": f"a{EVIL}\nb\n" * 20,
    }
    folder = tmp_path / EVIL.replace("/", "")
    folder.mkdir()
    for split in ("train", "dev", f"test{EVIL}"):
        (folder / f"{split}.txt").write_text(contents[task])
    outcome = run("datasets", "show", folder, "--task", task)
    assert outcome.exit_code == 0, outcome.exception
    assert SHOWN in outcome.stdout
    assert not {"\x1b", "\x9b", "\x07"} & set(outcome.output)


def test_info(run, tmp_path):
    record = {"task": EVIL, "data": {EVIL: EVIL, "rows": 10**400, "long": "x" * 10**6}}
    (tmp_path / "config.json").write_text(json.dumps(record))
    (tmp_path / "metrics.json").write_text("[" * 100_000)
    outcome = run("info", tmp_path)
    assert outcome.exit_code == 0
    assert SHOWN in outcome.stdout and "\x1b" not in outcome.stdout
    assert max(map(len, outcome.stdout.splitlines())) <= 1500


@pytest.mark.parametrize("config", ["[]", "3", "null", '"task"', "[" * 100_000, "\0", ""])
def test_info_of_something_else(run, tmp_path, config):
    for name in ("config.json", "seqtasks.json"):
        (tmp_path / name).write_text(config)
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "seqtasks.json").write_text(config)
    outcome = run("info", tmp_path)
    assert outcome.exit_code == 1 and "neither a run nor an export" in str(outcome.exception)


@pytest.mark.parametrize("option", [(), ("--json",)])
def test_info_of_tables_in_tables(run, tmp_path, option):
    for depth in (100, 450, *range(900, 1000, 7)):
        nested = '{"a":' * depth + "1" + "}" * depth
        (tmp_path / "config.json").write_text(f'{{"task": "ner", "data": {nested}}}')
        outcome = run("info", tmp_path, *option)
        assert outcome.exit_code == 0 or type(outcome.exception).__name__ == "TaskError"


def test_json_is_the_same_and_has_no_number_that_is_none():
    record = {"a": [EVIL, "Zoë — 😀\u200d", 1.5, True], "b": ("\ud800", None)}
    assert json.loads(json_line(record)) == {**record, "b": list(record["b"])}
    assert json_line({"a": "Zoë"}) == '{"a": "Zoë"}'
    nan, inf = float("nan"), float("inf")
    assert json.loads(json_line({"a": [nan, {"b": inf}]})) == {"a": [None, {"b": None}]}
