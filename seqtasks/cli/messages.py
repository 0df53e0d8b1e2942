"""Lines for the user that are no results."""

import shlex
from collections.abc import Collection
from pathlib import Path

import click

from seqtasks.datasets.printable import printable


def say(line: str) -> None:
    """Write a line to standard error: standard output is for results."""
    click.echo(printable(line), err=True)


def say_saved(task: str, model: Path, splits: Collection[str], *commands: str) -> None:
    """Say where a training left its run, and which commands to try next.

    commands: of the task, a verb and what comes behind it.
    """
    where = "" if model == Path("runs") / task else f" --model {shlex.quote(str(model))}"
    say(f"\nsaved in {model}; try it:")
    for command in (*commands, *(["evaluate"] if "test" in splits else [])):
        verb, _, rest = command.partition(" ")
        say(f"  seqtasks {task} {verb}{where} {rest}".rstrip())
