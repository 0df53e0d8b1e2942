"""Which examples `evaluate` scores, whatever the task."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from seqtasks.datasets.source import Source
from seqtasks.tasks import run_directory
from seqtasks.tasks.errors import TaskError

Example = TypeVar("Example")


class Scored(NamedTuple, Generic[Example]):
    """Examples, where they come from, and notes for the user."""

    examples: list[Example]
    source: str
    split: str  # train, dev, test, or all
    notes: tuple[str, ...]


def own_words(model: Path, own: dict[str, Any], key: str) -> str | None:
    """What a run says of how its data were read; None where it says nothing.

    Raises TaskError for something else than a string.
    """
    found = own.get(key)
    if found is not None and not isinstance(found, str):
        raise TaskError(f"{model}: `{key}` in its config.json is no string; train it anew")
    return found


def examples_to_score(
    model: Path,
    task: str,
    source: str | None,
    split: str | None,
    read_source: Callable[[str, dict[str, Any]], Source[Example]],
    read_file: Callable[[Path], tuple[list[Example], tuple[str, ...]]],
) -> Scored[Example]:
    """A split of a source; of the run's own source where none is given; a file whole.

    Args:
        model: the run directory.
        task: the task that the run must be of.
        source: SOURCE, as given; None is the run's own.
        split: train, dev or test, as given; None is test.
        read_source: reads a source; it is also given what the run says of its data, where the
            source is the run's own, and otherwise nothing.
        read_file: reads a file whole: its examples, and notes for the user.

    Raises:
        TaskError: if the source has no such split, or if a split of a file is asked for.
    """
    own = run_directory.read_config(model, task).get("data")
    if not isinstance(own, dict) or not all(
        isinstance(own.get(key), str) for key in ("source", "fingerprint")
    ):
        raise TaskError(f"{model}: its config.json does not say what data it is of; train it anew")
    given = source is not None and source != own["source"]
    name = source if source is not None else own["source"]
    if given and Path(name).is_file():
        if split:
            raise TaskError(f"{name}: a file is scored whole; leave out --split")
        examples, notes = read_file(Path(name))
        return Scored(examples, name, "all", notes)
    if not given and os.path.exists(name) and not (os.path.isfile(name) or os.path.isdir(name)):
        raise TaskError(f"{name}: the run's own source is no plain file; name another with --data")
    data = read_source(name, {} if given else own)
    split = split or "test"
    if split not in data.splits:
        raise TaskError(
            f"{name}: has no {split} split; --split dev scores what training was validated on"
        )
    notes = tuple(note for note in data.notes if note != "no test split")
    if not given and data.fingerprint != own["fingerprint"]:
        notes += (f"{name}: not the same data any more as the run was trained on",)
    return Scored(data.splits[split], name, split, notes)
