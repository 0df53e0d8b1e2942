"""What `evaluate --errors FILE` writes."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from seqtasks.tasks.whole_files import whole_file


def write_errors(path: Path, head: str, mistakes: Iterable[Any]) -> None:
    """Tab-separated, a mistake a line, with a head. Raises DataError if it cannot be written."""
    rows = [head]
    rows += ["\t".join(" ".join(str(part).split()) for part in row) for row in mistakes]
    with whole_file(path, "name another file with --errors", parents=False) as part:
        part.write_text("\n".join(rows) + "\n", "utf-8")
