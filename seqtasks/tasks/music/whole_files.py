"""Files that are there whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seqtasks.tasks.errors import TaskError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A place beside `path` to write to; what was written there then takes the place of `path`.

    Directories above it are made. If the writer raises, `path` is as it was.

    Raises:
        TaskError: if it cannot be written, or if nothing was.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        if not part.stat().st_size:
            raise TaskError(f"{path}: nothing was written; is there room on the disk?")
        os.replace(part, path)
    except OSError as error:
        problem = (error.strerror or str(error)).lower()
        raise TaskError(f"{path}: cannot be written: {problem}; name another place") from error
    finally:
        _remove(part)


def _remove(part: Path) -> None:
    try:
        part.unlink(missing_ok=True)
    except OSError:  # where it could not be written it need not be removed
        return
