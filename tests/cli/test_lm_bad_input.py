"""Whatever a user can do wrong with a language model: one line that says what and the mend."""

import json

import numpy as np
import pytest

from seqtasks.cli.lm import MOST_BYTES
from seqtasks.tasks.lm.config import Config, check
from seqtasks.tasks.lm.data import cut
from tests.tiny_lm import TEXT, write_data
from tests.tiny_ner import tree

LONG = "incomprehensibilities " * (MOST_BYTES // 20)


@pytest.fixture
def place(tmp_path, tiny_lm, tiny_language_model, monkeypatch):
    """A directory with all that is wrong, beside data that are right, and the tiny run."""
    files = {
        "empty.txt": "",
        "blank.txt": " \n\t\n\u3000\n",
        "short.txt": "word",
        "latin1.txt": "It rains\nZoë\n".encode("latin-1"),
        "texts.txt": f"It lies.\n{LONG}\nIt lies.\n",
        "page.txt": TEXT,
        "two/train.txt": TEXT,
        "two/train.md": TEXT,
        "blank_dev/train.txt": TEXT,
        "blank_dev/dev.txt": "\n",
        "images/boat.png": b"\x89PNG",
        "no_run/notes.txt": "mine",
        "other_task/config.json": json.dumps({"task": "ner"}),
        "no_config/config.json": "{",
        "c.json": '{"levels": "char"}',
        "file": "",
    }
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    write_data(tmp_path / "good")
    (tmp_path / "run").symlink_to(tiny_lm.model)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def loaded(monkeypatch, tiny_language_model):
    """The tiny run's model need not be loaded for every command."""
    monkeypatch.setattr("seqtasks.tasks.lm.run.load", lambda _: tiny_language_model)


TRAIN = "lm train --model new --epochs 1 --units 8 --data"
EVALUATE = "lm evaluate --model run"
SCORE = "lm score --model run"
GENERATE = "lm generate --model run"
CASES = [
    # text: file, line where there is one, and what to do
    (f"{TRAIN} empty.txt", 1, ["empty.txt", "expected text", "check that it is the right file"]),
    (f"{TRAIN} blank.txt", 1, ["blank.txt", "expected text", "check that it is the right file"]),
    (f"{TRAIN} short.txt", 1, ["short.txt", "too little text", "give it more"]),
    (f"{TRAIN} latin1.txt", 1, ["latin1.txt:2", "expected UTF-8", "0xeb", "iconv"]),
    (f"{TRAIN} two", 1, ["two", "train.md, train.txt", "keep one of them"]),
    (f"{TRAIN} blank_dev", 1, ["blank_dev", "dev.txt", "expected text"]),
    (f"{TRAIN} images", 1, ["images", "expected text files", "boat.png", "put text files"]),
    (f"{TRAIN} nothing", 1, ["nothing", "no such file", "sample", "pydocs"]),
    (f"{TRAIN} good --pretokenised --minimum-count 99", 1, ["good", "lower --minimum-count"]),
    # settings
    (f"{TRAIN} page.txt --shares 50/60", 2, ["--shares", "90/5/5", "sum to 100", "'50/60'"]),
    (f"{TRAIN} page.txt --shares abc", 2, ["--shares", "90/5/5", "'abc'", "--help"]),
    (f"{TRAIN} page.txt --shares 100/0", 2, ["--shares", "above 0", "'100/0'"]),
    (f"{TRAIN} good --cell gru --peephole", 2, ["--peephole belongs to --cell lstm", "--help"]),
    (f"{TRAIN} good --level char --lines", 1, ["`lines` belongs to the level word"]),
    (f"{TRAIN} good --pretokenised --no-lines", 1, ["`pretokenised`", "leave out `lines`"]),
    (f"{TRAIN} good --steps 0", 2, ["--steps", "x>=1", "--help"]),
    (f"{TRAIN} good --level byte", 2, ["--level", "'byte'", "'word', 'char'"]),
    (f"{TRAIN} good --config c.json", 1, ["c.json", "'levels'"]),
    (f"{TRAIN} good --resume --overwrite", 2, ["give one of them"]),
    ("lm train --data good --model run", 1, ["run", "--overwrite replaces it", "--model"]),
    ("lm train --data good --model no_run", 1, ["no_run", "something else than a run"]),
    ("lm train --data good --model new --resume", 1, ["new", "leave out --resume"]),
    # models that are none
    ("lm evaluate --model nothing", 1, ["nothing", "no such directory", "seqtasks lm train"]),
    ("lm score --model no_run x", 1, ["no_run", "not a run directory", "seqtasks lm train"]),
    ("lm generate --model other_task", 1, ["a run of the task ner, not lm", "seqtasks lm train"]),
    ("lm export --model no_config", 1, ["no_config/config.json", "seqtasks lm train"]),
    # evaluation
    (f"{EVALUATE} --data empty.txt", 1, ["empty.txt", "expected text"]),
    (f"{EVALUATE} --data latin1.txt", 1, ["latin1.txt:2", "iconv"]),
    (f"{EVALUATE} --data page.txt --split dev", 1, ["page.txt", "leave out --split"]),
    (f"{EVALUATE} --split all", 2, ["--split", "'all'"]),
    # texts
    (SCORE, 2, ["TEXT", "--input", "--help"]),
    (f"{SCORE} a --input page.txt", 2, ["give TEXT or --input, not both"]),
    (f"{SCORE} \udcff", 2, ["expected UTF-8 as TEXT"]),
    (f"{SCORE} --input nothing.txt", 1, ["nothing.txt", "no such file", "--input"]),
    (f"{SCORE} --input no_run", 1, ["no_run", "directory"]),
    (f"{SCORE} --input latin1.txt", 1, ["latin1.txt:2", "0xeb", "iconv"]),
    (f"{SCORE} --input texts.txt", 1, ["texts.txt:2", "1,048,576 bytes", "break it up"]),
    (f"{SCORE} --format xml a", 2, ["--format", "'xml'", "--help"]),
    # generation
    (f"{GENERATE} --prompt walrus", 1, ["'walrus'", "not one token", "give words of the training"]),
    (f"{GENERATE} --prompt walrus --beams 2", 1, ["'walrus'", "not one token"]),
    (f"{GENERATE} --temperature -1", 2, ["--temperature", "-1", "0<=x<=100", "--help"]),
    (f"{GENERATE} --temperature nan", 2, ["--temperature", "nan"]),
    (f"{GENERATE} --top-p 1.5", 2, ["--top-p", "1.5", "0<x<=1", "--help"]),
    (f"{GENERATE} --top-p 0", 2, ["--top-p", "0<x<=1", "--help"]),
    (f"{GENERATE} --top-p nan", 2, ["--top-p", "nan"]),
    (f"{GENERATE} --top-k -1", 2, ["--top-k", "-1", "0<=x", "--help"]),
    (f"{GENERATE} --top-k 9999999999", 2, ["--top-k", "9999999999"]),
    (f"{GENERATE} --sentences 9999999999", 2, ["--sentences", "9999999999"]),
    (f"{GENERATE} --length 0", 2, ["--length", "x<=1000000", "--help"]),
    (f"{GENERATE} --num 0", 2, ["--num", "--help"]),
    (f"{GENERATE} --seed -1", 2, ["--seed", "--help"]),
    (f"{GENERATE} --greedy --top-k 5", 2, ["--top-k is for drawing", "leave out --greedy"]),
    (f"{GENERATE} --beams 4 --temperature 0.5", 2, ["--temperature is for drawing", "--beams"]),
    (f"{GENERATE} --greedy --beams 4", 2, ["--greedy or --beams, not both"]),
    (f"{GENERATE} --beams 4 --sentences 2", 2, ["leave out --sentences"]),
]


@pytest.mark.parametrize(("command", "code", "parts"), CASES, ids=[ascii(c[0]) for c in CASES])
def test_one_line_says_what_is_wrong(seqtasks, place, request, command, code, parts):
    if "--model run" in command:
        request.getfixturevalue("loaded")
    before = tree(place)
    outcome = seqtasks(*command.split(" "))
    (line,) = outcome.err.splitlines()
    assert line.startswith("Error: ")
    for part in parts:
        assert part in line
    assert "Traceback" not in line
    assert outcome.code == code
    # answers to the lines before a bad one are given; otherwise there is nothing to say
    assert len(outcome.out.splitlines()) == ("--input latin1" in command or "texts" in command)
    assert tree(place) == before


def test_the_mend_of_a_long_line_is_an_option_that_there_is(seqtasks, place, loaded):
    line = seqtasks(*f"{SCORE} --input texts.txt".split()).err
    options = [word.strip(".,;") for word in line.split() if word.startswith("--")]
    described = seqtasks("lm", "score", "--help").out
    assert [option for option in options if option not in described] == []


@pytest.mark.parametrize("more", [0, 1])
def test_the_longest_line_is_as_long_as_it_says(seqtasks, place, loaded, monkeypatch, more):
    monkeypatch.setattr("seqtasks.cli.lm.MOST_BYTES", 20)
    (place / "in.txt").write_text("It lies.\n" + "x" * (20 + more) + "\r\n")
    outcome = seqtasks(*f"{SCORE} --input in.txt".split())
    assert outcome.code == more
    assert len(outcome.out.splitlines()) == 2 - more
    assert ("in.txt:2: a line of more than 20 bytes" in outcome.err) == bool(more)


def test_a_nul_byte_in_a_text_is_white_space_like_other_control_characters(seqtasks, place, loaded):
    (place / "in.txt").write_bytes(b"It\0lies.\nIt lies.\n")
    outcome = seqtasks(*f"{SCORE} --input in.txt --format json".split())
    odd, plain = (json.loads(line) for line in outcome.out.splitlines())
    assert (odd.pop("text"), plain.pop("text")) == ("It\0lies.", "It lies.")
    assert odd == plain


@pytest.mark.parametrize("level", ["char", "word"])
def test_one_line_of_five_megabytes_is_cut_like_any_other(level):
    words = [f"w{number % 1000}" for number in range(1_000_000)]
    text = " ".join(words) + "\n"
    assert len(text) > 4_800_000
    settings = {"level": "char"} if level == "char" else {"pretokenised": True}
    found = cut([text], check(Config(**settings)))
    *tokens, end = np.array(found.distinct)[found.numbers].tolist()
    assert ("" if level == "char" else " ").join(tokens) + "\n" == text
    assert len(tokens) == len(text[:-1] if level == "char" else words)
    assert (end, found.lengths.tolist()) == ("</s>", [len(tokens) + 1])
