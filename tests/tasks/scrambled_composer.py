"""Composers of random weights, to try how they draw."""

import dataclasses
from contextlib import contextmanager
from functools import cache

import numpy as np

from seqtasks.tasks import run_directory
from seqtasks.tasks.music.composer import Composer
from seqtasks.tasks.music.config import check, resolve
from seqtasks.tasks.music.network import Network
from seqtasks.tasks.music.notation import STILL, TOKENS, Notation, tokens_of
from tests.tiny_music import CHORALES, SETS, TINY, voiced

# with the last, voices have pitches in common: the first from 45, the second from 43 to 74
KINDS = {
    "voices": ([*CHORALES, voiced("74 45", "43 74", upbeat=0)], {"cell": "lstm"}),
    "sets": (SETS, {"cell": "gru", "countdown": False}),
}


@cache
def composer(kind):
    """One whose weights are nowhere 0."""
    pieces, settings = KINDS[kind]
    small = {"units": 6, "embedding_size": 5, "hidden": 7, **settings}
    notation = Notation.of(pieces, None, None)
    config = resolve(check(dataclasses.replace(TINY, **small)), notation, 100)
    network = Network(config, notation)
    generator = np.random.default_rng(5)
    for v in network.trainable_variables:
        v.assign(generator.normal(0, 0.5, v.shape))
    network.ending.bias.assign([-3.0])
    return Composer(network)


def only(pitches):
    """A score for each token that leaves silence and these pitches, struck or held."""
    scores = np.full(TOKENS, -1e4)
    scores[[0, STILL, *pitches, *(127 + p for p in pitches)]] = 0
    return {"tokens": scores}


def silence(score):
    """A score for silence, and twice as much for all staying as it is."""
    return {"tokens": score * (np.eye(TOKENS)[0] + 2 * np.eye(TOKENS)[STILL])}


def end(score):
    """A score for the end."""
    return {"ending": score}


@contextmanager
def biased(kind, *scores):
    """The composer with so much added to the scores of tokens, and of the end."""
    network = composer(kind).network
    added = {name: by for some in scores for name, by in some.items()}
    kept = {name: getattr(network, name).bias.numpy() for name in added}
    try:
        for name, by in added.items():
            bias = getattr(network, name).bias
            bias.assign(bias + np.asarray(by, np.float32))
        yield composer(kind)
    finally:
        for name, value in kept.items():
            getattr(network, name).bias.assign(value)


def tokens(pieces):
    """Their tokens, as lists."""
    return [tokens_of(piece).tolist() for piece in pieces]


def written(place, kind):
    """A run directory of the composer, as far as loading reads it."""
    model = composer(kind)
    place.mkdir(parents=True)
    record = {"task": "music", "config": dataclasses.asdict(model.config)}
    run_directory.write_json(place / run_directory.CONFIG, record)
    run_directory.write_json(place / "vocabulary.json", model.notation.as_dict())
    weights = run_directory.weights_of(model.network)
    run_directory.save_arrays(place / run_directory.WEIGHTS, weights)
    return place
