"""What a network over words starts from: the vectors, settings and weights of a run.

A run is a language model's (`language_start`) or one of the same task (`task_start`); `starting`
tells them apart.
"""

import hashlib
from collections.abc import Container
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from seqtasks.datasets.vectors import Vectors
from seqtasks.tasks import run_directory
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.settings import validate

VOCABULARY = "vocabulary.json"
IN_PART = ("layers", "pooling")  # settings that may differ: what both have is taken


@dataclass(frozen=True)
class Start:
    """A run to start from.

    place: its directory. whose: "language model", "tagger" or "classifier". fingerprint: of what
    was read. settings: those that the network which starts from it must share, and IN_PART. rows:
    of each word, in lower case with digits as 0, the row in `values`, the commonest word first.
    values: (ids, size), the vectors of its words. unknown: the row of what is unknown. arrays: its
    weights, by their paths. characters: the letters it knows, in the order of their rows. names: of
    its outputs.
    """

    place: Path
    whose: str
    fingerprint: str
    settings: dict[str, Any]
    rows: dict[str, int]
    values: np.ndarray
    unknown: int
    arrays: dict[str, np.ndarray]
    characters: str = ""
    names: tuple[str, ...] = ()

    @property
    def record(self) -> dict[str, str]:
        """What the configuration of a run that starts from it says of it."""
        return {"run": str(self.place), "fingerprint": self.fingerprint}

    def fitted(self, config: Any) -> Any:
        """A task's settings, not yet resolved, with this run's where they are None.

        Raises TaskError where a network of these settings has other layers, and where this run's
        are none that a task could have.
        """
        for name, theirs in self.settings.items():
            if name in IN_PART:
                continue
            ours = getattr(config, name)
            if ours is None:
                config = replace(config, **{name: theirs})
            elif theirs is not None and ours != theirs:
                raise TaskError(
                    f"{self.place}: the {self.whose} has `{name}` {_shown(theirs)}, got "
                    f"{_shown(ours)}; {_option(name, theirs)} makes them alike"
                )
        try:
            validate(config)
        except TaskError as error:
            raise broken(self.place, error) from None
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

    def array(self, path: str, shape: tuple[int, ...]) -> np.ndarray:
        """The weight of this path; TaskError if it is missing or of another shape or type."""
        value = self.arrays.get(path)
        if value is None or value.shape != shape or value.dtype != np.float32:
            raise TaskError(
                f"{self.place / run_directory.WEIGHTS}: {path} is missing or of another shape or "
                f"type; train the {self.whose} anew"
            )
        return value


def fingerprint_of(place: Path) -> str:
    """A hash of what the run at `place` lends."""
    files = (place / run_directory.WEIGHTS, place / VOCABULARY)
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def are_vectors(values: np.ndarray | None, words: int) -> TypeGuard[np.ndarray]:
    """Whether a weight has a vector for each of so many words."""
    if values is None or values.ndim != 2 or values.dtype != np.float32:
        return False
    return len(values) == words and values.shape[1] > 0


def broken(place: Path, error: Exception) -> TaskError:
    """What to raise where a file of the run at `place` is not what a run has."""
    reason = f"{VOCABULARY}: {error.problem}" if hasattr(error, "problem") else str(error)
    return TaskError(f"{place}: the run is broken ({reason}); train it anew")


def _shown(value: Any) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def _option(name: str, value: Any) -> str:
    """What to write on the command line so that a setting has this value."""
    option = name.replace("_", "-")
    if isinstance(value, bool):
        return f"--{option}" if value else f"--no-{option}"
    return f"--{option} {value}"
