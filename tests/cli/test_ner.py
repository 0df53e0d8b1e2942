"""`seqtasks ner …`, `seqtasks info` and `seqtasks datasets`, in this process."""

import io
import json

import pytest
from click.testing import CliRunner

from seqtasks.cli.main import prepare_tensorflow, seqtasks_command
from seqtasks.datasets.conll import read_conll, write_conll
from seqtasks.datasets.jsonl import read_jsonl
from seqtasks.tasks.ner.config import Config
from tests.tiny_ner import SENTENCES, TINY, tree

FIRST = " ".join(SENTENCES[0].tokens)


@pytest.fixture
def run():
    """Runs a command by click's own runner; a usage error is told by exit code 2."""
    prepare_tensorflow()

    def run(*arguments, **options):
        return CliRunner().invoke(seqtasks_command, [str(a) for a in arguments], **options)

    return run


@pytest.fixture
def loaded(monkeypatch, tiny_run, tiny_tagger):
    """The tagger of `tiny_run` need not be loaded for every command."""
    monkeypatch.setattr("seqtasks.tasks.ner.run.load", lambda _: tiny_tagger)
    return tiny_run.model


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
    result = run("ner", "predict", "--model", place, "--format", "json", FIRST)
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["text"] == FIRST


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


def test_evaluate_in_json(run, loaded, tiny_run):
    result = run("ner", "evaluate", "--model", loaded, "--json")
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
def test_evaluate_another_split(run, loaded, split):
    result = run("ner", "evaluate", "--model", loaded, "--split", split, "--json")
    assert json.loads(result.stdout)["split"] == split


def test_evaluate_for_people(run, loaded, tiny_run):
    result = run("ner", "evaluate", "--model", loaded)
    assert result.stdout.startswith(f"{tiny_run.data}, test, in percent:")
    assert [line.split()[0] for line in result.stdout.splitlines()[3:]] == [
        "LOC",
        "ORG",
        "PER",
        "all",
    ]
    assert result.stderr == ""


def test_another_file_is_scored_whole(run, loaded, tmp_path):
    file = tmp_path / "other.conll"
    write_conll(file, SENTENCES[:3])
    result = run("ner", "evaluate", "--model", loaded, "--data", file, "--json")
    scores = json.loads(result.stdout)
    assert (scores["source"], scores["split"], scores["sentences"]) == (str(file), "all", 3)


def test_a_type_that_training_never_saw_is_a_warning_and_a_miss(run, loaded, tmp_path):
    file = tmp_path / "other.conll"
    file.write_text("Tim B-PER\nreads O\nHamlet B-WORK\n")
    result = run("ner", "evaluate", "--model", loaded, "--data", file, "--json")
    assert result.exit_code == 0
    (warning,) = result.stderr.splitlines()
    assert "1 tags of types that training never saw (WORK)" in warning
    assert json.loads(result.stdout)["per_type"]["WORK"]["recall"] == 0


def test_mistakes_are_written_as_a_table(run, loaded, tmp_path):
    file, errors = tmp_path / "other.conll", tmp_path / "errors.tsv"
    file.write_text("Tim B-LOC\nlives O\nin O\nNew B-LOC\nYork I-LOC\n. O\n")
    result = run("ner", "evaluate", "--model", loaded, "--data", file, "--errors", errors)
    assert result.exit_code == 0
    assert f"1 mistakes written to {errors}" in result.stderr
    head, row = errors.read_text("utf-8").splitlines()
    assert head.split("\t") == ["sentence", "kind", "true", "found", "text"]
    assert row.split("\t") == ["1", "type", "LOC Tim", "PER Tim", "Tim lives in New York ."]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["errors.tsv", "other.conll"]


def test_data_that_have_changed_are_told(run, loaded, tiny_run, tmp_path, monkeypatch):
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


# predict


def test_predict_marks_the_names(run, loaded):
    result = run("ner", "predict", "--model", loaded, FIRST, "It rains .")
    assert result.stdout.splitlines() == [
        "[PER Ada Lovelace] met [PER Tim] in [LOC Oslo] .",
        "It rains .",
    ]
    assert result.stderr == ""


def test_predict_in_colour_on_a_terminal(run, loaded):
    result = run("ner", "predict", "--model", loaded, FIRST, color=True)
    assert "\x1b[" in result.stdout


def test_predict_in_json_gives_code_points(run, loaded):
    text = "😀 Zoë sings in Paris ."
    result = run("ner", "predict", "--model", loaded, "--format", "json", text)
    (line,) = result.stdout.splitlines()
    record = json.loads(line)
    assert record["text"] == text
    assert record["entities"]
    for entity in record["entities"]:
        assert entity.keys() == {"text", "type", "start", "end", "confidence"}
        assert text[entity["start"] : entity["end"]] == entity["text"]
        assert 0 < entity["confidence"] <= 1
    assert "😀" in line  # readable, not \\ud83d


