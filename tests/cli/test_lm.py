"""`seqtasks lm …`, in this process."""

import io
import json
import re
import sys
import time
from types import SimpleNamespace

import pytest

from tests.tiny_lm import LINES

FIGURES = re.compile(r"log10 p +(-\S+)  perplexity +(\S+)  (?:\((.*)\)  )?(.*)")
ODD = "A walrus feeds the gulls."  # two words of it are no words of the page


@pytest.fixture
def lm(seqtasks, monkeypatch, tiny_lm, tiny_language_model):
    """`lm("score", …)` with the tiny run, whose model need not be loaded for every command."""
    monkeypatch.setattr("seqtasks.tasks.lm.run.load", lambda _: tiny_language_model)

    def run(command, *arguments):
        return seqtasks("lm", command, "--model", tiny_lm.model, *arguments)

    return run


def answers(outcome):
    """Standard output as JSON Lines, of a command that did its work and had nothing to say."""
    assert (outcome.code, outcome.err) == (0, "")
    return [json.loads(line) for line in outcome.out.splitlines()]


def write_stdin(monkeypatch, data):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))


def test_train_evaluate_and_score_text_of_ones_own(seqtasks, tmp_path):
    lines = [f"the {word} gulls cry for {word} bread\n" for word in ("red", "old", "new")]
    (tmp_path / "gulls.txt").write_text("".join(lines * 20), "utf-8")
    settings = {"units": 8, "batch-size": 4, "separate": False, "epochs": 3, "pretokenised": True}
    (tmp_path / "c.json").write_text(json.dumps(settings))
    data, place = tmp_path / "gulls.txt", tmp_path / "run"
    outcome = seqtasks(
        *("lm", "train", "--data", data, "--shares", "80/10/10", "--model", place),
        *("--config", tmp_path / "c.json", "--epochs", 1, "--cell", "gru", "--layers", 1),
    )
    assert outcome.code == 0, outcome.err
    # results go to standard output, all else to standard error
    assert "perplexity" in outcome.out
    assert "cut into 80/10/10 percent, in order" in outcome.err
    assert "384 words to train, 48 to validate, </s> counted; 8 known" in outcome.err
    assert f"seqtasks lm evaluate --model {place}" in outcome.err
    config = json.loads((place / "config.json").read_text())["config"]
    # the option wins over the file
    assert (config["epochs"], config["units"], config["cell"]) == (1, 8, "gru")
    # the run's own source is cut as it was for training
    for split, tokens in (("test", 48), ("dev", 48), ("train", 384)):
        outcome = seqtasks("lm", "evaluate", "--model", place, "--split", split, "--json")
        scores = json.loads(outcome.out)
        assert (scores["source"], scores["split"], scores["tokens"]) == (str(data), split, tokens)
        assert "not the same data" not in outcome.err
        assert scores["ngram_perplexity"] < scores["perplexity"]  # one epoch is not enough

    (answer,) = answers(seqtasks("lm", "score", "--model", place, "--format", "json", "old fox"))
    assert (answer["text"], answer["tokens"], answer["unknown"]) == ("old fox", 3, 1)


def test_evaluate_in_json(lm, tiny_lm):
    outcome = lm("evaluate", "--json")
    scores = json.loads(outcome.out)
    assert (outcome.code, outcome.out.count("\n")) == (0, 1)
    assert (scores["source"], scores["split"]) == (str(tiny_lm.data), "test")
    # the page is train, dev and test
    assert tiny_lm.scores.items() <= scores.items()
    names = {"perplexity", "bits_per_token", "bits_per_char", "unknown_rate", "tokens", "seconds"}
    assert names | {"source", "split", "ngram_perplexity"} <= scores.keys()


def test_evaluate_a_file_for_people(lm, tiny_language_model, tmp_path):
    path = tmp_path / "other.txt"
    path.write_text(f"{ODD}\nNo fox sings.\n")
    outcome = lm("evaluate", "--data", path)
    head, _, *rows = outcome.out.splitlines()
    shown = dict(re.split(r" {2,}", row) for row in rows)
    (score,) = tiny_language_model.score([path.read_text()])
    assert head == f"{path}, all:"
    assert float(shown["perplexity"]) == pytest.approx(score.perplexity, abs=0.006)
    assert shown["unknown tokens"] == f"{100 * score.unknown / 12:.2f}%"
    assert f"{100 * score.unknown / 12:.0f}% of the tokens are unknown" in outcome.err


