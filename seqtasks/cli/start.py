"""Starting TensorFlow from a command: late, quietly, with so many threads."""

import os
import sys


def start_tensorflow(threads: int | None = None) -> None:
    """Import TensorFlow without the lines it writes to standard error while it is imported.

    They come from its C++ part, before any setting of its log level counts, so that the file
    descriptor itself is turned aside for that moment.

    threads: processor threads; None is all cores.
    """
    if "tensorflow" not in sys.modules:
        sys.stderr.flush()
        kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 2)
            import keras  # noqa: F401
            import tensorflow  # noqa: F401
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nowhere)
    if threads:
        from seqtasks.tasks.training import set_threads

        set_threads(threads)
