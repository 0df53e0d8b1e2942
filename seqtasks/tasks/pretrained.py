"""First values of the words' vectors from a file of pretrained ones."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from seqtasks.datasets.vectors import read_vectors
from seqtasks.datasets.vocabulary import Vocabulary, normalized_words


def pretrained(
    config: Any, vocabulary: Vocabulary, tokens: list[str], say: Callable[[str], None]
) -> tuple[Any, Vocabulary, np.ndarray | None]:
    """Configuration, vocabulary and first vectors with what `config.embeddings` brings."""
    if config.embeddings is None:
        return config, vocabulary, None
    file = Path(config.embeddings)
    words = set(normalized_words(list(set(tokens))))  # beyond --vocabulary-size too
    vectors = read_vectors(file, words, config.embedded_words)
    known = dict(zip(vectors.words, vectors.values, strict=True))
    covered = sum(word in known for word in words)
    say(
        f"{file}: {len(known):,} vectors of {vectors.values.shape[1]} numbers; "
        f"they cover {100 * covered / max(len(words), 1):.1f}% of the training words"
    )
    vocabulary = vocabulary.with_words(vectors.words)
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
