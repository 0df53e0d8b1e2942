"""First values of the words' vectors: from a file of pretrained ones, or from a trained run."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from seqtasks.datasets.vectors import read_vectors
from seqtasks.datasets.vocabulary import Vocabulary, normalized_words
from seqtasks.tasks.start import Start


def pretrained(
    config: Any,
    vocabulary: Vocabulary,
    tokens: list[str],
    say: Callable[[str], None],
    start: Start | None = None,
) -> tuple[Any, Vocabulary, np.ndarray | None]:
    """Configuration, vocabulary and first vectors with what `config.embeddings` or `start` brings.

    tokens: of the training split.
    """
    if config.embeddings is None and start is None:
        return config, vocabulary, None
    words = set(normalized_words(list(set(tokens))))  # beyond --vocabulary-size too
    if start is not None:
        place, vectors = start.place, start.vectors(words, config.embedded_words)
    else:
        place = Path(config.embeddings)
        vectors = read_vectors(place, words, config.embedded_words)
    known = dict(zip(vectors.words, vectors.values, strict=True))
    covered = sum(word in known for word in words)
    say(
        f"{place}: {len(known):,} vectors of {vectors.values.shape[1]} numbers; "
        f"they cover {100 * covered / max(len(words), 1):.1f}% of the training words"
    )
    vocabulary = vocabulary.with_words(vectors.words, start.characters if start else "")
    size = vectors.values.shape[1]
    config = dataclasses.replace(config, word_size=size)
    generator = np.random.default_rng([config.seed, 2])
    scale = float(vectors.values.std()) if known else 0.1  # of no vectors there is no spread
    rest = generator.normal(0, scale, (len(vocabulary.words), size)).astype(np.float32)
    return (
        config,
        vocabulary,
        np.stack([known.get(word, row) for word, row in zip(vocabulary.words, rest, strict=True)]),
    )
