"""Arrays of a run directory, as a stranger may have written them: no code, bounded memory."""

from pathlib import Path

import numpy as np

from seqtasks.datasets.array_archive import read_archive
from seqtasks.datasets.errors import DataError
from seqtasks.tasks.errors import TaskError


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """What `run_directory.save_arrays` wrote. No more memory is taken than the file is large.

    Raises:
        TaskError: for a file that is missing, damaged, or made by something else.
    """
    try:
        return read_archive(path, "")
    except DataError as error:
        # the reason last, behind what is to be done
        what, _, reason = error.problem.partition(" (")
        told = f" ({reason}" if reason else ""
        raise TaskError(f"{path}: {what}; train the model anew{told}") from None
