"""A tagger from its data to its answers, as a library: train, load, tag, evaluate."""

import csv
import dataclasses
import inspect
import json
import re
import shutil

import numpy as np
import pytest

from seqtasks.datasets.conll import write_conll
from seqtasks.datasets.examples import Entity, TaggedSentence, TaggedText
from seqtasks.datasets.jsonl import read_jsonl, write_jsonl
from seqtasks.datasets.sources import load_tagged
from seqtasks.datasets.vocabulary import FIRST, Vocabulary
from seqtasks.tasks import ner, run_directory, training
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.ner.data import sentences_of
from tests.tiny_ner import SENTENCES, TINY, arrays, assert_same_arrays, tree

TEXTS = [" ".join(s.tokens) for s in SENTENCES]
# what texts can hold: several sentences, signs beyond the first plane, no space, no letter
ODD = [
    "",
    "  \t ",
    "\u200d",
    "Tim lives in Oslo. Zoë sings!\nAcme Corp left Paris?",
    "😀 Zoë sings — in  New York… «Bob»",
    "(Ana Maria Reyes)",
    "...",
    "naïve\u0301 café",
]


def train(config, data, out, **options):
    said = []
    scores = ner.train(config, load_tagged(str(data)), out, say=said.append, **options)
    return scores, "\n".join(said)


def quick(**settings):
    return dataclasses.replace(TINY, **{"epochs": 1, **settings})


def answers(lines):
    return [(line.tokens, line.tags, [entity[:4] for entity in line.entities]) for line in lines]


def test_the_verbs_stay_functions(tiny_run):
    import seqtasks.tasks.ner.run  # noqa: F401

    for verb in ("build_model", "train", "load", "evaluate", "export"):
        for _ in range(2):
            assert inspect.isfunction(getattr(ner, verb)), verb


# learning


def test_a_dozen_sentences_are_learnt_by_heart(tiny_run, tiny_tagger):
    assert tiny_run.scores["f1"] == 1.0
    assert tiny_tagger.tag_sentences([s.tokens for s in SENTENCES]) == [s.tags for s in SENTENCES]


def test_a_run_directory_holds_what_it_should(tiny_run):
    assert {path.name for path in tiny_run.model.iterdir()} == {
        "config.json",
        "curves.png",
        "examples.json",
        "history.csv",
        "metrics.json",
        "vocabulary.json",
        "weights.npz",
    }
    record = json.loads((tiny_run.model / "config.json").read_text("utf-8"))
    assert record["task"] == "ner"
    assert record["data"]["source"] == str(tiny_run.data)
    assert record["data"]["fingerprint"] == load_tagged(str(tiny_run.data)).fingerprint
    assert record["tags"] == ["O", *(f"{b}-{t}" for t in ("LOC", "ORG", "PER") for b in "BI")]
    assert {"seqtasks", "tensorflow", "keras", "numpy", "python"} <= record["versions"].keys()
    # every setting is there, resolved
    config = ner.Config(**record["config"])
    assert config.peephole is False
    assert config.units == TINY.units
    assert [path.name for path in tiny_run.model.parent.iterdir() if path.name[0] == "."] == []


def test_what_is_saved_is_what_is_loaded(tiny_run, tiny_tagger):
    assert_same_arrays(
        arrays(tiny_run.model / "weights.npz"), run_directory.weights_of(tiny_tagger.network)
    )
    # the scores that training returned are those of the loaded tagger
    result = ner.evaluate(tiny_tagger, load_tagged(str(tiny_run.data)).splits["dev"])
    for name in ("f1", "precision", "recall", "per_type", "entities"):
        assert result.scores[name] == tiny_run.scores[name]
    again = ner.load(tiny_run.model)
    assert list(again.tag_texts(TEXTS + ODD)) == list(tiny_tagger.tag_texts(TEXTS + ODD))


# tagging


