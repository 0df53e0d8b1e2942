"""Ctrl-C in the middle of a training, without a signal."""

import pytest

from seqtasks.tasks import run_directory, training_state


@pytest.fixture
def interrupt(monkeypatch):
    """`interrupt(n)`: it comes as the state is to be written for the nth time; 0: never."""

    def interrupt(number):
        written = []

        def save(path, arrays):
            written.append(path)
            if len(written) == number:
                raise KeyboardInterrupt
            run_directory.save_arrays(path, arrays)

        monkeypatch.setattr(training_state, "save_arrays", save)

    return interrupt
