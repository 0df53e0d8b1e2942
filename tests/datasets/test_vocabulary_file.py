"""Vocabularies changed by hand: refused before a table is made of them."""

import json

import pytest

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.token_vocabulary import TokenVocabulary
from seqtasks.datasets.vocabulary import Vocabulary

KINDS = {"words": Vocabulary, "tokens": TokenVocabulary}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"NAME": "ab"}, "expected a list of strings as `NAME`"),
        ({"NAME": ["a", 1]}, "expected a list of strings as `NAME`"),
        ({"NAME": ["a", "a"]}, "`NAME` has one of them twice"),
        ({"NAME": ["a", "\ud800"]}, "`NAME` has half a surrogate pair"),
        ({"counts": [1, -1]}, "expected a list of whole numbers as `counts`"),
        ({"counts": [1, True]}, "expected a list of whole numbers as `counts`"),
        ({"counts": [1, 10**400]}, "expected a list of whole numbers as `counts`"),
        ({"counts": [1]}, "expected a count for each of 2 NAME, got 1"),
    ],
)
def test_what_was_never_saved_is_refused(tmp_path, name, change, problem):
    record = {name: ["a", "b"], "counts": [2, 1], "characters": "ab"}
    record |= {key.replace("NAME", name): value for key, value in change.items()}
    path = tmp_path / "vocabulary.json"
    path.write_text(json.dumps(record))
    with pytest.raises(DataError) as error:
        KINDS[name].load(path)
    assert error.value.problem == problem.replace("NAME", name)
    assert str(error.value).startswith(f"{path}: ")


@pytest.mark.parametrize("characters", [None, 1, ["a"], "aa", "\ud800"])
def test_characters_that_are_none(tmp_path, characters):
    path = tmp_path / "vocabulary.json"
    path.write_text(json.dumps({"words": [], "counts": [], "characters": characters}))
    with pytest.raises(DataError, match="characters"):
        Vocabulary.load(path)


def test_the_mark_of_the_end_is_no_token(tmp_path):
    path = tmp_path / "vocabulary.json"
    path.write_text(json.dumps({"tokens": ["</s>"], "counts": [1]}))
    with pytest.raises(DataError, match="mark </s>"):
        TokenVocabulary.load(path)
