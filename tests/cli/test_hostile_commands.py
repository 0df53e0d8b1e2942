"""Whatever texts and options a command is given, it answers, or says in one line why not."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hostile import ODD_BYTES, texts

CONTROL = [chr(c) for c in (*range(9), *range(11, 32), *range(127, 160), 0x202E, 0x2066)]
FEW = settings(max_examples=max(settings().max_examples // 3, 10))

lines = st.lists(
    st.one_of(
        texts().map(str.encode),
        st.sampled_from([odd for odd in ODD_BYTES if b"\n" not in odd]),
        st.binary(max_size=20).map(lambda data: data.replace(b"\n", b" ")),
    ),
    max_size=4,
)


@pytest.fixture
def loaded(monkeypatch, tiny_tagger, tiny_classifier, tiny_language_model, tiny_composer):
    """The tiny runs, loaded once for all commands."""
    for task, model in {
        "ner": tiny_tagger,
        "sentiment": tiny_classifier,
        "lm": tiny_language_model,
        "music": tiny_composer,
    }.items():
        monkeypatch.setattr(f"seqtasks.tasks.{task}.run.load", lambda _, model=model: model)


def decoded(data):
    """The lines of an input, as a command reads them; None where one is no UTF-8."""
    rows = data.split(b"\n")
    rows = rows[:-1] if rows[-1] == b"" else rows
    try:
        found = [row.decode("utf-8-sig" if n == 0 else "utf-8") for n, row in enumerate(rows)]
    except UnicodeDecodeError:
        return None
    return [row.rstrip("\r") for row in found]


def ended(outcome, codes=(0, 1, 2)):
    """The exit code of a command that ended as it should: no error but those of ours."""
    error = outcome.exception
    if not (error is None or isinstance(error, SystemExit)):
        assert type(error).__name__ in ("DataError", "TaskError", "UsageError"), repr(error)
        assert len(str(error).splitlines()) == 1 and not set(str(error)) & set(CONTROL)
        return 1
    assert outcome.exit_code in codes
    return outcome.exit_code


def answered(run, command, data, *options):
    """Standard output of a command that read `data`; None where it refused it, as it must."""
    outcome = run(*command, "-", *options, input=data)
    rows = decoded(data)
    longest = max(map(len, data.split(b"\n")))
    if rows is None or (command[1] != "predict" and longest > 2**20):
        assert ended(outcome) == 1
        return None
    assert ended(outcome) == 0, outcome.stderr
    assert not set(outcome.stdout) & set(CONTROL)
    return outcome.stdout


@given(rows=lines)
def test_ner_answers_every_line(run, loaded, rows):
    data = b"\n".join(rows)
    found = answered(run, ("ner", "predict"), data, "--format", "json")
    if found is not None:
        records = [json.loads(line) for line in found.split("\n")[:-1]]
        assert [record["text"] for record in records] == decoded(data)
        for record in records:
            end = 0
            for entity in record["entities"]:
                assert end <= entity["start"] < entity["end"] <= len(record["text"])
                assert record["text"][entity["start"] : entity["end"]] == entity["text"]
                assert 0 <= entity["confidence"] <= 1
                end = entity["end"]


@FEW
@given(rows=lines, format_=st.sampled_from(["text", "conll"]))
def test_ner_shows_no_control_characters(run, loaded, rows, format_):
    data = b"\n".join(rows)
    found = answered(run, ("ner", "predict"), data, "--format", format_)
    if found is not None and format_ == "text":
        assert found.count("\n") == len(decoded(data))


@given(rows=lines, window=st.sampled_from([(), ("--window", "2"), ("--explain",)]))
def test_sentiment_answers_every_line(run, loaded, rows, window):
    data = b"\n".join(rows)
    found = answered(run, ("sentiment", "predict"), data, "--format", "json", *window)
    if found is not None:
        records = [json.loads(line) for line in found.split("\n")[:-1]]
        assert [record["text"] for record in records] == decoded(data)
        for record in records:
            shares = record["probabilities"]
            assert all(0 <= p <= 1 for p in shares.values())
            assert math.isclose(sum(shares.values()), 1, abs_tol=1e-3)
            assert record["probability"] == shares[record["label"]] == max(shares.values())
            end = 0
            for word in record.get("words", []):
                assert end <= word["start"] < word["end"] <= len(record["text"])
                assert math.isfinite(word["weight"])
                end = word["end"]


@FEW
@given(rows=lines, format_=st.sampled_from([("text",), ("text", "--explain"), ("csv",)]))
def test_sentiment_shows_no_control_characters(run, loaded, rows, format_):
    outcome = run("sentiment", "predict", "-", "--format", *format_, input=b"\n".join(rows))
    ended(outcome)
    if format_ != ("csv",):  # whose own columns stay as they are, but on a terminal
        assert not set(outcome.stdout) & set(CONTROL)


@given(rows=lines, tokens=st.sampled_from([(), ("--tokens",)]))
def test_lm_scores_every_line(run, loaded, rows, tokens):
    data = b"\n".join(rows)
    found = answered(run, ("lm", "score"), data, "--format", "json", *tokens)
    if found is not None:
        records = [json.loads(line) for line in found.split("\n")[:-1]]
        assert [record["text"] for record in records] == decoded(data)
        for record in records:
            assert record["log10"] <= 0 and record["log10"] <= record["log10_known"] + 1e-6
            assert record["perplexity"] is None or record["perplexity"] >= 1
            assert record["tokens"] > record["unknown"] >= 0
            if tokens:
                assert len(record["detail"]) == record["tokens"]
                total = sum(token["log10"] for token in record["detail"])
                assert math.isclose(total, record["log10"], rel_tol=1e-6, abs_tol=1e-6)


numbers = st.one_of(
    st.integers(-2, 6).map(str),
    st.floats().map(str),
    st.sampled_from(["", "x", "1e999", "nan", "-0", "9" * 5_000, "2147483648", "0x10", "²", "1_0"]),
)


@FEW
@given(
    prompt=texts(),
    options=st.dictionaries(
        st.sampled_from(["temperature", "top-k", "top-p", "seed", "sentences", "beams", "num"]),
        numbers,
        max_size=3,
    ),
)
def test_lm_generates_from_any_prompt(run, loaded, prompt, options):
    given_ = [part for name, value in options.items() for part in (f"--{name}", value)]
    outcome = run("lm", "generate", "--length", 5, "--format", "json", "--prompt", prompt, *given_)
    if ended(outcome) == 0:
        rows = [json.loads(line) for line in outcome.stdout.split("\n")[:-1]]
        assert rows and all(isinstance(row["text"], str) for row in rows)


@settings(max_examples=max(settings().max_examples // 4, 10))
@given(
    notes=st.one_of(texts(), st.lists(st.sampled_from(["C4", "E4", "Bb9", "c", "C99", "F#"]))),
    options=st.dictionaries(
        st.sampled_from(["temperature", "top-p", "seed", "takes", "genre", "metre", "tempo"]),
        st.one_of(numbers, texts(), st.sampled_from(["3/4", "0/4", "4/0", "99999/1", "C major"])),
        max_size=2,
    ),
)
def test_music_generates_from_any_notes(run, loaded, tiny_music, tmp_path_factory, notes, options):
    notes = notes if isinstance(notes, str) else " ".join(notes)
    first = ["--primer-notes", notes] if notes else []
    given_ = [part for name, value in options.items() for part in (f"--{name}", value)]
    place = tmp_path_factory.mktemp("music")
    outcome = run(
        *("music", "generate", "--model", tiny_music.model, "--out", place, "--steps", 4),
        *("--format", "json", *first, *given_),
    )
    if ended(outcome) == 0:
        (said,) = map(json.loads, outcome.stdout.split("\n")[:-1])
        assert [path.name for path in place.iterdir()] == [said["files"][0].rpartition("/")[2]]
    else:
        assert not list(place.iterdir())
