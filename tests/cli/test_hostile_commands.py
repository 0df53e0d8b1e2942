"""Whatever texts and options a command is given, it answers, or says in one line why not."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cli.outcomes import CONTROL, ended, records
from tests.hostile import ODD_BYTES, texts

FEW = settings(max_examples=max(settings().max_examples // 3, 10))

lines = st.lists(
    st.one_of(
        texts().map(str.encode),
        st.sampled_from([odd for odd in ODD_BYTES if b"\n" not in odd]),
        st.binary(max_size=20).map(lambda data: data.replace(b"\n", b" ")),
    ),
    max_size=4,
).map(b"\n".join)


def decoded(data):
    """The lines of an input, as a command reads them; None where one is no UTF-8."""
    rows = data.split(b"\n")
    rows = rows[:-1] if rows[-1] == b"" else rows
    try:
        found = [row.decode("utf-8-sig" if n == 0 else "utf-8") for n, row in enumerate(rows)]
    except UnicodeDecodeError:
        return None
    return [row.rstrip("\r") for row in found]


def answered(run, command, data, *options):
    """Standard output of a command that read `data`; None where it refused it, as it must."""
    outcome = run(*command.split(), "-", *options, input=data)
    if decoded(data) is None:
        assert ended(outcome) == 1
        return None
    assert ended(outcome) == 0, outcome.stderr
    assert not set(outcome.stdout) & CONTROL
    return outcome.stdout


def answers(run, command, data, *options):
    """A record for each line of `data`; none where the command refused it, as it must."""
    out = answered(run, command, data, "--format", "json", *options)
    if out is None:
        return []
    found = records(out)
    assert [record["text"] for record in found] == decoded(data)
    return found


def in_order(parts, text):
    """Whether parts of a text come one behind the other in it, and none is empty."""
    places = [0, *(place for part in parts for place in (part["start"], part["end"])), len(text)]
    return places == sorted(places) and all(part["start"] < part["end"] for part in parts)


@given(data=lines)
def test_ner_answers_every_line(run, loaded, data):
    for record in answers(run, "ner predict", data):
        assert in_order(record["entities"], record["text"])
        for entity in record["entities"]:
            assert record["text"][entity["start"] : entity["end"]] == entity["text"]
            assert 0 <= entity["confidence"] <= 1


@FEW
@given(data=lines)
def test_ner_answers_in_a_line_of_text_each(run, loaded, data):
    found = answered(run, "ner predict", data, "--format", "text")
    if found is not None:
        assert found.count("\n") == len(decoded(data))


@FEW
@given(data=lines)
def test_ner_answers_in_columns(run, loaded, data):
    found = answered(run, "ner predict", data, "--format", "conll")
    if found is not None:
        rows = [row for row in found.split("\n") if row]
        assert all(token and tag for token, tag in (row.split("\t") for row in rows))


@given(data=lines, window=st.sampled_from([(), ("--window", "2"), ("--explain",)]))
def test_sentiment_answers_every_line(run, loaded, data, window):
    for record in answers(run, "sentiment predict", data, *window):
        shares = record["probabilities"]
        assert all(0 <= p <= 1 for p in shares.values())
        assert math.isclose(sum(shares.values()), 1, abs_tol=1e-3)
        assert record["probability"] == shares[record["label"]] == max(shares.values())
        words = record.get("words", [])
        assert in_order(words, record["text"])
        assert all(math.isfinite(word["weight"]) for word in words)


@FEW
@given(data=lines, format_=st.sampled_from([("text",), ("text", "--explain"), ("csv",)]))
def test_sentiment_shows_no_control_characters(run, loaded, data, format_):
    outcome = run("sentiment", "predict", "-", "--format", *format_, input=data)
    assert ended(outcome) == (1 if decoded(data) is None else 0)
    if format_ != ("csv",):  # whose own columns stay as they are, but on a terminal
        assert not set(outcome.stdout) & CONTROL


@given(data=lines, tokens=st.sampled_from([(), ("--tokens",)]))
def test_lm_scores_every_line(run, loaded, data, tokens):
    for record in answers(run, "lm score", data, *tokens):
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
        rows = records(outcome.stdout)
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
        (said,) = records(outcome.stdout)
        assert [path.name for path in place.iterdir()] == [said["files"][0].rpartition("/")[2]]
    else:
        assert not list(place.iterdir())