def test_texts_are_tagged_as_their_tokens_are(tiny_tagger):
    lines = list(tiny_tagger.tag_texts(TEXTS))
    assert [line.tokens for line in lines] == [list(s.tokens) for s in SENTENCES]
    assert [tuple(line.tags) for line in lines] == tiny_tagger.tag_sentences(
        [s.tokens for s in SENTENCES]
    )


def test_offsets_cut_out_the_entity(tiny_tagger):
    lines = list(tiny_tagger.tag_texts(TEXTS + ODD))
    assert [line.text for line in lines] == TEXTS + ODD
    for line in lines:
        for entity in line.entities:
            assert line.text[entity.start : entity.end] == entity.text
            assert 0 <= entity.confidence <= 1
        begun = sum(tag.startswith("B-") for tag in line.tags)
        assert len(line.entities) == begun
    assert [e.text for e in lines[0].entities] == ["Ada Lovelace", "Tim", "Oslo"]


def test_no_character_of_a_text_is_lost(tiny_tagger):
    for line in tiny_tagger.tag_texts(TEXTS + ODD[:2] + ODD[3:]):
        assert "".join(line.tokens) == re.sub(r"\s", "", line.text)
        assert len(line.tokens) == len(line.tags) == len(line.heads)


def test_sentences_of_one_text_are_tagged_each_by_itself(tiny_tagger):
    parts = ["Tim lives in Oslo.", "Zoë sings in Paris!", "Acme Corp left New York."]
    alone = [line for part in parts for line in tiny_tagger.tag_texts([part])]
    (joined,) = tiny_tagger.tag_texts([" ".join(parts)])
    assert joined.tags == [tag for line in alone for tag in line.tags]
    assert sum(joined.heads) == 3
    assert [e[:2] for e in joined.entities] == [e[:2] for line in alone for e in line.entities]


def test_a_line_of_5000_words_loses_nothing(tiny_tagger):
    words = [f"Tim{i}" if i % 7 == 0 else "saw" for i in range(5000)]
    (line,) = tiny_tagger.tag_texts([" ".join(words)])
    assert line.tokens == words
    assert len(line.tags) == 5000
    assert all(line.text[e.start : e.end] == e.text for e in line.entities)


@pytest.mark.parametrize("text", ["", " ", "\t \u00a0", "\x00\x01", "\u2028"])
def test_a_text_without_a_word_has_no_entities(tiny_tagger, text):
    (line,) = tiny_tagger.tag_texts([text])
    assert (line.text, line.tokens, line.tags, line.entities) == (text, [], [], [])


def test_no_text_no_answer(tiny_tagger):
    assert list(tiny_tagger.tag_texts([])) == []
    assert tiny_tagger.tag_sentences([]) == []


def test_half_a_surrogate_pair_keeps_the_places(tiny_tagger):
    (line,) = tiny_tagger.tag_texts(["\ud83d Tim lives in Oslo ."])
    assert [line.text[e.start : e.end] for e in line.entities] == [e.text for e in line.entities]
    assert "Tim" in line.tokens


def test_batching_changes_no_answer(tiny_tagger, monkeypatch):
    texts = TEXTS + ODD
    together = list(tiny_tagger.tag_texts(texts))
    alone = [line for text in texts for line in tiny_tagger.tag_texts([text])]
    assert answers(together) == answers(alone)
    monkeypatch.setattr("seqtasks.tasks.ner.tagger.BATCH_TOKENS", 30)
    in_small_batches = list(tiny_tagger.tag_texts(texts[::-1]))[::-1]
    assert answers(together) == answers(in_small_batches)
    for lines in (alone, in_small_batches):
        for one, other in zip(together, lines, strict=True):
            np.testing.assert_allclose(
                [e.confidence for e in one.entities],
                [e.confidence for e in other.entities],
                atol=2e-4,
            )


# other sources


