"""`seqtasks datasets`."""

from pathlib import Path

import click


@click.group(epilog="Try it: seqtasks datasets show sample")
def command() -> None:
    """Data sets that have a name, and what is in a SOURCE."""


@command.command("list")
def list_() -> None:
    """The data sets that `--data` knows by name."""
    from seqtasks.datasets.sources import catalogue

    rows = catalogue()
    wide = max(len(row.name) for row in rows)
    for row in rows:
        click.echo(f"{row.name:{wide}}  {row.task:9}  {row.description}")


@command.command(epilog="Example: seqtasks datasets show mydata/train.conll")
@click.argument("source")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Of TensorFlow Datasets.")
@click.option("--examples", default=5, show_default=True, help="How many to print.")
def show(source: str, data_dir: Path | None, examples: int) -> None:
    """Counts of a SOURCE of tagged text, split by split, and its first examples."""
    from seqtasks.datasets.sources import load_tagged
    from seqtasks.datasets.statistics import marked, statistics

    data = load_tagged(source, data_dir)
    for note in data.notes:
        click.echo(note, err=True)
    for name, split in data.splits.items():
        click.echo(f"{name}: {statistics(split)}")
    click.echo()
    for example in data.splits["train"][:examples]:
        click.echo(marked(example))
