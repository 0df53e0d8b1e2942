"""Files that are there whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from seqtasks.tasks.errors import TaskError


@contextmanager
def whole_file(
    path: Path, mend: str = "name another place", parents: bool = True
) -> Iterator[Path]:
    """A place beside `path` to write to; what was written there then takes the place of `path`.

    It is on the disk before it does, so that not even a machine that stops leaves half of it. If
    the writer raises, or is interrupted, `path` is as it was and nothing else is left; what a
    killed one left is written over by the next.

    mend: what a user can do where it cannot be written. parents: make the directories above it.

    Raises:
        TaskError: if it cannot be written, or if nothing was.
    """
    part = path.parent / f".{path.name}.part"
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            raise TaskError(f"{path}: a pipe or a device, no plain file; {mend}")
        if parents:
            path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        flush(part)
        if not part.stat().st_size:
            raise TaskError(f"{path}: nothing was written; is there room on the disk?")
        os.replace(part, path)
    except OSError as error:
        problem = (error.strerror or str(error)).lower()
        raise TaskError(f"{path}: cannot be written: {problem}; {mend}") from error
    finally:
        with suppress(OSError):  # where it could not be written it need not be removed
            part.unlink(missing_ok=True)


def flush(path: Path) -> None:
    """Bring a file to the disk, or the names in a directory where the system can.

    Raises OSError for a file that cannot be.
    """
    if path.is_dir():
        with suppress(OSError):  # Windows opens no directory
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    else:
        with path.open("r+b") as file:
            os.fsync(file.fileno())
