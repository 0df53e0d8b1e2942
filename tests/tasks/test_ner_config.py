"""What the tagger's settings become for so much data."""

import dataclasses

import pytest

from seqtasks.tasks.ner.config import MIDDLING, SMALL, Config, resolve

SIZES = [1, SMALL, SMALL + 1, MIDDLING, MIDDLING + 1, 10**6]
OPEN = {"embeddings", "init_from", "threads", "relevance_gate"}  # None has a meaning there


@pytest.mark.parametrize("sentences", SIZES)
def test_what_is_open_is_filled_in_and_what_is_given_stays(sentences):
    resolved = dataclasses.asdict(resolve(Config(), sentences))
    assert {name for name, value in resolved.items() if value is None} == OPEN
    given = {"epochs": 3, "batch_size": 7, "units": 5, "learning_rate": 0.0, "vocabulary_size": 0}
    resolved = dataclasses.asdict(resolve(Config(**given), sentences))
    assert {name: resolved[name] for name in given} == given


def test_resolving_again_for_another_size_changes_nothing():
    for sentences in SIZES:
        resolved = resolve(Config(), sentences)
        assert all(resolve(resolved, other) == resolved for other in SIZES)
