"""`seqtasks info`."""

import shutil
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from seqtasks.cli import options
from seqtasks.datasets.printable import json_line, one_line
from seqtasks.tasks.errors import TaskError

WIDEST = 100  # columns, also where the terminal has more
LAST = ("config", "versions", "machine")  # of a record: what is read least


@click.command(epilog="Example: seqtasks info runs/ner")
@click.argument("directory", type=click.Path(path_type=Path))
@options.as_json()
def command(directory: Path, as_json: bool) -> None:
    """What a run or an export is: task, data, figures, versions."""
    from seqtasks.tasks.describe import describe

    _write(describe(directory), as_json, directory)


def _write(record: dict[str, Any], as_json: bool, directory: Path) -> None:
    """Print it; TaskError for one that was just shallow enough to be read."""
    try:
        _print(record, as_json)
    except RecursionError:
        raise TaskError(f"{directory}: its record is nested too deeply; train it anew") from None


def _print(record: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json_line(record))
        return
    for name in ("kind", "directory", "task"):
        click.echo(one_line(f"{name:9} {record.pop(name)}"))
    ordered = sorted(record.items(), key=lambda item: item[0] in LAST)
    width = min(shutil.get_terminal_size().columns, WIDEST)
    for line in _lines(dict(ordered), width, ""):
        click.echo(one_line(line))


def _lines(record: dict[str, Any], width: int, indent: str) -> Iterator[str]:
    """Name and value, as many on a line as there is room for; what has parts under its name.

    What is empty is left out, and so are tables, as of confusions, which are for programs.
    """
    single = {name: value for name, value in record.items() if not isinstance(value, (dict, list))}
    pairs = [f"{name} {_short(value)}" for name, value in single.items() if value is not None]
    yield from _wrapped(pairs, width, indent)
    for name, value in record.items():
        if name in single or not value or _is_table(value):
            continue
        yield f"{indent}{name}"
        if isinstance(value, dict):
            yield from _lines(value, width, indent + "  ")
        else:
            yield from _wrapped([_short(part) for part in value], width, indent + "  ")


def _wrapped(parts: list[str], width: int, indent: str) -> list[str]:
    """Parts with commas between them, none of which is broken."""
    whole = ", ".join(part.replace(" ", "\0") for part in parts)
    lines = textwrap.wrap(
        whole,
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace("\0", " ") for line in lines]


def _short(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _is_table(value: object) -> bool:
    """A list of rows, as the calibration by confidence has."""
    return isinstance(value, list) and any(isinstance(row, (dict, list)) for row in value)
