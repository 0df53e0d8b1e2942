"""Sentences as training might have met them: other names, finer tokens, other case.

Each epoch trains on every sentence once, changed at random:

- *swap*: entities are replaced by others of their type, so that a context does not tell one name;
- *split*: tokens are cut at every sign (`@ana` to `@ ana`, `don't` to `don ' t`), since no two
  tokenisers agree;
- *redraw*: some letters of rare words are others of their kind (`Obama` to `Ocima`), so that a name
  met once is not learnt by its spelling;
- *case*: the whole sentence is set in lower case or in capitals.

Source of *swap*: Dai and Adel, "An analysis of simple data augmentation for named entity
recognition", 2020 (mention replacement).
"""

import re
from collections.abc import Mapping, Sequence

import numpy as np

from seqtasks.datasets.examples import TaggedSentence
from seqtasks.datasets.tags import spans
from seqtasks.tasks.ner.config import Config

LETTERS = 0.4  # share of the letters of a word that are redrawn
ALPHABETS = ("aeiouy", "bcdfghjklmnpqrstvwxz", "AEIOUY", "BCDFGHJKLMNPQRSTVWXZ", "0123456789")
CAPITALS = 0.3  # of the sentences whose case is changed; the others are set in lower case

_PIECES = re.compile(r"\w+|[^\w\s]")
Mentions = dict[str, list[TaggedSentence]]


def mentions(sentences: Sequence[TaggedSentence]) -> Mentions:
    """Every entity, as the part of its sentence that it is, by type."""
    found: Mentions = {}
    for sentence in sentences:
        for start, end, type_ in spans(sentence.tags):
            part = TaggedSentence(sentence.tokens[start:end], sentence.tags[start:end])
            found.setdefault(type_, []).append(part)
    return found


def augmented(
    sentences: Sequence[TaggedSentence],
    names: Mentions,
    counts: Mapping[str, int],
    config: Config,
    epoch: int,
) -> list[TaggedSentence]:
    """The sentences of an epoch, in their order; a pure function of its arguments.

    names: what `mentions` found in the training split. counts: how often it has each token.
    """
    generator = np.random.default_rng([config.seed, epoch, 1])
    changed = []
    for sentence in sentences:
        if config.swap:
            sentence = swapped(sentence, names, config.swap, generator)
        if generator.random() < config.split:
            sentence = split(sentence)
        if config.redraw:
            sentence = redrawn(sentence, counts, config.redraw, generator)
        if generator.random() < config.recase:
            case = str.upper if generator.random() < CAPITALS else str.lower
            sentence = TaggedSentence(tuple(map(case, sentence.tokens)), sentence.tags)
        changed.append(sentence)
    return changed


def swapped(
    sentence: TaggedSentence, names: Mentions, share: float, generator: np.random.Generator
) -> TaggedSentence:
    """The sentence with that share of its entities replaced by others of their type."""
    tokens: list[str] = []
    tags: list[str] = []
    done = 0
    for start, end, type_ in spans(sentence.tags):
        if generator.random() >= share:
            continue
        others = names[type_]
        other = others[generator.integers(len(others))]
        tokens += [*sentence.tokens[done:start], *other.tokens]
        tags += [*sentence.tags[done:start], *other.tags]
        done = end
    return TaggedSentence((*tokens, *sentence.tokens[done:]), (*tags, *sentence.tags[done:]))


def redrawn(
    sentence: TaggedSentence,
    counts: Mapping[str, int],
    share: float,
    generator: np.random.Generator,
) -> TaggedSentence:
    """The sentence with letters of rare words redrawn, vowels as vowels and case kept.

    share: how often that happens to a word seen once; to one seen n times, share · 2 / (1 + n).
    """
    tokens = list(sentence.tokens)
    chances = generator.random(len(tokens))
    for i, token in enumerate(tokens):
        if chances[i] * (1 + counts[token]) < 2 * share:
            tokens[i] = "".join(_like(letter, generator) for letter in token)
    return TaggedSentence(tuple(tokens), sentence.tags)


def _like(letter: str, generator: np.random.Generator) -> str:
    if generator.random() >= LETTERS:
        return letter
    for alphabet in ALPHABETS:
        if letter in alphabet:
            return alphabet[generator.integers(len(alphabet))]
    return letter


def split(sentence: TaggedSentence) -> TaggedSentence:
    """The sentence with its tokens cut at every sign; the first piece alone keeps a B- tag."""
    tokens: list[str] = []
    tags: list[str] = []
    for token, tag in zip(sentence.tokens, sentence.tags, strict=True):
        cut = pieces(token)
        tokens += cut
        tags += [tag] + ["I-" + tag[2:] if tag != "O" else tag] * (len(cut) - 1)
    return TaggedSentence(tuple(tokens), tuple(tags))


def pieces(token: str) -> list[str]:
    """The token cut at every sign: runs of letters and digits, and signs one by one."""
    return _PIECES.findall(token) or [token]
