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

import hashlib
from collections.abc import Callable, Container
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from seqtasks.datasets import token_vocabulary
from seqtasks.datasets.errors import DataError
from seqtasks.datasets.token_vocabulary import TokenVocabulary
from seqtasks.datasets.vectors import Vectors
from seqtasks.datasets.vocabulary import UNKNOWN, normalized_words
from seqtasks.layers import Bidirectional
from seqtasks.tasks import run_directory
from seqtasks.tasks.errors import TaskError

VOCABULARY = "vocabulary.json"


@dataclass(frozen=True)
class LanguageStart:
    """A language model to start from, as `read` finds it.

    place: its run. settings: its configuration. rows: of each word, in lower case with digits as
    0, the row in `values`, the commonest word first. values: (ids, size), the tokens' vectors.
    arrays: all its weights, by their paths. fingerprint: a hash of weights and vocabulary.
    """

    place: Path
    settings: dict[str, Any]
    rows: dict[str, int]
    values: np.ndarray
    arrays: dict[str, np.ndarray]
    fingerprint: str

    @property
    def record(self) -> dict[str, str]:
        """What the configuration of a run that starts from it says of it."""
        return {"run": str(self.place), "fingerprint": self.fingerprint}

    def fitted(self, config: Any) -> Any:
        """A task's settings, not yet resolved, with the language model's where they are None.

        Raises TaskError where a network of these settings has other recurrent layers.
        """
        for name in ("cell", "units", "relevance_gate", "peephole"):
            ours, theirs = getattr(config, name), self.settings[name]
            if ours is None:
                config = replace(config, **{name: theirs})
            elif theirs is not None and ours != theirs:
                raise TaskError(
                    f"{self.place}: the language model has `{name}` {_shown(theirs)}, got "
                    f"{_shown(ours)}; {_option(name, theirs)} makes them alike"
                )
        return config

    def vectors(self, wanted: Container[str], more: int) -> Vectors:
        """The vectors of the words in `wanted`, and of the commonest `more` words besides."""
        words = []
        for word in self.rows:
            if word in wanted:
                words.append(word)
            elif more:
                words.append(word)
                more -= 1
        return Vectors(tuple(words), self.values[[self.rows[word] for word in words]])

    def fill(self, network: Any, say: Callable[[str], None]) -> None:
        """Give a network the vector of unknown words, and the weights of the layers both have.

        network: `word` is its embedding, `recurrent` its recurrent layers.
        Raises TaskError if a weight is missing or does not fit.
        """
        vectors = network.word.embeddings.numpy()
        vectors[UNKNOWN] = self.values[token_vocabulary.UNKNOWN]
        network.word.embeddings.assign(vectors)
        taken = min(len(network.recurrent), self.settings["layers"])
        for number, layer in enumerate(network.recurrent[:taken]):
            cell = (layer.forward_layer if isinstance(layer, Bidirectional) else layer).cell
            for variable in cell.weights:
                name = f"language_model/recurrent_{number}/{cell.name}/{variable.name}"
                first = variable.numpy()
                rows, value = len(first), self.arrays.get(name)
                if variable.name == "kernel":
                    rows = self.settings["units"] if number else self.values.shape[1]
                if value is None or value.shape != (rows, *first.shape[1:]):
                    raise TaskError(
                        f"{self.place / run_directory.WEIGHTS}: {name} is missing or of another "
                        "shape; train the language model anew"
                    )
                variable.assign(np.concatenate([value, first[rows:]]))
        say(
            f"{self.place}: {taken} of its {self.settings['layers']} recurrent layers taken, "
            f"for {taken} of {len(network.recurrent)} here"
        )


def read(config: Any, begun: dict[str, str] | None = None) -> LanguageStart | None:
    """The language model that `config.init_from` names; None if it names none.

    begun: the `record` of what a training that is resumed was begun with.
    Raises TaskError if there is no language model of words, if a file of it is broken, if it is
    another than `begun`, and if `config.embeddings` brings vectors too.
    """
    if config.init_from is None:
        return None
    if config.embeddings is not None:
        raise TaskError("`embeddings` and `init_from` both bring the words' vectors: give one")
    place = Path(config.init_from)
    if begun and not place.exists():
        raise TaskError(
            f"{place}: the training was begun from this language model, which is not there any "
            "more; bring it back, or start anew with --overwrite"
        )
    settings: Any = run_directory.read_config(place, "lm", "--init-from").get("config")
    weights = place / run_directory.WEIGHTS
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
    except DataError as error:
        reason = f"{VOCABULARY}: {error.problem}"
        raise TaskError(f"{place}: the run is broken ({reason}); train it anew") from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TaskError(f"{place}: the run is broken ({error}); train it anew") from None
    arrays = run_directory.load_arrays(weights)
    values = arrays.get("language_model/vectors/embeddings")
    if values is None or values.ndim != 2 or len(values) != len(vocabulary):
        raise TaskError(f"{weights}: not a vector for each token; train the language model anew")
    rows: dict[str, int] = {}
    for row, word in enumerate(words, token_vocabulary.FIRST):
        rows.setdefault(word, row)  # tokens stand with the commonest first
    files = (weights, place / VOCABULARY)
    fingerprint = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    if begun and fingerprint != begun["fingerprint"]:
        raise TaskError(
            f"{place}: another language model than the training was begun from; bring that one "
            "back, or start anew with --overwrite"
        )
    return LanguageStart(place, needed, rows, values, arrays, fingerprint)


def _shown(value: Any) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def _option(name: str, value: Any) -> str:
    """What to write on the command line so that a setting has this value."""
    option = name.replace("_", "-")
    if isinstance(value, bool):
        return f"--{option}" if value else f"--no-{option}"
    return f"--{option} {value}"