def test_score_for_people(lm, tiny_language_model):
    outcome = lm("score", "  Nobody  here has ever seen a whale.\n", ODD)
    assert (outcome.code, outcome.err) == (0, "")
    *lines, comparison = outcome.out.splitlines()
    texts = ["Nobody here has ever seen a whale.", ODD]
    scores = list(tiny_language_model.score(texts))
    known = [token.log10 for token in scores[1].detail if token.id != 1]
    assert len(known) == len(scores[1].detail) - 2
    found = [FIGURES.fullmatch(line).groups() for line in lines]
    assert [row[3] for row in found] == texts
    for (log10, perplexity, _, _), score in zip(found, scores, strict=True):
        assert float(log10) == pytest.approx(score.log10, abs=0.001)
        assert float(perplexity) == pytest.approx(score.perplexity, rel=0.01)
    # without the unknown words: fewer tokens, of a probability of their own
    assert found[0][2] is None
    figures = re.fullmatch(r"without 2 unknown: (\S+), (\S+)", found[1][2]).groups()
    assert float(figures[0]) == pytest.approx(sum(known), abs=0.001)
    assert float(figures[1]) == pytest.approx(10 ** (-sum(known) / len(known)), rel=0.01)
    # what is likelier, and by what factor
    more = scores[0].log10 - scores[1].log10
    assert more > 6
    assert comparison == f"10^{more:.1f} times as likely as {texts[1]!r}: {texts[0]}"


def test_the_likelier_text_is_named_with_the_factor(lm, tiny_language_model):
    texts = ["He mends nets.", "He mends nets in the yard.", "Nets he mends in the yard."]
    logs = [score.log10 for score in tiny_language_model.score(texts)]
    best, second = sorted(range(3), key=lambda i: -logs[i])[:2]
    said = lm("score", *texts).out.splitlines()[-1]
    assert said.endswith(f" times as likely as the next: {texts[best]}")
    factor = float(said.split()[1].replace(",", ""))
    assert factor == pytest.approx(10 ** (logs[best] - logs[second]), rel=0.01)
    # the same text is neither more nor less likely; one alone is compared with nothing
    assert lm("score", ODD, ODD).out.splitlines()[-1].startswith("1.00 times as likely as ")
    assert len(lm("score", ODD).out.splitlines()) == 1


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("place", ["-", "--input -", "file", "byte order mark"])
def test_a_line_in_is_a_line_out(lm, tmp_path, monkeypatch, place, ending):
    lines = [LINES[0], "", "   ", ODD, "", "It lies."]
    data = ending.join(lines).encode()
    data = b"\xef\xbb\xbf" + data if place == "byte order mark" else data
    write_stdin(monkeypatch, data)
    (tmp_path / "in.txt").write_bytes(data)
    given = place.split() if "-" in place else ["--input", tmp_path / "in.txt"]
    found = answers(lm("score", "--format", "json", *given))
    assert [answer["text"] for answer in found] == lines
    assert [answer["tokens"] for answer in found] == [11, 1, 1, 7, 1, 4]  # </s> at least
    assert [answer["unknown"] for answer in found] == [0, 0, 0, 2, 0, 0]
    for answer in found:
        assert answer["perplexity"] == pytest.approx(10 ** (-answer["log10"] / answer["tokens"]))


def test_lines_are_not_compared_and_no_lines_are_no_answers(lm, monkeypatch):
    for lines in (["", "", "It lies."], []):
        write_stdin(monkeypatch, "".join(line + "\n" for line in lines).encode())
        found = lm("score", "-").out.splitlines()
        assert [FIGURES.fullmatch(line)[4] for line in found] == lines


def test_a_slow_writer_gets_its_answers_at_once(lm, monkeypatch):
    answered = []

    def readline(_):
        # the second line is written when the first is answered, or after a while
        until = time.monotonic() + 20
        while answered and "log10" not in sys.stdout.getvalue() and time.monotonic() < until:
            time.sleep(0.01)
        answered.append(sys.stdout.getvalue().count("log10"))
        return b"It lies.\n" if len(answered) < 3 else b""

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=SimpleNamespace(readline=readline)))
    assert len(lm("score", "-").out.splitlines()) == 2
    assert answered[:2] == [0, 1]


