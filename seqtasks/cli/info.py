"""`seqtasks info`."""

import json
from pathlib import Path

import click

from seqtasks.cli import options


@click.command(epilog="Example: seqtasks info runs/ner")
@click.argument("directory", type=click.Path(path_type=Path))
@options.as_json()
def command(directory: Path, as_json: bool) -> None:
    """What a run or an export is: task, data, figures, versions."""
    from seqtasks.tasks.describe import describe

    record = describe(directory)
    if as_json:
        click.echo(json.dumps(record))
        return
    for name, value in record.items():
        if isinstance(value, dict):
            value = ", ".join(f"{k} {_short(v)}" for k, v in value.items() if v is not None)
        click.echo(f"{name:9} {_short(value)}")


def _short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return "(" + ", ".join(f"{k} {_short(v)}" for k, v in value.items()) + ")"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
