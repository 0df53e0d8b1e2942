"""Runs that nobody trained, of every task and every recurrent cell: random weights, nowhere 0."""

import dataclasses
import shutil
from collections import Counter

import numpy as np
import pytest

from seqtasks.datasets.token_vocabulary import TokenVocabulary
from seqtasks.datasets.vocabulary import Vocabulary
from seqtasks.tasks import lm, music, ner, run_directory, saved_model, sentiment
from seqtasks.tasks.lm.config import check as lm_check
from seqtasks.tasks.lm.config import resolve as lm_resolve
from seqtasks.tasks.music.config import check as music_check
from seqtasks.tasks.music.config import resolve as music_resolve
from seqtasks.tasks.music.notation import Notation
from seqtasks.tasks.ner.config import resolve as ner_resolve
from seqtasks.tasks.sentiment.config import resolve as sentiment_resolve
from seqtasks.tasks.sentiment.evidence import Evidence, pair_keys
from tests import tiny_lm, tiny_music, tiny_ner, tiny_sentiment

TASKS = {"ner": ner, "sentiment": sentiment, "lm": lm, "music": music}
TAGS = ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")
CELLS = {
    "rnn": {"cell": "rnn"},
    "gru": {"cell": "gru", "relevance_gate": False},
    "gru-relevance": {"cell": "gru", "relevance_gate": True},
    "lstm": {"cell": "lstm", "peephole": False},
    "lstm-peephole": {"cell": "lstm", "peephole": True},
}
# of exports: what is tried beside the cell
MORE = {
    ("ner", "gru"): {"characters": "recurrent"},
    ("ner", "lstm"): {"characters": "none"},
    ("ner", "rnn"): {"decoder": "softmax"},
    ("sentiment", "lstm-peephole"): {"characters": "convolution"},
    ("sentiment", "gru"): {"pooling": "attention"},
    ("sentiment", "rnn"): {"pooling": "last"},
    ("lm", "gru"): {"level": "char"},
    ("lm", "lstm"): {"layers": 2},
    ("music", "lstm"): {"layers": 2},
}
SMALL = {"units": 6, "word_size": 6, "character_size": 4, "character_units": 4, "layers": 1}


def write(task, place, **settings):
    """The run directory of a task's network with these settings, as far as loading reads it."""
    network, vocabulary, examples, more = _NETWORKS[task](settings)
    generator = np.random.default_rng(11)
    for variable in network.trainable_variables:
        variable.assign(generator.normal(0, 0.5, variable.shape))
    place.mkdir(parents=True)
    record = {"task": task, "config": dataclasses.asdict(network.config), **more}
    run_directory.write_json(place / run_directory.CONFIG, record)
    run_directory.write_json(place / "vocabulary.json", vocabulary)
    run_directory.write_json(place / "examples.json", examples)
    weights = run_directory.weights_of(network)
    run_directory.save_arrays(place / run_directory.WEIGHTS, weights)
    return place


def export(task, place, **settings):
    """An export of such a run: its directory, moved and read-only; and the run's model, in use.

    The run itself is gone, and nothing but the caller compares the two.
    """
    run = write(task, place / "run", **settings)
    model = TASKS[task].load(run)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"seqtasks.tasks.{task}.exporting.load", lambda _: model)
        patch.setattr(saved_model, "verify", lambda *_: [0.0])
        directory = TASKS[task].export(run, place / task)[0]
    shutil.rmtree(run)
    moved = place / "else where" / task
    moved.parent.mkdir()
    directory.parent.rename(moved)
    for path in moved.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    return moved / directory.name, model


def _tagger(settings):
    config = dataclasses.replace(tiny_ner.TINY, **{**SMALL, **settings})
    tokens = [list(sentence.tokens) for sentence in tiny_ner.SENTENCES]
    words = Vocabulary.count([token for row in tokens for token in row])
    network = ner.build_model(ner_resolve(config, len(tokens)), words, TAGS)
    network.lift.assign([0.0, *[0.2] * (len(TAGS) - 1)])
    return network, dataclasses.asdict(words), tokens[:3], {"tags": TAGS}


def _classifier(settings):
    config = dataclasses.replace(tiny_sentiment.TINY, **{**SMALL, **settings})
    words = Vocabulary.count(" ".join(tiny_sentiment.TEXTS).split())
    labels = tiny_sentiment.LABELS
    ids, random = np.arange(2, 2 + len(words.words)), np.random.default_rng(12)
    keys = np.unique(pair_keys(random.choice(ids, 300), random.choice(ids, 300)))
    said = random.normal(0, 0.3, (2 + len(ids) + len(keys), len(labels))).astype(np.float32)
    evidence = Evidence(said[: 2 + len(ids)], keys, said[2 + len(ids) :], np.zeros((0, 2, 3)))
    config = dataclasses.replace(config, evidence=True, pairs=len(keys))
    network = sentiment.build_model(
        sentiment_resolve(config, 100), words, labels, evidence=evidence
    )
    network.temperature.assign(1.5)
    return network, dataclasses.asdict(words), tiny_sentiment.TEXTS[:3], {"labels": labels}


def _language_model(settings):
    tiny = tiny_lm.TINY_CHAR if settings.get("level") == "char" else tiny_lm.TINY
    small = {"units": 6, "layers": 1, "embedding_size": None, "relevance_gate": None}
    config = dataclasses.replace(tiny, **{**small, **settings})
    tokens = [*tiny_lm.TEXT] if config.level == "char" else tiny_lm.TEXT.split()
    counted = TokenVocabulary.count(Counter(tokens))
    network = lm.build_model(lm_resolve(lm_check(config), len(tokens), 1), counted)
    return network, dataclasses.asdict(counted), tiny_lm.LINES[:3], {}


def _composer(settings):
    pieces = tiny_music.SETS if settings.pop("sets", False) else tiny_music.CHORALES
    small = {"units": 6, "embedding_size": 5, "hidden": 7}
    config = dataclasses.replace(tiny_music.TINY, **{**small, **settings})
    notation = Notation.of(pieces, None, None)
    network = music.build_model(music_resolve(music_check(config), notation, 100), notation)
    network.ending.bias.assign([-3.0])
    return network, notation.as_dict(), [], {}


_NETWORKS = {
    "ner": _tagger,
    "sentiment": _classifier,
    "lm": _language_model,
    "music": _composer,
}
