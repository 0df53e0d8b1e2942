"""Which examples `evaluate` scores."""

from pathlib import Path

from seqtasks.datasets.tagged_sources import Example, load_tagged, read_tagged_file
from seqtasks.tasks import scored_sources


def examples_to_score(
    model: Path, source: str | None, data_dir: Path | None, split: str | None
) -> scored_sources.Scored[Example]:
    """As `scored_sources.examples_to_score` says, of tagged text."""
    return scored_sources.examples_to_score(
        model, "ner", source, split, lambda name, _: load_tagged(name, data_dir), read_tagged_file
    )
