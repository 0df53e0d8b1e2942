"""A tagger that a test can afford: a dozen sentences, eight units."""

import re

import numpy as np

from seqtasks.datasets.conll import write_conll
from seqtasks.datasets.examples import TaggedSentence
from seqtasks.tasks.ner.config import Config

MARKED = """
[PER Ada Lovelace] met [PER Tim] in [LOC Oslo] .
[PER Tim] lives in [LOC New York] .
[LOC Oslo] is cold , said [PER Ada] .
[PER Ana Maria Reyes] works for [ORG Acme Corp] .
[ORG Acme Corp] left [LOC Paris] in May .
Nobody saw the café in [LOC Paris] .
[PER Bob] and [PER Tim] joined [ORG Initech] .
It rains .
[ORG Initech] hired [PER Ana Maria Reyes] [PER Bob] !
In [LOC New York] , [ORG Acme Corp] grows .
[PER Zoë] sings in [LOC Paris] .
The train to [LOC Oslo] was late , wrote [PER Zoë] .
"""

# a little of what is random in training, so that resuming has something to repeat, and so little
# that a dozen sentences can be learnt by heart
TINY = Config(
    units=8,
    word_size=16,
    character_size=8,
    character_units=8,
    dropout=0.05,
    word_dropout=0.02,
    rare_word_dropout=0.0,
    character_dropout=0.01,
    swap=0.1,
    split=0.0,
    recase=0.0,
    epochs=30,
    batch_size=4,
    learning_rate=0.1,
    averaging=0.0,
    patience=0,
)


def sentence(marked):
    """`[PER Ada Lovelace] sings` as tokens and tags."""
    tokens, tags = [], []
    for type_, name, word in re.findall(r"\[(\w+) ([^\]]+)\]|(\S+)", marked):
        words = name.split() if type_ else [word]
        tokens += words
        tags += [f"{'I' if i else 'B'}-{type_}" if type_ else "O" for i in range(len(words))]
    return TaggedSentence(tuple(tokens), tuple(tags))


SENTENCES = [sentence(line) for line in MARKED.strip().splitlines()]


def write_data(directory):
    """A source with the same dozen sentences in train, dev and test, so that they can be learnt."""
    directory.mkdir(parents=True, exist_ok=True)
    for split in ("train", "dev", "test"):
        write_conll(directory / f"{split}.conll", SENTENCES)
    return directory


def arrays(path):
    """What is in an .npz file."""
    with np.load(path) as file:
        return dict(file)


def assert_same_arrays(one, other):
    """The same names with the same bits."""
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert value.dtype == other[name].dtype
        np.testing.assert_array_equal(value, other[name], err_msg=name)


def tree(directory):
    """All that is in a directory, with contents, to compare before and after."""
    return {
        str(path.relative_to(directory)): path.read_bytes() if path.is_file() else None
        for path in sorted(directory.rglob("*"))
    }


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
