"""Whatever a user can do wrong: one line that says what and how to mend it, and no harm done."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from seqtasks.datasets.conll import write_conll
from seqtasks.tasks import training
from tests.tiny_ner import SENTENCES, tree, write_data

GOOD = "Tim B-PER\nlives O\n\n"


@pytest.fixture
def place(tmp_path, tiny_run, monkeypatch):
    """A directory with all that is wrong, beside a run and data that are right."""
    files = {
        "empty.conll": "",
        "blank.conll": "\n\n  \n",
        "one_column.conll": "Tim\nlives\n",
        "columns.conll": "Tim B-PER\nlives\n",
        "no_tag.conll": "Tim B-PER\nlives VERB\n",
        "latin1.conll": (GOOD + "Zoë B-PER\n").encode("latin-1"),
        "only_o.conll": "".join(f"word{i} O\n\n" for i in range(40)),
        "one.conll": GOOD,
        "data.xml": "<text/>",
        "bad.jsonl": '{"text": "Tim", "entities": [{"start": 0, "end": 9, "type": "PER"}]}\n',
        "vectors.txt": "tim 1 2 3\noslo 1 2\n",
        "words.txt": "tim one two three\n",
        "no_vectors.txt": "",
        "latin1.txt": "It rains\nZoë\n".encode("latin-1"),
        "c.json": '{"units": 0}',
        "c.toml": "units =",
        "no_run/notes.txt": "mine",
        "strange/training.conll": GOOD,
        "two/train.conll": GOOD,
        "two/train.tsv": GOOD,
        "file": "",
    }
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    write_data(tmp_path / "good")
    shutil.copytree(tiny_run.model, tmp_path / "run")
    shutil.copytree(tiny_run.model, tmp_path / "broken")
    (tmp_path / "broken" / "weights.npz").write_bytes(b"PK\x03\x04")
    shutil.copytree(tiny_run.model, tmp_path / ".begun.partial")
    monkeypatch.chdir(tmp_path)
    return tmp_path


TRAIN = "ner train --model new --epochs 1 --units 8 --data"
CASES = [
    # data that cannot be read: file, line where there is one, and what to do
    (f"{TRAIN} empty.conll", 1, ["empty.conll", "write a token and its tag a line"]),
    (f"{TRAIN} blank.conll", 1, ["blank.conll", "expected tokens with their tags, got none"]),
    (f"{TRAIN} one_column.conll", 1, ["one_column.conll:1", "got 1 column", "separate columns"]),
    (f"{TRAIN} columns.conll", 1, ["columns.conll:2", "expected 2 columns", "separate columns"]),
    (f"{TRAIN} no_tag.conll", 1, ["no_tag.conll:2", "got 'VERB'", "put the tag"]),
    (f"{TRAIN} latin1.conll", 1, ["latin1.conll:4", "expected UTF-8", "0xeb", "iconv"]),
    (f"{TRAIN} bad.jsonl", 1, ["bad.jsonl:1", "outside the text", "count code points"]),
    (f"{TRAIN} data.xml", 1, ["data.xml", "'.xml'", "CoNLL is .conll"]),
    (f"{TRAIN} one.conll", 1, ["one.conll", "too few different sentences", "give it more"]),
    (f"{TRAIN} only_o.conll", 1, ["only_o.conll", "no entity, only O tags"]),
    # a directory without the right names
    (f"{TRAIN} strange", 1, ["strange", "expected a file train.conll", "name the training file"]),
    (f"{TRAIN} two", 1, ["two", "train.conll, train.tsv", "keep one of them"]),
    # names that are none
    (f"{TRAIN} nothing", 1, ["nothing", "no such file", "name one of: sample"]),
    (f"{TRAIN} nothing/train.conll", 1, ["nothing/train.conll", "no such file"]),
    ("datasets show nothing", 1, ["nothing", "no such file", "name one of: sample"]),
    # vectors
    (
        f"{TRAIN} good --embeddings vectors.txt",
        1,
        ["vectors.txt:2", "a word and 3 numbers"],
    ),
    (f"{TRAIN} good --embeddings words.txt", 1, ["words.txt:1", "a word and 3 numbers"]),
    (f"{TRAIN} good --embeddings no_vectors.txt", 1, ["no_vectors.txt", "no vectors"]),
    (
        f"{TRAIN} good --embeddings nothing.txt",
        1,
        ["nothing.txt", "no such file", "check the path"],
    ),
    (f"{TRAIN} good --embeddings no_run", 1, ["no_run", "directory", "check the path"]),
    (f"{TRAIN} good --embeddings latin1.conll", 1, ["latin1.conll", "UTF-8"]),
    # settings
    (f"{TRAIN} good --units 0", 2, ["--units", "0", "x>=1", "--help"]),
    (f"{TRAIN} good --units=-3", 2, ["--units", "-3", "--help"]),
    (f"{TRAIN} good --learning-rate nan", 1, ["`learning_rate`", "finite number, got nan"]),
    (f"{TRAIN} good --cell gru --peephole", 2, ["--peephole", "--cell lstm", "--help"]),
    (f"{TRAIN} good --peephole --config cell.json", 1, ["cell.json", "--config"]),
    (f"{TRAIN} good --relevance-gate", 1, ["`relevance_gate`", "gru", "got cell lstm"]),
    (f"{TRAIN} good --config c.json", 1, ["c.json", "`units` must be at least 1, got 0"]),
    (f"{TRAIN} good --config c.toml", 1, ["c.toml", "no valid TOML"]),
    (f"{TRAIN} good --no-such-option", 2, ["--no-such-option", "--help"]),
    ("ner trian", 2, ["trian", "--help"]),
    # places that are taken, or cannot be
    ("ner train --data good --model run", 1, ["run", "--overwrite replaces it", "--model"]),
    ("ner train --data good --model no_run", 1, ["no_run", "something else than a run", "--model"]),
    ("ner train --data good --model no_run --overwrite", 1, ["no_run", "something else"]),
    ("ner train --data good --model file", 1, ["file", "something else", "--model"]),
    ("ner train --data good --model file/run", 1, ["file", "cannot be written in", "--model"]),
    ("ner train --data good --model begun", 1, [".begun.partial", "--resume", "--overwrite"]),
    ("ner train --data good --model begun --resume", 1, ["begun with other data", "--overwrite"]),
    ("ner train --data good --model new --resume", 1, ["new", "leave out --resume"]),
    ("ner train --resume --overwrite", 2, ["--overwrite", "--resume", "give one of them"]),
    # an unfinished run is not lost to a mistake that comes with --overwrite
    (
        "ner train --data good --model begun --overwrite --embeddings vectors.txt",
        1,
        ["vectors.txt:2"],
    ),
    ("ner train --data good --model run --overwrite --embeddings words.txt", 1, ["words.txt:1"]),
    # models that are none
    ("ner evaluate --model nothing", 1, ["nothing", "no such directory", "seqtasks ner train"]),
    ("ner evaluate --model no_run", 1, ["no_run", "not a run directory", "seqtasks ner train"]),
    ("ner evaluate --model file", 1, ["file", "not a run directory", "seqtasks ner train"]),
    ("ner predict --model nothing Tim", 1, ["nothing", "no such directory", "--model"]),
    ("ner predict --model broken Tim", 1, ["broken/weights.npz", "train the model anew"]),
    ("ner export --model no_run --out out", 1, ["no_run", "not a run directory", "--model"]),
    ("info no_run", 1, ["no_run", "neither a run nor an export"]),
    ("info nothing", 1, ["nothing", "neither a run nor an export"]),
    # evaluation
    ("ner evaluate --model run --data no_tag.conll", 1, ["no_tag.conll:2", "got 'VERB'"]),
    ("ner evaluate --model run --data latin1.conll", 1, ["latin1.conll:4", "iconv"]),
    ("ner evaluate --model run --data one.conll --split dev", 1, ["one.conll", "--split"]),
    ("ner evaluate --model run --data nothing", 1, ["nothing", "no such file"]),
    ("ner evaluate --model run --errors nowhere/e.tsv", 1, ["nowhere/e.tsv", "--errors"]),
    ("ner evaluate --model run --errors no_run", 1, ["no_run", "directory", "--errors"]),
    # texts
    ("ner predict --model run", 2, ["TEXT", "--input", "--help"]),
    ("ner predict --model run --input nothing.txt", 1, ["nothing.txt", "no such file", "--input"]),
    ("ner predict --model run --input no_run", 1, ["no_run", "directory"]),
    ("ner predict --model run --input latin1.txt", 1, ["latin1.txt:2", "0xeb", "iconv"]),
    ("ner predict --model run --format xml Tim", 2, ["--format", "'xml'", "--help"]),
    # exports
    ("ner export --model run --out file", 1, ["file", "--out"]),
]


@pytest.mark.parametrize(("command", "code", "parts"), CASES, ids=[case[0] for case in CASES])
def test_one_line_says_what_is_wrong(seqtasks, place, command, code, parts):
    before = tree(place)
    outcome = seqtasks(*command.split())
    (line,) = outcome.err.splitlines()
    assert line.startswith("Error: ")
    for part in parts:
        assert part in line
    assert "Traceback" not in line
    assert outcome.code == code
    # answers to the lines before a bad one are given; otherwise there is nothing to say
    assert outcome.out in ("", "It rains\n")
    assert tree(place) == before


def test_an_unknown_type_at_evaluation_is_a_counted_warning(seqtasks, place):
    (place / "work.conll").write_text("Tim B-PER\nread O\nHamlet B-WORK\n\nEmma B-WORK\n")
    before = tree(place)
    outcome = seqtasks("ner", "evaluate", "--model", "run", "--data", "work.conll", "--json")
    assert outcome.code == 0
    (line,) = outcome.err.splitlines()
    assert line.startswith("2 tags of types that training never saw (WORK)")
    assert tree(place) == before


# permission: as a user who is not root


@pytest.fixture
def unprivileged(tiny_run):
    """A directory that anybody may look into, while we are nobody (root may do everything)."""
    import seqtasks.datasets.tagged_sources
    import seqtasks.tasks.describe
    import seqtasks.tasks.ner.run
    import seqtasks.tasks.ner.sources  # noqa: F401  (as nobody we might not read our own code)

    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        write_data(place / "good")
        write_conll(place / "closed.conll", SENTENCES)
        shutil.copytree(tiny_run.model, place / "closed_run")
        (place / "closed").mkdir()
        (place / "readable").mkdir()
        for path in (place / "closed.conll", place / "closed_run", place / "closed"):
            path.chmod(0)
        place.chmod(0o755)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        try:
            yield place
        finally:
            if root:
                os.seteuid(0)
            for path in (place / "closed_run", place / "closed"):
                path.chmod(0o755)


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
@pytest.mark.parametrize(
    ("command", "parts"),
    [
        ("ner train --model {}/closed/run --data {}/good", ["closed", "--model"]),
        ("ner train --model {}/new --data {}/closed.conll", ["closed.conll", "no permission"]),
        ("ner train --model {}/new --data {}/closed", ["closed", "no permission", "chmod"]),
        ("ner evaluate --model {}/closed_run", ["closed_run", "ermission denied"]),
        ("ner predict --model {}/closed_run Tim", ["closed_run", "ermission denied"]),
        ("ner predict --model {}/run --input {}/closed.conll", ["closed.conll", "permission"]),
        ("info {}/closed_run", ["closed_run"]),
    ],
)
def test_no_permission_is_told(seqtasks, unprivileged, command, parts):
    names = {path.name for path in unprivileged.iterdir()}
    outcome = seqtasks(*command.replace("{}", str(unprivileged)).split())
    (line,) = outcome.err.splitlines()
    assert line.startswith("Error: ")
    assert "Traceback" not in line
    for part in parts:
        assert part in line
    assert outcome.code == 1
    assert outcome.out == ""
    assert {path.name for path in unprivileged.iterdir()} == names


# the process itself


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_training_stopped_by_a_signal_goes_on(seqtasks, tmp_path, monkeypatch):
    """What was learnt before a signal is not learnt again. Processes: test_interrupted_training."""
    write_data(tmp_path / "data")
    run = tmp_path / "run"
    train = ["ner", "train", "--data", tmp_path / "data", "--model", run]
    small = ["--units", 8, "--decoder", "softmax", "--characters", "none", "--no-lift-search"]
    small += ["--epochs", 5, "--batch-size", 1000]  # a step an epoch
    learn, learnt, sent = training.Step.__call__, [], {3: signal.SIGINT, 4: signal.SIGTERM}

    def step(*arguments):
        learnt.append(arguments)
        if len(learnt) in sent:
            os.kill(os.getpid(), sent[len(learnt)])
        return learn(*arguments)

    monkeypatch.setattr(training.Step, "__call__", step)
    for more, code, epochs in ((small, 130, 3), (["--resume"], 143, 4)):
        outcome = seqtasks(*train, *more)
        assert (outcome.code, outcome.out, len(learnt)) == (code, "", epochs)
        assert re.fullmatch(
            f"Error: interrupted after step 1 of 1 in epoch {epochs} of 5; all is saved; go on "
            "with: seqtasks ner train .* --resume",
            outcome.err.splitlines()[-1],
        )
        assert "Traceback" not in outcome.err
        assert not run.exists()
        assert (tmp_path / ".run.partial" / "checkpoints" / "last.npz").exists()
    assert seqtasks(*train, "--resume").code == 0
    assert len(learnt) == 5 and run.exists()


def test_a_fresh_process_says_no_more_than_the_line(place):
    """TensorFlow, which writes to standard error of its own accord, is kept quiet."""
    words = f"{TRAIN} good --embeddings vectors.txt".split()
    done = subprocess.run(
        [sys.executable, "-c", "from seqtasks.cli import main; main()", *words],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: vectors.txt:2: ")
