"""What `evaluate --errors FILE` writes."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from seqtasks.datasets.errors import DataError


def write_errors(path: Path, head: str, mistakes: Iterable[Any]) -> None:
    """Tab-separated, a mistake a line, with a head."""
    rows = [head]
    rows += ["\t".join(" ".join(str(part).split()) for part in row) for row in mistakes]
    part = path.with_name(path.name + ".part")
    try:
        part.write_text("\n".join(rows) + "\n", "utf-8")
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        problem = str(error.strerror).lower()
        raise DataError(path, problem, "name another file with --errors") from None
