"""First values of a network over words from a trained language model.

Dai and Le, "Semi-supervised sequence learning", 2015: a network that has learnt to foretell the
next word has vectors and recurrent weights from which another task learns quicker. Taken are

- the vectors: a word of the task, which is in lower case with digits as 0, has that of the
  commonest token that reads so; what is unknown, that of `<unk>`;
- the recurrent layers, the first for the first, for the forward direction. Where a layer's input is
  wider here, the rows of its kernel that belong to the word's vector (of a higher layer: to the
  forward direction below) are filled, which stand first; the others stay as they were drawn.

The backward direction begins afresh. The language model is read as a run directory, since tasks
do not import one another.
"""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from seqtasks.datasets import token_vocabulary
from seqtasks.datasets.errors import DataError
from seqtasks.datasets.token_vocabulary import TokenVocabulary
from seqtasks.datasets.vocabulary import normalized_words
from seqtasks.layers import Bidirectional
from seqtasks.tasks import loading, run_directory
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.start import VOCABULARY, Start, are_vectors, broken, fingerprint_of


def read(place: Path, record: dict[str, Any]) -> Start:
    """The language model whose run, of this configuration, is at `place`.

    Raises TaskError if it is none of words, and if a file of it is broken.
    """
    settings: Any = record.get("config")
    try:
        if settings["level"] != "word":
            raise TaskError(
                f"{place}: a language model of characters, and words are needed; "
                "train one with: seqtasks lm train --level word"
            )
        vocabulary = TokenVocabulary.load(place / VOCABULARY)
        words = normalized_words(list(vocabulary.tokens))
        needed = {name: settings[name] for name in ("cell", "relevance_gate", "peephole")}
        needed |= {name: int(settings[name]) for name in ("units", "layers")}
        if min(needed["units"], needed["layers"]) < 1:
            raise ValueError("`units` and `layers` must be at least 1")
        numbers = loading.recurrent_numbers(SimpleNamespace(**needed), 0)
    except (DataError, OSError, ValueError, TypeError, KeyError, OverflowError) as error:
        raise broken(place, error) from None
    weights = place / run_directory.WEIGHTS
    arrays = loading.weights_for(place, needed["layers"], numbers)
    values = arrays.get("language_model/vectors/embeddings")
    if not are_vectors(values, len(vocabulary)):
        raise TaskError(f"{weights}: not a vector for each token; train the language model anew")
    rows: dict[str, int] = {}
    for row, word in enumerate(words, token_vocabulary.FIRST):
        rows.setdefault(word, row)  # tokens stand with the commonest first
    unknown = token_vocabulary.UNKNOWN
    fingerprint = fingerprint_of(place)
    return Start(place, "language model", fingerprint, needed, rows, values, unknown, arrays)


def fill(start: Start, network: Any, say: Callable[[str], None]) -> None:
    """Give a network the weights of the recurrent layers that both have.

    Raises TaskError if one is missing or does not fit.
    """
    layers = start.settings["layers"]
    taken = min(len(network.recurrent), layers)
    for number, layer in enumerate(network.recurrent[:taken]):
        cell = (layer.forward_layer if isinstance(layer, Bidirectional) else layer).cell
        for variable in cell.weights:
            first = variable.numpy()
            rows = len(first)
            if variable.name == "kernel":
                rows = start.settings["units"] if number else start.values.shape[1]
            path = f"language_model/recurrent_{number}/{cell.name}/{variable.name}"
            value = start.array(path, (rows, *first.shape[1:]))
            variable.assign(np.concatenate([value, first[rows:]]))
    say(
        f"{start.place}: {taken} of its {layers} recurrent layers taken, "
        f"for {taken} of {len(network.recurrent)} here"
    )
