"""The one error that reading data raises for something its user can mend."""

from os import PathLike

from seqtasks.datasets.printable import LONGEST_LINE, one_line


class DataError(ValueError):
    """A problem with data, told in one line: where it is, what it is, how to mend it.

    Args:
        path: the file, directory or data set name, as the user gave it.
        problem: what was expected and what came.
        mend: what to do about it.
        line: the line of the file, counted from 1, where there is one.
    """

    def __init__(
        self, path: str | PathLike[str], problem: str, mend: str, line: int | None = None
    ) -> None:
        super().__init__(path, problem, mend, line)
        self.path = path
        self.problem = problem
        self.mend = mend
        self.line = line

    def __str__(self) -> str:
        place = str(self.path) if self.line is None else f"{self.path}:{self.line}"
        mend = f"; {self.mend}"
        return one_line(f"{place}: {self.problem}", LONGEST_LINE - len(mend)) + one_line(mend)
