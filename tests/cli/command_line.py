"""The whole command line in this process, as `seqtasks …` runs it."""

import signal
import sys
from typing import NamedTuple

import pytest

from seqtasks.cli.main import main


class Outcome(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def seqtasks(monkeypatch, capsys):
    """`seqtasks("ner", "train", …)`; gives its exit code, standard output and standard error."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["seqtasks", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        return Outcome(end.value.code, *capsys.readouterr())

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)
