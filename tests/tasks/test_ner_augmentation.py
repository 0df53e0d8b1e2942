import dataclasses

import numpy as np
import pytest

from seqtasks.datasets.examples import TaggedSentence
from seqtasks.datasets.tags import spans
from seqtasks.tasks.ner.augmentation import augmented, mentions, pieces, split, swapped
from seqtasks.tasks.ner.config import Config

SENTENCES = [
    TaggedSentence(("Ana", "met", "Tim", "Rice", "."), ("B-PER", "O", "B-PER", "I-PER", "O")),
    TaggedSentence(("Oslo", "is", "@home", "."), ("B-LOC", "O", "O", "O")),
    TaggedSentence(("no", "name", "here"), ("O", "O", "O")),
]
NAMES = mentions(SENTENCES)


def names(sentence):
    return [(s.type, sentence.tokens[s.start : s.end]) for s in spans(sentence.tags)]


def settings(**changes):
    return dataclasses.replace(Config(), **{"swap": 0.0, "split": 0.0, "recase": 0.0, **changes})


def test_mentions_are_the_entities_by_type():
    found = {type_: [part.tokens for part in parts] for type_, parts in NAMES.items()}
    assert found == {"PER": [("Ana",), ("Tim", "Rice")], "LOC": [("Oslo",)]}


def test_a_swap_changes_names_for_others_of_their_type_and_nothing_else():
    generator = np.random.default_rng(0)
    seen = set()
    for _ in range(50):
        changed = swapped(SENTENCES[0], NAMES, 1.0, generator)
        assert [type_ for type_, _ in names(changed)] == ["PER", "PER"]
        assert all(name in {("Ana",), ("Tim", "Rice")} for _, name in names(changed))
        outside = [t for t, tag in zip(changed.tokens, changed.tags, strict=True) if tag == "O"]
        assert outside == ["met", "."]
        seen.add(changed.tokens)
    assert len(seen) == 4  # each of two names in each of two places


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("don't", ["don", "'", "t"]),
        ("@home", ["@", "home"]),
        ("word", ["word"]),
        ("...", [".", ".", "."]),
        ("", [""]),
    ],
)
def test_pieces(token, expected):
    assert pieces(token) == expected


def test_a_split_keeps_the_entities():
    sentence = TaggedSentence(("O'Neill", "of", "AT&T"), ("B-PER", "O", "B-ORG"))
    changed = split(sentence)
    assert "".join(changed.tokens) == "O'NeillofAT&T"
    assert names(changed) == [("PER", ("O", "'", "Neill")), ("ORG", ("AT", "&", "T"))]


def test_case_changes_whole_sentences_and_no_tag():
    changed = augmented(SENTENCES * 30, NAMES, settings(recase=1.0), 0)
    kinds = set()
    for before, after in zip(SENTENCES * 30, changed, strict=True):
        assert after.tags == before.tags
        lower = tuple(token.lower() for token in before.tokens)
        upper = tuple(token.upper() for token in before.tokens)
        assert after.tokens in (lower, upper)
        kinds.add(after.tokens == upper)
    assert kinds == {True, False}


def test_nothing_changes_where_nothing_is_asked_for():
    assert augmented(SENTENCES, NAMES, settings(), 3) == SENTENCES


def test_an_epoch_is_a_function_of_seed_and_epoch():
    config = settings(swap=0.5, split=0.5, recase=0.5)

    def epoch(number, seed=1):
        changed = dataclasses.replace(config, seed=seed)
        return augmented(SENTENCES * 20, NAMES, changed, number)

    assert epoch(0) == epoch(0)
    assert epoch(0) != epoch(1)
    assert epoch(0) != epoch(0, seed=2)