def test_predict_in_conll_can_be_read_back(run, loaded, tmp_path):
    texts = [" ".join(s.tokens) for s in SENTENCES]
    result = run("ner", "predict", "--model", loaded, "--format", "conll", *texts)
    (tmp_path / "found.conll").write_text(result.stdout, "utf-8")
    assert read_conll(tmp_path / "found.conll").sentences == SENTENCES


def test_predict_in_json_can_be_read_back(run, loaded, tmp_path):
    texts = [" ".join(s.tokens) for s in SENTENCES]
    result = run("ner", "predict", "--model", loaded, "--format", "json", *texts)
    (tmp_path / "found.jsonl").write_text(result.stdout, "utf-8")
    assert [example.text for example in read_jsonl(tmp_path / "found.jsonl")] == texts


LINES = ["Tim lives in New York .", "", "   ", "It rains .", ""]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("place", ["-", "--input -", "file", "no line end", "byte order mark"])
def test_a_line_in_is_a_line_out(run, loaded, tmp_path, place, ending):
    data = "".join(line + ending for line in LINES).encode()
    if place == "no line end":
        data = data + b"It rains ."
    if place == "byte order mark":
        data = b"\xef\xbb\xbf" + data
    if "-" in place:
        result = run("ner", "predict", "--model", loaded, *place.split(), input=data)
    else:
        (tmp_path / "in.txt").write_bytes(data)
        result = run("ner", "predict", "--model", loaded, "--input", tmp_path / "in.txt")
    assert result.exit_code == 0, result.stderr
    expected = ["[PER Tim] lives in [LOC New York] .", *LINES[1:]]
    assert result.stdout.split("\n")[:-1] == expected + ["It rains ."] * (place == "no line end")


def test_blank_lines_are_answered_in_every_format(run, loaded):
    data = "".join(line + "\n" for line in LINES)
    result = run("ner", "predict", "--model", loaded, "--format", "json", "-", input=data)
    assert [json.loads(line)["text"] for line in result.stdout.splitlines()] == LINES
    result = run("ner", "predict", "--model", loaded, "--format", "conll", "-", input="\n\n")
    assert result.stdout == "\n\n"


def test_nothing_in_nothing_out(run, loaded):
    result = run("ner", "predict", "--model", loaded, "-", input="")
    assert (result.exit_code, result.stdout) == (0, "")


def test_many_lines_keep_their_order(run, loaded, monkeypatch):
    monkeypatch.setattr("seqtasks.cli.lines.GROUP", 7)
    lines = [f"It rains {i} times ." if i % 3 else "" for i in range(100)]
    data = "".join(line + "\n" for line in lines)
    result = run("ner", "predict", "--model", loaded, "--format", "json", "-", input=data)
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
def test_predict_needs_one_place_to_read_from(run, loaded, arguments, message):
    result = run("ner", "predict", "--model", loaded, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


# export, info, datasets


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


# the entry point itself


def test_main_answers_and_leaves_with_0(seqtasks, loaded):
    code, out, err = seqtasks("ner", "predict", "--model", loaded, FIRST)
    assert (code, err) == (0, "")
    assert out == "[PER Ada Lovelace] met [PER Tim] in [LOC Oslo] .\n"
    code, out, err = seqtasks("--version")
    assert (code, err) == (0, "")
    assert "version" in out


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, FloatingPointError("the loss")])
def test_main_tells_in_one_line_what_happened(seqtasks, loaded, monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr("seqtasks.tasks.ner.evaluation.evaluate", fail)
    code, out, err = seqtasks("ner", "evaluate", "--model", loaded)
    assert code == (130 if error is KeyboardInterrupt else 1)
    assert out == ""
    # click ends the line of ^C first
    (line,) = err.removeprefix("\n").splitlines()
    assert line.startswith("Error: ")


def test_main_does_not_hide_a_defect_of_ours(seqtasks, loaded, monkeypatch):
    monkeypatch.setattr("seqtasks.tasks.ner.evaluation.evaluate", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        from seqtasks.cli.main import main

        monkeypatch.setattr("sys.argv", ["seqtasks", "ner", "evaluate", "--model", str(loaded)])
        main()


def test_a_reader_that_goes_away_is_no_error(loaded, monkeypatch):
    """As `seqtasks ner predict … | head -1` has it."""
    import os
    import signal

    from seqtasks.cli import main

    class Closed(io.StringIO):
        def fileno(self):
            return os.open(os.devnull, os.O_WRONLY)

        def write(self, _):
            raise BrokenPipeError

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr("sys.argv", ["seqtasks", "ner", "predict", "--model", str(loaded), FIRST])
    monkeypatch.setattr("sys.stdout", Closed())
    with pytest.raises(SystemExit) as end:
        main()
    signal.signal(signal.SIGTERM, before)
    assert end.value.code == 0