def text_of(sentence):
    """The sentence as a raw text with offsets."""
    text, entities, places = "", [], []
    for token in sentence.tokens:
        places.append((len(text), len(text) + len(token)))
        text += token + " "
    from seqtasks.datasets.tags import spans

    for span in spans(sentence.tags):
        entities.append(Entity(places[span.start][0], places[span.end - 1][1], span.type))
    return TaggedText(text, tuple(entities))


def joined(one, other):
    """Two raw texts as one paragraph."""
    moved = [Entity(e.start + len(one.text), e.end + len(one.text), e.type) for e in other.entities]
    return TaggedText(one.text + other.text, (*one.entities, *moved))


def write_raw(directory):
    """The sentences as raw texts with offsets, two of them in one paragraph."""
    texts = [text_of(s) for s in SENTENCES]
    directory.mkdir()
    write_jsonl(directory / "train.jsonl", [joined(texts[0], texts[1]), *texts[2:]])
    write_conll(directory / "dev.conll", SENTENCES)
    return directory


def test_raw_text_is_cut_into_the_sentences_that_predict_would_see(tmp_path):
    source = load_tagged(str(write_raw(tmp_path / "data")))
    assert len(source.splits["train"]) == len(SENTENCES) - 1
    assert sentences_of(source.splits["train"], 100) == (SENTENCES, ())
    cut, _ = sentences_of(source.splits["train"], 3)  # no sentence is longer than that
    assert max(len(s.tokens) for s in cut) == 3
    assert [t for s in cut for t in s.tokens] == [t for s in SENTENCES for t in s.tokens]


def test_what_predict_says_can_be_evaluated(tiny_tagger, tmp_path):
    lines = list(tiny_tagger.tag_texts(TEXTS))
    examples = [
        TaggedText(line.text, tuple(Entity(e.start, e.end, e.type) for e in line.entities))
        for line in lines
    ]
    write_jsonl(tmp_path / "found.jsonl", examples)
    result = ner.evaluate(tiny_tagger, read_jsonl(tmp_path / "found.jsonl"))
    assert result.scores["f1"] == 1.0
    assert result.scores["sentences"] == len(TEXTS)
    assert result.scores["tokens"] == sum(len(line.tokens) for line in lines)
    assert result.notes == ()
    assert result.mistakes == []


def test_an_entity_within_a_word_is_widened_and_counted(tiny_tagger):
    text = TaggedText("Timothy lives .", (Entity(0, 3, "PER"),))
    result = ner.evaluate(tiny_tagger, [text])
    assert result.notes[0].startswith("1 entities do not begin and end where tokens do")
    assert result.scores["entities"] == 1


def test_an_entity_over_the_end_of_a_sentence_is_cut_there(tiny_tagger):
    text = TaggedText("Tim went. Oslo slept.", (Entity(4, 14, "ORG"),))
    result = ner.evaluate(tiny_tagger, [text])
    assert result.scores["sentences"] == 2
    assert result.scores["per_type"]["ORG"]["entities"] == 2


# pretrained vectors


def test_pretrained_vectors_are_where_learning_begins(tmp_path):
    vectors = tmp_path / "vectors.txt"
    vectors.write_text("oslo 1 2 3\nTim 4 5 6\nmadrid 7 8 9\nrome 0 0 1\n", "utf-8")
    out = tmp_path / "run"
    plain = {"cell": "rnn", "decoder": "softmax", "characters": "none", "bidirectional": False}
    config = quick(learning_rate=0.0, embeddings=str(vectors), embedded_words=1, **plain)
    _, said = train(config, write_raw(tmp_path / "raw"), out)
    vocabulary = Vocabulary.load(out / "vocabulary.json")
    embeddings = arrays(out / "weights.npz")["tagger/word/embeddings"]
    assert embeddings.shape == (FIRST + len(vocabulary.words), 3)
    known = {word: embeddings[FIRST + i] for i, word in enumerate(vocabulary.words)}
    np.testing.assert_array_equal(known["oslo"], [1, 2, 3])
    np.testing.assert_array_equal(known["tim"], [4, 5, 6])
    # a word that training never saw is known; of those only so many are taken
    np.testing.assert_array_equal(known["madrid"], [7, 8, 9])
    assert "rome" not in known
    assert json.loads((out / "config.json").read_text())["config"]["word_size"] == 3
    assert "3 vectors of 3 numbers" in said
    # words without a vector differ from each other, and from run to run they do not
    assert not np.array_equal(known["paris"], known["in"])
    # the run needs the file no more
    vectors.unlink()
    tagger = ner.load(out)
    assert len(list(tagger.tag_texts(TEXTS))) == len(TEXTS)


