"""Which examples `evaluate` scores."""

from pathlib import Path
from typing import NamedTuple

from seqtasks.datasets.examples import LabelledText
from seqtasks.datasets.labelled_sources import load_labelled, read_labelled_file
from seqtasks.tasks import run_directory
from seqtasks.tasks.errors import TaskError


class Scored(NamedTuple):
    """Examples, where they come from, and notes for the user."""

    examples: list[LabelledText]
    source: str
    split: str  # train, dev, test, or all
    notes: tuple[str, ...]


def examples_to_score(
    model: Path,
    source: str | None,
    data_dir: Path | None,
    split: str | None,
    columns: dict[str, str | None],
) -> Scored:
    """A split of a source; of the run's own source where none is given; a file whole.

    columns: `text_column` and `label_column`; of the run's own source, None is as in training.
    Raises TaskError if the source has no such split.
    """
    own = run_directory.read_config(model, "sentiment").get("data")
    if not isinstance(own, dict) or not {"source", "fingerprint"} <= own.keys():
        raise TaskError(f"{model}: its config.json does not say what data it is of; train it anew")
    given = source is not None and source != own["source"]
    name = source if source is not None else own["source"]
    if given and Path(name).is_file():
        if split:
            raise TaskError(f"{name}: a file is scored whole; leave out --split")
        notes: list[str] = []
        return Scored(
            read_labelled_file(Path(name), **columns, notes=notes), name, "all", tuple(notes)
        )
    if not given:
        columns = {k: v or own.get("columns", {}).get(k) for k, v in columns.items()}
    data = load_labelled(name, data_dir, **columns)
    split = split or "test"
    if split not in data.splits:
        raise TaskError(
            f"{name}: has no {split} split; --split dev scores what training was validated on"
        )
    told = tuple(note for note in data.notes if note != "no test split")
    if not given and data.fingerprint != own["fingerprint"]:
        told += (f"{name}: not the same data any more as the run was trained on",)
    return Scored(data.splits[split], name, split, told)
