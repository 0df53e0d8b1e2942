"""One training at a time at a place.

The lock is the system's own on a file beside the place, so that a process which dies has let go.
Where the system (Windows) or the file system (some on a network) has no such locks, there is none.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from seqtasks.tasks.errors import TaskError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)


@contextmanager
def only_one(place: Path, path: Path) -> Iterator[None]:
    """Hold the lock of `place`, the file `path`.

    Raises TaskError if another process holds it; OSError if it cannot be made.
    """
    if fcntl is None:
        yield
        return
    descriptor = _locked(place, path)
    try:
        yield
    finally:
        # removed while it is held: who opened it meanwhile finds out that it is no longer there.
        # One that cannot be removed is nobody's, and the next training takes it
        with suppress(OSError):
            path.unlink()
        os.close(descriptor)


def held(path: Path) -> bool:
    """Whether a process holds the lock, the file `path`."""
    if fcntl is None:
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
    finally:
        os.close(descriptor)
    return False


def _locked(place: Path, path: Path) -> int:
    while True:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise TaskError(
                f"{place}: another training is at work there; wait for it, or name another place "
                "with --model"
            ) from None
        except OSError as error:
            if error.errno in NO_LOCKS:
                return descriptor
            os.close(descriptor)
            raise OSError(error.errno, error.strerror, str(path)) from None
        try:
            if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                return descriptor
        except FileNotFoundError:
            pass
        os.close(descriptor)  # who held it has removed it in between
