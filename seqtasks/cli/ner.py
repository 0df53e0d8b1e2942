"""`seqtasks ner`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqtasks.cli import options
from seqtasks.cli.errors_file import write_errors
from seqtasks.cli.interruptible import interruptible
from seqtasks.cli.lines import begun, text_groups
from seqtasks.cli.messages import say, say_saved
from seqtasks.cli.start import start_tensorflow
from seqtasks.datasets.printable import json_line, printable
from seqtasks.tasks.ner.config import Config

if TYPE_CHECKING:
    from seqtasks.tasks.ner.tagger import TaggedLine

COLOURS = ("cyan", "green", "magenta", "yellow", "blue", "red")


@click.group(epilog='Try it: seqtasks ner train && seqtasks ner predict "Ada met Tim in Oslo."')
def command() -> None:
    """Named-entity recognition: find names of people, places and more in text."""


@command.command(epilog="Example: seqtasks ner train --data mydata/ --model runs/mine --units 200")
@options.data()
@options.model("ner")
@options.overwrite_or_resume()
@options.settings(Config)
def train(
    config: Config,
    source: str,
    data_dir: Path | None,
    model: Path,
    overwrite: bool,
    resume: bool,
) -> None:
    """Train a tagger on sentences with marked names."""
    from seqtasks.datasets.tagged_sources import load_tagged

    data = load_tagged(source, data_dir)
    start_tensorflow(config.threads)
    from seqtasks.tasks import chunk_scores, ner

    scores = ner.train(config, data, model, overwrite, resume, say)
    click.echo("validation, in percent:\n")
    click.echo(printable(chunk_scores.table(scores)))
    spell = '"Harry Potter and Hermione Granger invented a new spell."'
    say_saved("ner", model, data.splits, f"predict {spell}")


@command.command(epilog="Example: seqtasks ner evaluate --split dev --errors errors.tsv")
@options.model("ner")
@options.data(None, "Score this instead of the run's own source; a file is scored whole.")
@options.split()
@options.as_json()
@options.errors()
@options.threads()
def evaluate(
    model: Path,
    source: str | None,
    data_dir: Path | None,
    split: str | None,
    as_json: bool,
    errors: Path | None,
    threads: int | None,
) -> None:
    """Score a trained tagger, as CoNLL's shared tasks do: exact bounds and type."""
    from seqtasks.tasks.ner.sources import examples_to_score

    found = examples_to_score(model, source, data_dir, split)
    start_tensorflow(threads)
    from seqtasks.tasks import chunk_scores, ner

    tagger = ner.load(model)
    result = interruptible(ner.evaluate, tagger=tagger, examples=found.examples)
    for note in (*found.notes, *result.notes):
        say(note)
    if errors:
        write_errors(errors, "sentence\tkind\ttrue\tfound\ttext", result.mistakes)
        say(f"{len(result.mistakes):,} mistakes written to {errors}")
    scores = {**result.scores, "source": found.source, "split": found.split}
    if as_json:
        click.echo(json_line(scores))
        return
    table = chunk_scores.table(scores)
    click.echo(printable(f"{found.source}, {found.split}, in percent:\n\n{table}"))


@command.command(
    epilog='Example: seqtasks ner predict --format json "Ada met Tim." ; '
    "cat letters.txt | seqtasks ner predict -"
)
@click.argument("text", nargs=-1)
@options.model("ner")
@options.input_file("Read texts from a file, one a line.")
@options.answers(
    "Marked text; JSON Lines with places in code points; or a token and its tag a line.", "conll"
)
@options.threads()
def predict(
    text: tuple[str, ...], model: Path, file: Path | None, format_: str, threads: int | None
) -> None:
    """Mark the names in TEXT, in a file, or in standard input (-): one answer a line."""
    groups = begun(text_groups(text, file))
    start_tensorflow(threads)
    from seqtasks.tasks import ner

    tagger = ner.load(model)
    types = sorted({tag[2:] for tag in tagger.network.tags if tag != "O"})
    colour = {type_: COLOURS[i % len(COLOURS)] for i, type_ in enumerate(types)}
    for group in groups:
        for line in interruptible(lambda texts: list(tagger.tag_texts(texts)), texts=group):
            click.echo(_FORMATS[format_](line, colour))
        sys.stdout.flush()


@command.command(epilog="Example: seqtasks ner export --out exports/ner")
@options.model("ner")
@options.out("ner")
def export(model: Path, out: Path) -> None:
    """Write a SavedModel that takes raw text and needs TensorFlow alone."""
    start_tensorflow()
    from seqtasks.tasks import ner

    directory, difference, texts = ner.export(model, out)
    say(
        f"reloaded by TensorFlow alone and compared on {texts} texts: "
        f"the same tags, confidences within {difference:.0e}"
    )
    click.echo(str(directory))


def _as_text(line: "TaggedLine", colour: dict[str, str]) -> str:
    """`[PER Ana] slept.`; on a terminal also in colours."""
    shown, place = "", 0
    for entity in line.entities:
        mark = printable(f"[{entity.type} {entity.text}]")
        mark = click.style(mark, fg=colour[entity.type], bold=True)
        shown += printable(line.text[place : entity.start]) + mark
        place = entity.end
    return shown + printable(line.text[place:])


def _as_json(line: "TaggedLine", _: dict[str, str]) -> str:
    entities = [entity._asdict() for entity in line.entities]
    return json_line({"text": line.text, "entities": entities})


def _as_conll(line: "TaggedLine", _: dict[str, str]) -> str:
    """A token and its tag a line; an empty line behind every sentence, and for an empty text."""
    rows: list[str] = []
    for token, tag, head in zip(line.tokens, line.tags, line.heads, strict=True):
        if head and rows:
            rows.append("")
        rows.append(printable(f"{token}\t{tag}"))
    return "".join(row + "\n" for row in rows)


_FORMATS: dict[str, Any] = {"text": _as_text, "json": _as_json, "conll": _as_conll}
