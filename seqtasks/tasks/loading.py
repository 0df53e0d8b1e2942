"""What every `load` checks before it builds a network: a run directory may be a stranger's.

The settings are checked as those of a training are, and the network they ask for is no larger than
the weights that lie beside them: so a number changed by hand takes no memory.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from seqtasks import __version__
from seqtasks.datasets.errors import DataError
from seqtasks.datasets.regular_file import read_json
from seqtasks.tasks import run_directory
from seqtasks.tasks.errors import TaskError

Config = TypeVar("Config")

MEND = "train the model anew"
MOST_EXAMPLES = 16 << 20  # bytes of the texts that a run keeps
CELL_PARTS = {"rnn": 1, "gru": 2, "lstm": 4}  # matrices of a cell, gates and candidate, at least


def settings_of(
    model: Path,
    record: dict[str, Any],
    config_class: type[Config],
    resolve: Callable[[Config], Config],
) -> Config:
    """The settings of a run, which are resolved and in their ranges.

    record: its `config.json`. resolve: fills in what is None, and checks the settings.
    Raises TaskError for others, and for a run of a later version than this.
    """
    path = model / run_directory.CONFIG
    refuse_later(path, record.get("versions"))
    found = record.get("config")
    if not isinstance(found, dict):
        raise TaskError(f"{path}: the run is broken (it has no settings); {MEND}")
    names = [field.name for field in dataclasses.fields(config_class)]  # type: ignore[arg-type]
    for name in found:
        if name not in names:
            raise TaskError(f"{path}: no setting is called {name[:40]!r}; remove it, or {MEND}")
    config = config_class(**found)
    try:
        resolved = resolve(config)
    except TaskError as error:
        raise TaskError(f"{path}: {error}; correct it, or {MEND}") from None
    for name in names:
        if getattr(resolved, name) != getattr(config, name):
            raise TaskError(f"{path}: `{name}` is missing or null; {MEND}")
    return config


def names_of(model: Path, record: dict[str, Any], key: str) -> tuple[str, ...]:
    """The names that a record has under `key`, such as labels; TaskError for anything else."""
    names: Any = record.get(key)
    path = model / run_directory.CONFIG
    right = isinstance(names, list) and all(isinstance(name, str) for name in names)
    if not right or len(names) < 2:
        raise TaskError(f"{path}: expected two strings or more as `{key}`; {MEND}")
    if len(set(names)) != len(names):
        raise TaskError(f"{path}: one of `{key}` is there twice; {MEND}")
    if any("\ud800" <= character <= "\udfff" for character in "".join(names)):
        raise TaskError(f"{path}: half a surrogate pair in `{key}`; {MEND}")
    return tuple(names)


def weights_for(model: Path, layers: int, numbers: int) -> dict[str, np.ndarray]:
    """The weights of a run, finite numbers, for a network that is not built yet.

    layers, numbers: how many recurrent layers it has, and how many numbers at least.
    Raises TaskError where the file has fewer, and for whatever else is wrong with it.
    """
    path = model / run_directory.WEIGHTS
    arrays = run_directory.load_arrays(path)
    for name, value in arrays.items():
        if value.dtype.kind not in "fi" or not np.isfinite(value).all():
            raise TaskError(f"{path}: {name[:100]} has what is no finite number; {MEND}")
    there = sum(value.size for value in arrays.values())
    if numbers > there or layers > len(arrays):
        raise TaskError(
            f"{path}: {there:,} numbers, and a network of the settings in "
            f"{run_directory.CONFIG} has more; bring the files of one run together, or {MEND}"
        )
    return arrays


def examples_of(path: Path, words: bool = False) -> list[Any]:
    """The texts that a run keeps for `export`; with `words`, lists of words.

    Raises TaskError for a file that is missing or has something else.
    """

    def text(value: Any) -> bool:
        return isinstance(value, str) and not any("\ud800" <= c <= "\udfff" for c in value)

    try:
        found = read_json(path, MOST_EXAMPLES, MEND)
    except DataError:
        found = None
    rows = found if isinstance(found, list) else [None]
    if words and not all(isinstance(row, list) and row and all(map(text, row)) for row in rows):
        rows = [None]
    if len(rows) > 1_000 or not (words or all(map(text, rows))) or rows[:1] == [None]:
        raise TaskError(f"{path}: missing or broken; {MEND}")
    return rows


def built(model: Path, build: Callable[[], Any]) -> Any:
    """What `build` gives; TaskError for errors of settings that contradict one another."""
    try:
        return build()
    except (MemoryError, TaskError):
        raise
    except DataError as error:
        raise TaskError(str(error)) from None
    except Exception as error:  # layers, tables and TensorFlow have errors of many kinds
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise TaskError(f"{model}: the run is broken ({reason}); train it anew") from None


def recurrent_numbers(config: Any, inputs: int) -> int:
    """How many numbers the matrices of the recurrent layers have, at least.

    inputs: of the first one. `config` is the resolved settings of a task.
    """
    directions = 2 if getattr(config, "bidirectional", False) else 1
    rows = inputs + config.units + (config.layers - 1) * (directions + 1) * config.units
    return directions * CELL_PARTS[config.cell] * config.units * rows


def word_numbers(config: Any, words: int, characters: int, outputs: int) -> int:
    """How many numbers a network over words has, at least.

    words, characters: known; outputs: labels or tags.
    """
    units, inputs, letters = config.units, config.word_size, 0
    if config.characters != "none":
        letters = config.character_size * (characters + config.character_units)
        inputs += config.character_units
    return words * config.word_size + letters + recurrent_numbers(config, inputs) + units * outputs


def refuse_later(path: Path, versions: Any) -> None:
    """TaskError where a run is of a later version, whose files may say what this knows not."""
    found = versions.get("seqtasks") if isinstance(versions, dict) else None
    if isinstance(found, str) and _number(found) > _number(__version__):
        raise TaskError(
            f"{path}: a run of seqtasks {found[:20]}, later than {__version__}, which this is; "
            "upgrade seqtasks, or train the model anew"
        )


def _number(version: str) -> tuple[int, ...]:
    """The first two numbers of a version, which say what its files may hold."""
    parts = version.split(".")[:2]
    return tuple(int(part) if part.isdecimal() and len(part) < 9 else 0 for part in parts)
