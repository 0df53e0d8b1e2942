"""Processes that run the command line, forked from one that has imported everything already.

A signal can be sent to them at a moment that is counted, not timed: before a step of training,
before a validation, before a file takes its place.
"""

import itertools
import multiprocessing
import os
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from seqtasks.cli.start import start_tensorflow

# imported in the process that is forked, so that none of its children has to
start_tensorflow()
for _name in ("cli.main", "tasks.ner", "tasks.sentiment", "tasks.lm", "tasks.music"):
    import_module(f"seqtasks.{_name}")


class Ended(NamedTuple):
    """How a process ended: its exit code (less than 0: a signal's), and what it wrote."""

    code: int
    out: str
    err: str
    moments: int


def run(place, *arguments, moment=0, number=signal.SIGKILL, patience=300):
    """`seqtasks ARGUMENTS` in a process whose directory is `place`.

    moment: at which of its moments (from 1) the process is sent the signal `number`; 0: at none.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    words = tuple(map(str, arguments))
    process = context.Process(target=_child, args=(str(place), words, moment, int(number)))
    process.start()
    process.join(patience)
    if process.is_alive():
        process.kill()
        raise TimeoutError(f"seqtasks {' '.join(words)}: still at work after {patience} seconds")
    log = {name: (Path(place) / f"{name}.log").read_text("utf-8") for name in ("out", "err")}
    moments = Path(place) / "moments.log"
    return Ended(process.exitcode, *log.values(), len(moments.read_bytes()))


def _child(place, words, moment, number):
    os.chdir(place)
    for descriptor, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(f"{name}.log", os.O_CREAT | os.O_TRUNC | os.O_WRONLY), descriptor)
    sys.argv = ["seqtasks", *words]
    _count_moments(moment, number)
    import_module("seqtasks.cli.main").main()


def _count_moments(moment, number):
    """Note each moment in a file, and send the signal at one of them."""
    counter = itertools.count(1)
    log = os.open("moments.log", os.O_CREAT | os.O_TRUNC | os.O_WRONLY)

    def counted(function):
        def call(*arguments, **options):
            os.write(log, b".")
            if next(counter) == moment:
                os.kill(os.getpid(), number)
            return function(*arguments, **options)

        return call

    training = import_module("seqtasks.tasks.training")
    training.Step.__call__ = counted(training.Step.__call__)
    training.using = counted(training.using)
    for name in ("replace", "rename", "unlink"):
        setattr(os, name, counted(getattr(os, name)))
