"""`seqtasks info`."""

import json
from pathlib import Path
from typing import Any

import click

from seqtasks.cli import options
from seqtasks.datasets.printable import one_line
from seqtasks.tasks.errors import TaskError


@click.command(epilog="Example: seqtasks info runs/ner")
@click.argument("directory", type=click.Path(path_type=Path))
@options.as_json()
def command(directory: Path, as_json: bool) -> None:
    """What a run or an export is: task, data, figures, versions."""
    from seqtasks.tasks.describe import describe

    record = describe(directory)
    try:
        _write(record, as_json)
    except RecursionError:  # it was just shallow enough to be read
        raise TaskError(f"{directory}: its record is nested too deeply; train it anew") from None


def _write(record: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(record))
        return
    for name, value in record.items():
        if isinstance(value, dict):
            shown = {k: v for k, v in value.items() if v is not None and not _is_table(v)}
            value = ", ".join(f"{k} {_short(v)}" for k, v in shown.items())
        click.echo(one_line(f"{name:9} {_short(value)}"))


def _short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        shown = (f"{k} {_short(v)}" for k, v in value.items() if not _is_table(v))
        return "(" + ", ".join(shown) + ")"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _is_table(value: object) -> bool:
    """A list of rows, as the calibration by confidence has: too much for a line."""
    return isinstance(value, list) and any(isinstance(row, (dict, list)) for row in value)
