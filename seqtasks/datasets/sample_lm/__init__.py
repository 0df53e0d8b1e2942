"""The embedded sample for language models: sentences whose true probabilities are known.

They are drawn from a probabilistic context-free grammar, `grammar.txt` over `words.txt`, both
written for this project: people, animals, food, things and places, and what they do. About one
sentence in six is a line of a menu, a list or a title and has no full stop. Two things that a
good language model knows can be measured:

- agreement at a distance: "the cats , which already ate the fish that the boy near the lakes
  bought , were full ." against "was" (`agreement_items`);
- which of two words that sound alike is likelier: "the apple and pear salad" against "the apple
  and pair salad" (`SOUND_ALIKES`).

And since `log_probability` is the truth, so is the perplexity that no model can beat in the long
run: exp(-sum of log probabilities / (tokens + sentences)), with the end of a sentence counted as a
token.

Every sentence has one derivation, so that its probability is that of its derivation, for these
reasons:

- A noun is of one kind and one number, and a verb's forms differ from one another; so words tell
  which of the symbols that differ in kind, number or form alone derives a phrase.
- What may follow a noun opens with a word of its own: a preposition, a relative pronoun, or a
  comma with a pronoun behind it. A noun takes one place at most, and no more once its relative
  clause has begun; nouns in lists take nothing, nouns in places no relative clause; and a verb
  takes a place only where it takes no object. So what follows has one noun or verb to belong to.
- Verbs are joined only where a relative clause between commas has two, neither with a relative
  clause in its object; the word behind such an "and" is a verb.
- Lists join bare nouns of different groups, with no comma before "and"; clauses are joined by
  "while", "because" or ", and", ", but". Times open or close a sentence, and no place is a time.
- Lines without a full stop are told apart from clauses by that, from one another by their words.
"""

import random
from collections.abc import Sequence
from functools import cache
from importlib import resources

import numpy as np

from seqtasks.datasets.sample_lm.agreement import AgreementItem, agreement_sentences
from seqtasks.datasets.sample_lm.grammar import Grammar, read_grammar
from seqtasks.datasets.sample_lm.parsing import Parser

__all__ = [
    "SIZES",
    "SOUND_ALIKES",
    "AgreementItem",
    "agreement_items",
    "grammar",
    "load",
    "log_probability",
    "parser",
    "true_log_probabilities",
]

SIZES = {"train": 250_000, "dev": 4_000, "test": 4_000}  # sentences

# Pairs of words of the vocabulary that sound alike, or nearly; no sentence remains one when a word
# takes the place of the other.
SOUND_ALIKES = (
    ("pear", "pair"),
    ("flour", "flower"),
    ("see", "sea"),
    ("meet", "meat"),
    ("hare", "hair"),
    ("bear", "bare"),
    ("knight", "night"),
    ("son", "sun"),
    ("weak", "week"),
    ("peace", "piece"),
    ("tail", "tale"),
    ("leek", "leak"),
    ("ate", "eight"),
    ("blue", "blew"),
    ("rode", "road"),
    ("thyme", "time"),
    ("bean", "been"),
    ("whole", "hole"),
)


def load() -> dict[str, list[str]]:
    """The splits: train, of 250,000 sentences, dev and test, of 4,000; about two seconds.

    A sentence is in lower case, with one blank between tokens; "," and "." are tokens. The same
    every time. All splits are independent draws from the grammar: a sentence may come twice, and
    a fifth of dev and test comes in train too, short sentences for the most part. None was taken
    out, since the cross-entropy of what remained would no longer be that of the grammar.
    """
    return {split: [sentence for sentence, _ in _draw(split)] for split in SIZES}


def true_log_probabilities(split: str) -> np.ndarray:
    """The natural logarithms of the true probabilities of a split's sentences.

    Shape (sentences,), float64, in the order of `load`; each for the sentence with its end.

    Raises:
        KeyError: there is no such split.
    """
    return np.array([log_probability for _, log_probability in _draw(split)])


def log_probability(tokens: Sequence[str]) -> float:
    """The natural logarithm of the true probability that a sentence is just these tokens.

    -inf where the grammar does not derive them. About half a millisecond for a sentence.
    """
    return parser().log_probability(tokens)


def agreement_items(per_distance: int = 100) -> list[AgreementItem]:
    """Beginnings of sentences up to a verb, for each distance from head noun to verb, 0 to 20.

    Half of the items of each distance are singular. From distance 3 on, at least one noun of the
    other number stands between. The same every time.

    Args:
        per_distance: items of each distance; even.

    Raises:
        ValueError: `per_distance` is odd or negative.
    """
    return [item for item, _ in agreement_sentences(grammar(), per_distance)]


@cache
def grammar() -> Grammar:
    """The grammar of the sample."""
    here = resources.files(__name__)
    texts = [(here / name).read_text("utf-8") for name in ("grammar.txt", "words.txt")]
    return read_grammar(*texts)


@cache
def parser() -> Parser:
    """The parser of the sample's grammar."""
    return Parser(grammar())


@cache
def _draw(split: str) -> list[tuple[str, float]]:
    """A split's sentences, each with the logarithm of its probability."""
    generator = random.Random(f"seqtasks lm sample {split}")
    draws = (grammar().draw("sentence", generator) for _ in range(SIZES[split]))
    return [(" ".join(draw.tokens), draw.log_probability) for draw in draws]
