"""Starting TensorFlow from a command: late, quietly, with so many threads."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def start_tensorflow(threads: int | None = None) -> None:
    """Import TensorFlow without the lines it writes to standard error while it is imported.

    They come from its C++ part, before any setting of its log level counts, so that the file
    descriptor itself is turned aside for that moment.

    threads: processor threads; None is all cores.
    """
    if "tensorflow" not in sys.modules:
        with _quiet():
            import keras  # noqa: F401
            import tensorflow  # noqa: F401
    if threads:
        from seqtasks.tasks.training import set_threads

        set_threads(threads)


@contextmanager
def _quiet() -> Iterator[None]:
    """What is written to standard error by its number goes nowhere."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def open_closed_streams() -> None:
    """Have something to write to where the shell has closed a standard stream, as with `2>&-`.

    To be called before any file is opened. Python has None there, and the next file that is opened
    would get the stream's number, to which TensorFlow writes all the same.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(number)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
