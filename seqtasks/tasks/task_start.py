"""First values of a network over words from a trained one of the same task: fine-tuning.

A tagger that has seen many sentences knows what surrounds a name and how names are written, also
where other data ask for other types; a classifier likewise. Taken are

- the vectors of its words, and that of what is unknown;
- the letters' vectors and what reads them, and the vectors of shapes;
- the recurrent layers, both directions, the first for the first;
- of the scores (and a CRF's transitions) those of tags or labels that have the same name.

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
from seqtasks.tasks.start import VOCABULARY, Start, broken

OUTPUTS = {"ner": ("tagger", "tags"), "sentiment": ("classifier", "labels")}
SHARED = ("cell", "relevance_gate", "peephole", "units", "bidirectional", "characters")
OF_LETTERS = ("character_size", "character_units")


def read(place: Path, record: dict[str, Any]) -> Start:
    """The tagger or classifier whose run, of this configuration, is at `place`.

    Raises TaskError if a file of it is broken.
    """
    whose, key = OUTPUTS[record["task"]]
    names = loading.names_of(place, record, key)
    settings: Any = record.get("config")
    try:
        needed = {name: settings[name] for name in SHARED}
        if settings["characters"] != "none":
            needed |= {name: settings[name] for name in OF_LETTERS}
        needed["layers"] = int(settings["layers"])
        vocabulary = Vocabulary.load(place / VOCABULARY)
    except (DataError, OSError, ValueError, TypeError, KeyError) as error:
        raise broken(place, error) from None
    arrays = loading.weights_for(place, needed["layers"], 1)
    values = arrays.get(f"{whose}/word/embeddings")
    if values is None or values.ndim != 2 or len(values) != FIRST + len(vocabulary.words):
        path = place / run_directory.WEIGHTS
        raise TaskError(f"{path}: not a vector for each word; train the {whose} anew")
    rows = {word: row for row, word in enumerate(vocabulary.words, FIRST)}
    return Start(place, whose, needed, rows, values, UNKNOWN, arrays, vocabulary.characters, names)


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
    shape = getattr(network, "shape", None)
    for layer in (*([shape] if shape else []), *network.recurrent[:taken]):
        for variable in layer.trainable_variables:
            variable.assign(start.array(variable.path, variable.shape))
    both = [name for name in names if name in start.names]
    there, here = ([tags.index(name) for name in both] for tags in (start.names, list(names)))
    for part in (network.scores, getattr(network, "crf", None)):
        for variable in part.trainable_variables if part else []:
            _fill_named(start, variable, there, here)
    say(
        f"{start.place}: {taken} of its {layers} recurrent layers taken, for {taken} of "
        f"{len(network.recurrent)} here; {len(both)} of {len(names)} outputs are among its own"
    )


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
    old = start.arrays.get(variable.path)  # missing where one has a CRF, the other none
    outputs = (len(start.names),) * value.ndim
    expected = (len(value), len(start.names)) if variable.name == "kernel" else outputs
    if old is None or old.shape != expected:
        return
    if variable.name == "kernel":
        value[:, here] = old[:, there]
    else:
        value[np.ix_(*[here] * value.ndim)] = old[np.ix_(*[there] * value.ndim)]
    variable.assign(value)
