"""First values of a network over words from a trained one of the same task: fine-tuning.

A tagger that has seen many sentences knows what surrounds a name and how names are written, also
where other data ask for other types; a classifier likewise. Taken are

- the vectors of its words, and that of what is unknown;
- the letters' vectors and what reads them, and the vectors of shapes;
- the recurrent layers, both directions, the first for the first;
- of the scores (and a CRF's transitions) those of tags or labels that have the same name; a
  classifier's, with its attention, where what they are scores of, the pooling, is the same.

What is chosen on validation data (a tagger's lift, a classifier's temperature) is chosen anew.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.vocabulary import FIRST, UNKNOWN, Vocabulary
from seqtasks.tasks import loading, run_directory
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.settings import filled, validate, with_gates
from seqtasks.tasks.start import VOCABULARY, Start, are_vectors, broken, fingerprint_of

OUTPUTS = {"ner": ("tagger", "tags"), "sentiment": ("classifier", "labels")}
SHARED = ("cell", "relevance_gate", "peephole", "units", "bidirectional", "characters")
OF_LETTERS = ("character_size", "character_units")


def read(place: Path, record: dict[str, Any], config_class: type) -> Start:
    """The tagger or classifier whose run, of this configuration, is at `place`.

    config_class: of the task's settings.
    Raises TaskError if a file of it is broken.
    """
    whose, key = OUTPUTS[record["task"]]
    settings: Any = loading.settings_of(place, record, config_class, _complete)
    names = loading.names_of(place, record, key)
    try:
        vocabulary = Vocabulary.load(place / VOCABULARY)
    except (DataError, OSError) as error:
        raise broken(place, error) from None
    letters = OF_LETTERS if settings.characters != "none" else ()
    pooling = ("pooling",) if hasattr(settings, "pooling") else ()
    needed = {name: getattr(settings, name) for name in (*SHARED, *letters, "layers", *pooling)}
    words, characters = len(vocabulary.words), len(vocabulary.characters)
    numbers = loading.word_numbers(settings, words, characters, len(names))
    arrays = loading.weights_for(place, settings.layers, numbers)
    values = arrays.get(f"{whose}/word/embeddings")
    if not are_vectors(values, FIRST + words):
        path = place / run_directory.WEIGHTS
        raise TaskError(f"{path}: not a vector for each word; train the {whose} anew")
    rows = {word: row for row, word in enumerate(vocabulary.words, FIRST)}
    fingerprint, known = fingerprint_of(place), vocabulary.characters
    return Start(place, whose, fingerprint, needed, rows, values, UNKNOWN, arrays, known, names)


def fill(
    start: Start,
    network: Any,
    characters: str,
    names: Sequence[str],
    say: Callable[[str], None],
) -> None:
    """Give a network the weights of the layers that both have.

    characters: the letters it knows; those of `start` are among them. names: of its outputs.
    Raises TaskError if a weight is missing or does not fit.
    """
    if network.letters is not None:
        _fill_letters(start, network.letters, characters)
    layers = start.settings["layers"]
    taken = min(len(network.recurrent), layers)
    same_pooling = start.settings.get("pooling") == getattr(network.config, "pooling", None)
    alike = [getattr(network, "shape", None), *network.recurrent[:taken]]
    if same_pooling:
        alike += [getattr(network, name, None) for name in ("attend", "ask")]
    for layer in alike:
        for variable in layer.trainable_variables if layer else []:
            variable.assign(start.array(variable.path, variable.shape))
    both = [name for name in names if name in start.names]
    there, here = ([tags.index(name) for name in both] for tags in (start.names, list(names)))
    crf = getattr(network, "crf", None)
    if crf and crf.transitions.path not in start.arrays:  # it chose each tag alone
        crf = None
    for part in (network.scores, crf) if same_pooling else ():
        for variable in part.trainable_variables if part else []:
            _fill_named(start, variable, there, here)
    outputs = f"{len(both)} of {len(names)} outputs are among its own"
    if not same_pooling:
        outputs = f"its scores are of --pooling {start.settings['pooling']}, and begin afresh"
    say(
        f"{start.place}: {taken} of its {layers} recurrent layers taken, for {taken} of "
        f"{len(network.recurrent)} here; {outputs}"
    )


def _complete(config: Any) -> Any:
    """The settings of a run with what is needed here filled in; TaskError if they are wrong."""
    validate(config)
    return with_gates(filled(config, {"cell": "lstm", "units": 1, "word_size": 1}))


def _fill_letters(start: Start, letters: Any, characters: str) -> None:
    """The vectors of letters by the letters, all else that reads them as it is."""
    embeddings = letters.embed.embeddings
    rows = embeddings.numpy()
    size = (FIRST + len(start.characters), rows.shape[1])
    values = start.array(embeddings.path, size)
    rows[:FIRST] = values[:FIRST]
    rows[[FIRST + characters.index(one) for one in start.characters]] = values[FIRST:]
    embeddings.assign(rows)
    for variable in letters.trainable_variables:
        if variable.path != embeddings.path:
            variable.assign(start.array(variable.path, variable.shape))


def _fill_named(start: Start, variable: Any, there: list[int], here: list[int]) -> None:
    """Of a weight whose axes are outputs (a kernel's last one) those of outputs both have."""
    value = variable.numpy()
    outputs = (len(start.names),) * value.ndim
    of_kernel = (len(value), len(start.names))
    old = start.array(variable.path, of_kernel if variable.name == "kernel" else outputs)
    if variable.name == "kernel":
        value[:, here] = old[:, there]
    else:
        value[np.ix_(*[here] * value.ndim)] = old[np.ix_(*[there] * value.ndim)]
    variable.assign(value)