def test_tokens_are_printed_as_kenlm_does(lm, tiny_language_model):
    *lines, _ = lm("score", "--tokens", LINES[0], ODD).out.splitlines()
    for line, score in zip(lines, tiny_language_model.score([LINES[0], ODD]), strict=True):
        *tokens, total = line.split("\t")
        parts = [re.fullmatch(r"(.+)=(\d+) (\d+) (-?\d+\.\d+)", token).groups() for token in tokens]
        shown = [(text, int(id_), int(length)) for text, id_, length, _ in parts]
        assert shown == [(t.text, t.id, n) for n, t in enumerate(score.detail, 1)]
        log10, unknown = re.fullmatch(r"Total: (\S+) OOV: (\d+)", total).groups()
        assert float(log10) == pytest.approx(sum(float(p[3]) for p in parts), abs=1e-3)
        assert int(unknown) == [part[1] for part in parts].count("1")
    assert "walrus=1 2 " in lines[1]
    (answer,) = answers(lm("score", "--tokens", "--format", "json", ODD))
    assert [(t["text"], t["id"], n) for n, t in enumerate(answer["detail"], 1)] == shown


def test_the_same_seed_gives_the_same_text(lm):
    once = lm("generate", "--num", 3, "--seed", 5)
    assert lm("generate", "--num", 3, "--seed", 5) == once
    assert lm("generate", "--num", 3, "--seed", 6).out != once.out
    lines = once.out.splitlines()
    assert len(lines) == len(set(lines)) == 3
    # the first of several is the one alone, and JSON holds the same texts
    assert lm("generate", "--seed", 5).out.splitlines() == lines[:1]
    found = answers(lm("generate", "--num", 3, "--seed", 5, "--format", "json"))
    assert found == [{"text": line} for line in lines]


def test_what_is_greedy_depends_on_no_seed(lm):
    greedy = lm("generate", "--greedy", "--prompt", "Her brother")
    assert greedy.out.startswith("Her brother Tom")
    for same in (("--temperature", 0), ("--top-k", 1), ("--top-p", 1e-9)):
        assert lm("generate", "--prompt", "Her brother", "--seed", 7, *same) == greedy


def test_a_text_is_as_long_as_wanted(lm):
    given = "generate", "--greedy", "--prompt", "Her brother"
    assert len(lm(*given, "--length", 2).out.split()) == 4
    two = lm(*given, "--sentences", 2).out.strip()
    assert two.startswith(lm(*given).out.strip())
    assert sum(two.count(stop) for stop in ".!?") == 2
    (answer,) = answers(lm(*given, "--sentences", 0, "--length", 50, "--format", "json"))
    assert len(answer["text"].split()) > 30


def test_beams_are_sorted_and_their_probability_is_that_of_score(lm, tiny_language_model):
    found = answers(lm("generate", "--beams", 6, "--num", 4, "--format", "json"))
    texts, logs = ([answer[name] for answer in found] for name in ("text", "log10"))
    assert len(set(texts)) == 4
    assert logs == sorted(logs, reverse=True)
    greedy = lm("generate", "--greedy").out.strip()
    *scored, greedy = (score.log10 for score in tiny_language_model.score([*texts, greedy]))
    # of the words known alone; the tiny model leaves the unknown next to nothing
    assert logs == pytest.approx(scored, abs=0.01)
    assert logs[0] >= greedy - 0.01
    figure, *text = lm("generate", "--beams", 6).out.split()
    assert (float(figure), " ".join(text)) == (pytest.approx(logs[0], abs=0.001), texts[0])


@pytest.mark.parametrize("way", [(), ("--greedy",), ("--beams", 3)])
def test_the_prompt_stays_at_the_head_unknown_words_too(lm, way):
    (answer,) = answers(lm("generate", "--prompt", "Anna walrus", "--format", "json", *way))
    assert answer["text"].startswith("Anna walrus")
    assert "<unk>" not in answer["text"]


def test_export_prints_where(seqtasks, tmp_path, monkeypatch):
    found = (tmp_path / "out" / "1", 2e-7, 54)
    monkeypatch.setattr("seqtasks.tasks.lm.exporting.export", lambda *_: found)
    _, out, err = seqtasks("lm", "export", "--model", tmp_path / "run", "--out", tmp_path)
    assert (out, "compared on 54 texts" in err) == (f"{found[0]}\n", True)


def test_info_of_a_run_and_the_names_of_sources(seqtasks, tiny_lm):
    record = json.loads(seqtasks("info", tiny_lm.model, "--json").out)
    assert (record["task"], record["metrics"]["dev"]) == ("lm", tiny_lm.scores)
    assert f"perplexity {tiny_lm.scores['perplexity']:.4g}" in seqtasks("info", tiny_lm.model).out
    rows = [line.split() for line in seqtasks("datasets", "list").out.splitlines()]
    names = {row[0] for row in rows if row[1] == "lm"}
    assert names >= {"sample", "pydocs", "tfds:tiny_shakespeare"}
