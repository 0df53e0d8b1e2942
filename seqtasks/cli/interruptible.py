"""Long calls into TensorFlow that Ctrl-C and SIGTERM can end."""

import os
import sys
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import click

from seqtasks.tasks.errors import Interrupted

Result = TypeVar("Result")


def interruptible(call: Callable[..., Result], **arguments: Any) -> Result:
    """What a call returns or raises, made in a thread of its own.

    Python answers signals in its main thread and between instructions, of which a graph that runs
    for an hour is one; waiting for a thread is not. A signal ends the process at once, with the
    exit code that `main` has for it: unloading TensorFlow while it runs would crash.
    """
    results: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(call(**arguments))
        except BaseException as error:  # raised again where it is waited for
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    try:
        thread.start()
        while thread.is_alive():
            thread.join(0.2)
    except KeyboardInterrupt as error:
        stop = error if isinstance(error, Interrupted) else Interrupted()
        click.echo(f"Error: {stop}", err=True)
        _leave(128 + stop.number)
    if errors:
        raise errors[0]
    return results[0]


def _leave(code: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
