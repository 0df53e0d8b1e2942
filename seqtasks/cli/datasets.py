"""`seqtasks datasets`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqtasks.cli import options
from seqtasks.cli.messages import say
from seqtasks.datasets.printable import printable

if TYPE_CHECKING:
    from seqtasks.datasets.source import Source


@click.group(epilog="Try it: seqtasks datasets show sample")
def command() -> None:
    """Data sets that have a name, and what is in a SOURCE."""


@command.command("list")
def list_() -> None:
    """The data sets that `--data` knows by name."""
    from seqtasks.datasets.source import catalogue

    rows = catalogue()
    wide = max(len(row.name) for row in rows)
    for row in rows:
        click.echo(f"{row.name:{wide}}  {row.task:9}  {row.description}")


@command.command(epilog="Example: seqtasks datasets show mydata/train.conll")
@click.argument("source")
@click.option(
    "--task",
    type=click.Choice(["ner", "sentiment", "lm", "music"]),
    default="ner",
    show_default=True,
    help="What it is read for.",
)
@options.data_dir()
@options.columns
@click.option(
    "--examples",
    type=click.IntRange(min=0),
    default=5,
    show_default=True,
    help="How many to print.",
)
def show(
    source: str,
    task: str,
    data_dir: Path | None,
    text_column: str | None,
    label_column: str | None,
    examples: int,
) -> None:
    """Counts of a SOURCE, split by split, and its first examples."""
    columns = {"text_column": text_column, "label_column": label_column}
    if task != "sentiment" and any(columns.values()):
        raise click.UsageError("--text-column and --label-column belong to --task sentiment")
    from seqtasks.datasets import statistics
    from seqtasks.datasets.labelled_sources import load_labelled
    from seqtasks.datasets.music.sources import load_music
    from seqtasks.datasets.music.statistics import first_notes, genres_by_number, music_statistics
    from seqtasks.datasets.tagged_sources import load_tagged
    from seqtasks.datasets.text_sources import load_text

    readers: dict[str, tuple[Callable[..., Any], ...]] = {
        "ner": (load_tagged, statistics.statistics, statistics.marked),
        "sentiment": (load_labelled, statistics.label_statistics, statistics.labelled),
        "lm": (load_text, statistics.text_statistics, statistics.beginning),
        "music": (load_music, music_statistics, first_notes),
    }
    load, count, line = readers[task]
    data: Source[Any] = load(source, data_dir, **(columns if task == "sentiment" else {}))
    for note in data.notes:
        say(note)
    for name, split in data.splits.items():
        click.echo(printable(f"{name}: {count(split)}"))
    for about in genres_by_number(data.splits["train"]) if task == "music" else ():
        click.echo(printable(about))
    click.echo()
    for example in data.splits["train"][:examples]:
        click.echo(printable(line(example)))