# interruption


@pytest.fixture
def interrupt(monkeypatch):
    """Ctrl-C comes while the checkpoint number `epoch` (counted from 1) is about to be written."""

    def interrupt(epoch):
        written = []

        def save(path, arrays):
            written.append(path)
            if len(written) == epoch:
                raise KeyboardInterrupt
            run_directory.save_arrays(path, arrays)

        monkeypatch.setattr(training, "save_arrays", save)

    return interrupt


def history(run):
    with (run / "history.csv").open(newline="") as file:
        return [
            {name: value for name, value in row.items() if name != "seconds"}
            for row in csv.DictReader(file)
        ]


def test_a_resumed_run_is_as_if_never_interrupted(tiny_run, tmp_path, interrupt):
    out = tmp_path / "run"
    # a run that is there stays until the one that replaces it is done
    shutil.copytree(tiny_run.model, out)
    (out / "metrics.json").write_text("{}")
    before = tree(out)
    # the first interruption comes before there is any checkpoint
    (tmp_path / ".run.partial").mkdir()
    shutil.copy(tiny_run.model / "config.json", tmp_path / ".run.partial")
    interrupt(4)
    # the settings it was begun with count, not those given now
    other = dataclasses.replace(TINY, seed=9, epochs=1)
    with pytest.raises(KeyboardInterrupt):
        train(other, tiny_run.data, out, resume=True)
    assert tree(out) == before
    interrupt(0)
    scores, _ = train(other, tiny_run.data, out, resume=True)
    assert scores == tiny_run.scores
    assert_same_arrays(arrays(out / "weights.npz"), arrays(tiny_run.model / "weights.npz"))
    assert history(out) == history(tiny_run.model)
    once, now = tree(tiny_run.model), tree(out)
    assert once.keys() == now.keys()
    for name in ("config.json", "metrics.json", "vocabulary.json", "examples.json"):
        assert once[name] == now[name], name
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_an_unfinished_run_goes_on_with_its_own_data_only(tiny_run, tmp_path):
    shutil.copytree(tiny_run.model, tmp_path / ".run.partial")
    data = tmp_path / "data"
    data.mkdir()
    write_conll(data / "train.conll", SENTENCES[:8])
    write_conll(data / "dev.conll", SENTENCES[8:])
    before = tree(tmp_path)
    with pytest.raises(TaskError, match=r"was begun with other data.*--overwrite starts anew"):
        train(quick(), data, tmp_path / "run", resume=True)
    with pytest.raises(TaskError, match="--resume goes on with it, --overwrite starts anew"):
        train(quick(), data, tmp_path / "run")
    assert tree(tmp_path) == before


# evaluation


def test_a_tag_that_training_never_saw_is_a_counted_miss(tiny_tagger):
    strange = TaggedSentence(("Tim", "saw", "Hamlet", "II"), ("B-PER", "O", "B-WORK", "I-WORK"))
    result = ner.evaluate(tiny_tagger, [*SENTENCES, strange])
    (note,) = result.notes
    assert note.startswith("2 tags of types that training never saw (WORK)")
    assert "missed" in note
    assert result.scores["per_type"]["WORK"] == {
        "precision": 0.0,
        "recall": 0.0,
        "f1": 0.0,
        "entities": 1,
    }
    assert result.scores["recall"] < 1.0


