"""What a user can mend, and signals that ask the program to stop."""

import signal

from seqtasks.datasets.printable import one_line


class TaskError(Exception):
    """One line for the user: which file or argument, what was expected, what came, the mend."""

    def __str__(self) -> str:
        return one_line(super().__str__())


class Interrupted(KeyboardInterrupt):
    """A signal asked the program to stop; the text says how far it came.

    number: the signal's; a process that ends by it exits with 128 more. resumable: whether it was
    a training that can be gone on with.
    """

    def __init__(
        self, text: str = "interrupted", number: int = signal.SIGINT, resumable: bool = False
    ) -> None:
        super().__init__(text)
        self.number, self.resumable = int(number), resumable
