"""Lines for the user that are no results."""

import click


def say(line: str) -> None:
    """Write a line to standard error: standard output is for results."""
    click.echo(line, err=True)