@pytest.mark.parametrize(
    ("true", "kinds"),
    [
        # the tagger knows the first sentence by heart: Ada Lovelace PER, Tim PER, Oslo LOC
        ("B-PER I-PER O B-PER O B-LOC O", []),
        ("B-PER I-PER O B-PER O B-ORG O", [("type", "ORG Oslo", "LOC Oslo")]),
        ("B-PER O O B-PER O B-LOC O", [("bounds", "PER Ada", "PER Ada Lovelace")]),
        ("B-ORG O O B-PER O B-LOC O", [("bounds and type", "ORG Ada", "PER Ada Lovelace")]),
        ("B-PER I-PER O O O B-LOC O", [("invented", "", "PER Tim")]),
        ("B-PER I-PER O B-PER O B-LOC B-LOC", [("missed", "LOC .", "")]),
        # two entities where one was found: the second has no counterpart
        (
            "B-PER B-PER O B-PER O B-LOC O",
            [("bounds", "PER Ada", "PER Ada Lovelace"), ("missed", "PER Lovelace", "")],
        ),
    ],
)
def test_mistakes_have_a_kind(tiny_tagger, true, kinds):
    first = TaggedSentence(SENTENCES[0].tokens, tuple(true.split()))
    result = ner.evaluate(tiny_tagger, [SENTENCES[1], first])
    text = " ".join(first.tokens)
    assert result.mistakes == [(2, *kind, text) for kind in kinds]


# what cannot be trained or loaded


@pytest.mark.parametrize(
    ("split", "content", "message"),
    [
        ("train", '{"text": "Nobody came.", "entities": []}\n', "has no entity, only O tags"),
        ("train", '{"text": "  ", "entities": []}\n', "the train split has no word"),
        ("dev", '{"text": "", "entities": []}\n', "the dev split has no word"),
    ],
)
def test_data_that_teach_nothing_are_refused(tmp_path, split, content, message):
    data = tmp_path / "data"
    data.mkdir()
    for name in ("train", "dev"):
        if name == split:
            (data / f"{name}.jsonl").write_text(content)
        else:
            write_conll(data / f"{name}.conll", SENTENCES)
    before = tree(tmp_path)
    with pytest.raises(TaskError, match=message):
        train(quick(), data, tmp_path / "run")
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    "settings",
    [
        {"cell": "gru", "peephole": True},
        {"cell": "lstm", "relevance_gate": True},
        {"units": 0},
        {"learning_rate": float("nan")},
    ],
)
def test_settings_that_cannot_be_are_refused_before_anything_is_written(
    tiny_run, tmp_path, settings
):
    with pytest.raises(TaskError, match=next(reversed(settings))):
        train(quick(**settings), tiny_run.data, tmp_path / "run")
    assert tree(tmp_path) == {}


@pytest.mark.parametrize("name", ["config.json", "vocabulary.json", "weights.npz"])
@pytest.mark.parametrize("damage", ["missing", "cut off", "empty"])
def test_a_broken_run_is_told_as_such(tiny_run, tmp_path, name, damage):
    run = tmp_path / "run"
    shutil.copytree(tiny_run.model, run)
    content = (run / name).read_bytes()
    (run / name).unlink()
    if damage != "missing":
        (run / name).write_bytes(content[: len(content) // 2 if damage == "cut off" else 0])
    with pytest.raises(TaskError) as error:
        ner.load(run)
    assert str(run) in str(error.value)
    assert "train" in str(error.value)


def test_a_run_with_a_weight_of_another_shape_is_broken(tiny_run, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(tiny_run.model, run)
    weights = arrays(run / "weights.npz")
    weights["tagger/scores/bias"] = weights["tagger/scores/bias"][:-1]
    run_directory.save_arrays(run / "weights.npz", weights)
    with pytest.raises(TaskError, match="tagger/scores/bias"):
        ner.load(run)
