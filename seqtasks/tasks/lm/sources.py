"""Which documents `evaluate` reads."""

from pathlib import Path
from typing import Any, NamedTuple

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.source import Source
from seqtasks.datasets.text_sources import SHARES, load_text, read_text_file
from seqtasks.tasks import scored_sources
from seqtasks.tasks.errors import TaskError


class Documents(NamedTuple):
    """The documents to read, and those that the run was trained on where its source is read."""

    scored: scored_sources.Scored[str]
    train: list[str] | None


def documents_to_score(
    model: Path, source: str | None, data_dir: Path | None, split: str | None
) -> Documents:
    """As `scored_sources.examples_to_score` says, of plain text."""
    train: list[list[str]] = []

    def read_source(name: str, own: dict[str, Any]) -> Source[str]:
        shares = scored_sources.own_words(model, own, "shares") or SHARES
        try:
            data = load_text(name, data_dir, shares)
        except DataError:
            raise
        except ValueError as error:
            raise TaskError(
                f"{model}: its config.json is broken ({error}); train it anew"
            ) from None
        if own:
            train.append(data.splits["train"])
        return data

    def read_file(path: Path) -> tuple[list[str], tuple[str, ...]]:
        return read_text_file(path), ()

    scored = scored_sources.examples_to_score(model, "lm", source, split, read_source, read_file)
    return Documents(scored, train[0] if train else None)
