"""Lines for the user that are no results."""

import click

from seqtasks.datasets.printable import printable


def say(line: str) -> None:
    """Write a line to standard error: standard output is for results."""
    click.echo(printable(line), err=True)
