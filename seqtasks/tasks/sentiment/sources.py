"""Which examples `evaluate` scores."""

from pathlib import Path
from typing import Any

from seqtasks.datasets.examples import LabelledText
from seqtasks.datasets.labelled_sources import load_labelled, read_labelled_file
from seqtasks.datasets.source import Source
from seqtasks.tasks import scored_sources


def examples_to_score(
    model: Path,
    source: str | None,
    data_dir: Path | None,
    split: str | None,
    columns: dict[str, str | None],
) -> scored_sources.Scored[LabelledText]:
    """As `scored_sources.examples_to_score` says, of labelled texts.

    columns: `text_column` and `label_column`; of the run's own source, None is as in training.
    """

    def read_source(name: str, own: dict[str, Any]) -> Source[LabelledText]:
        trained = own.get("columns", {})
        trained = trained if isinstance(trained, dict) else {}
        read = {k: v or scored_sources.own_words(model, trained, k) for k, v in columns.items()}
        return load_labelled(name, data_dir, **read)

    def read_file(path: Path) -> tuple[list[LabelledText], tuple[str, ...]]:
        notes: list[str] = []
        return read_labelled_file(path, **columns, notes=notes), tuple(notes)

    return scored_sources.examples_to_score(
        model, "sentiment", source, split, read_source, read_file
    )
