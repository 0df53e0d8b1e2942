"""Sentences as training might have met them: other names, finer tokens, other case.

Each epoch trains on every sentence once, changed at random:

- *swap*: entities are replaced by others of their type, so that a context does not tell one name;
- *split*: tokens are cut at every sign (`@ana` to `@ ana`, `don't` to `don ' t`), since no two
  tokenisers agree;
- *case*: the whole sentence is set in lower case or in capitals.

Source of *swap*: Dai and Adel, "An analysis of simple data augmentation for named entity
recognition", 2020 (mention replacement).
"""

import re
from collections.abc import Sequence

import numpy as np

from seqtasks.datasets.examples import TaggedSentence
from seqtasks.datasets.tags import spans
from seqtasks.tasks.ner.config import Config

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
    config: Config,
    epoch: int,
) -> list[TaggedSentence]:
    """The sentences of an epoch, in their order; a pure function of its arguments.

    names: what `mentions` found in the training split.
    """
    generator = np.random.default_rng([config.seed, epoch, 1])
    changed = []
    for sentence in sentences:
        if config.swap:
            sentence = swapped(sentence, names, config.swap, generator)
        if generator.random() < config.split:
            sentence = split(sentence)
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
