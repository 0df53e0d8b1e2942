"""One training at a time at a place.

The lock is the system's own on a file beside the place, so that a process which dies has let go.
Where the system has no such locks (Windows), there is none.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seqtasks.tasks.errors import TaskError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


@contextmanager
def only_one(place: Path, path: Path) -> Iterator[None]:
    """Hold the lock of `place`, the file `path`.

    Raises TaskError if another process holds it, or if it cannot be made.
    """
    descriptor = _locked(place, path)
    try:
        yield
    finally:
        # removed while it is held: who opened it meanwhile finds out that it is no longer there
        path.unlink(missing_ok=True)
        os.close(descriptor)


def held(path: Path) -> bool:
    """Whether a process holds the lock, the file `path`."""
    if fcntl is None or not path.exists():
        return False
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _locked(place: Path, path: Path) -> int:
    while True:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o644)
        if fcntl is None:
            return descriptor
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise TaskError(
                f"{place}: another training is at work there; wait for it, or name another place "
                "with --model"
            ) from None
        try:
            if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                return descriptor
        except FileNotFoundError:
            pass
        os.close(descriptor)  # who held it has removed it in between
