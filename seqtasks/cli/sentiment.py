"""`seqtasks sentiment`."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqtasks.cli import options
from seqtasks.cli.errors_file import write_errors
from seqtasks.cli.interruptible import interruptible
from seqtasks.cli.lines import MOST_BYTES, begun, text_groups
from seqtasks.cli.messages import say, say_saved
from seqtasks.cli.start import start_tensorflow
from seqtasks.cli.tables import Table, table_groups
from seqtasks.datasets.printable import json_line, printable
from seqtasks.tasks.sentiment.config import Config

if TYPE_CHECKING:
    from seqtasks.tasks.sentiment.classifier import Answer, Part

MEND = "break it up, or read it in stretches with --window"  # of a line of more than MOST_BYTES


@click.group(epilog='Try it: seqtasks sentiment train && seqtasks sentiment predict "I loved it."')
def command() -> None:
    """Sentiment, or any other labels of texts."""


@command.command(epilog="Example: seqtasks sentiment train --data reviews/ --model runs/mine")
@options.data()
@options.columns
@options.model("sentiment")
@options.overwrite_or_resume()
@options.settings(Config)
def train(
    config: Config,
    source: str,
    data_dir: Path | None,
    text_column: str | None,
    label_column: str | None,
    model: Path,
    overwrite: bool,
    resume: bool,
) -> None:
    """Train a classifier on texts with labels."""
    from seqtasks.datasets.labelled_sources import load_labelled

    data = load_labelled(source, data_dir, text_column, label_column)
    start_tensorflow(config.threads)
    from seqtasks.tasks import label_scores, sentiment

    columns = {"text_column": text_column, "label_column": label_column}
    scores = sentiment.train(config, data, model, overwrite, resume, say, columns)
    click.echo("validation, in percent:\n")
    click.echo(printable(label_scores.table(scores)))
    review = '"Slow, but I loved every minute of it."'
    say_saved("sentiment", model, data.splits, f"predict --explain {review}")


@command.command(epilog="Example: seqtasks sentiment evaluate --split dev --errors errors.tsv")
@options.model("sentiment")
@options.data(None, "Score this instead of the run's own source; a file is scored whole.")
@options.columns
@options.split()
@options.as_json()
@options.errors()
@click.option(
    "--plots",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Draw confusions and calibration there.",
)
@options.threads()
def evaluate(
    model: Path,
    source: str | None,
    data_dir: Path | None,
    text_column: str | None,
    label_column: str | None,
    split: str | None,
    as_json: bool,
    errors: Path | None,
    plots: Path | None,
    threads: int | None,
) -> None:
    """Score a trained classifier: accuracy, F1, confusions, calibration."""
    from seqtasks.tasks.sentiment.sources import examples_to_score

    named = {"text_column": text_column, "label_column": label_column}
    found = examples_to_score(model, source, data_dir, split, named)
    start_tensorflow(threads)
    from seqtasks.tasks import label_scores, sentiment

    result = interruptible(
        sentiment.evaluate, classifier=sentiment.load(model), examples=found.examples
    )
    for note in (*found.notes, *result.notes):
        say(note)
    if errors:
        write_errors(errors, "line\ttrue\tfound\tprobability\ttext", result.mistakes)
        say(f"{len(result.mistakes):,} mistakes written to {errors}")
    if plots:
        _draw(plots, result.scores)
    scores = {**result.scores, "source": found.source, "split": found.split}
    if as_json:
        click.echo(json_line(scores))
        return
    table = label_scores.table(scores)
    click.echo(printable(f"{found.source}, {found.split}, in percent:\n\n{table}"))


@command.command(
    epilog='Example: seqtasks sentiment predict --explain "Slow, but I loved it." ; '
    "seqtasks sentiment predict --format csv --input reviews.csv --text-column review"
)
@click.argument("text", nargs=-1)
@options.model("sentiment")
@options.input_file("Read texts from a file: a text a line, or a table if it ends in .csv or .tsv.")
@click.option(
    "--text-column",
    metavar="NAME",
    help="Of a table: where the text is; a name of the header or a number from 1.",
)
@options.answers(
    "Label, probability and text; JSON Lines; or CSV, which keeps a table's columns.", "csv"
)
@click.option("--explain", is_flag=True, help="Show which words carried it, in colour or as JSON.")
@click.option(
    "--window",
    type=click.IntRange(min=2),
    metavar="WORDS",
    help="Read long texts in stretches of so many words, whose probabilities are averaged.",
)
@options.threads()
def predict(
    text: tuple[str, ...],
    model: Path,
    file: Path | None,
    text_column: str | None,
    format_: str,
    explain: bool,
    window: int | None,
    threads: int | None,
) -> None:
    """Label TEXT, the texts of a file, or standard input (-): one answer a text."""
    if explain and format_ == "csv":
        raise click.UsageError("--explain has no place in CSV: leave it out, or --format json")
    if explain and window:
        raise click.UsageError("--explain reads a text as a whole: leave out --window")
    if file is not None and not text and file.suffix.lower() in (".csv", ".tsv"):
        table = table_groups(file, text_column, keep=format_ == "csv")
        groups = table.groups
    else:
        if text_column:
            raise click.UsageError("--text-column is for a table: --input with .csv or .tsv")
        bounds = () if window else (MOST_BYTES, MEND)
        table, groups = None, text_groups(text, file, *bounds)
    groups = begun(groups)
    start_tensorflow(threads)
    from seqtasks.tasks import sentiment

    classifier = sentiment.load(model)
    write = _writer(format_, table)
    for group in groups:
        for answer in interruptible(
            lambda texts: list(classifier.classify(texts, window)), texts=group
        ):
            write(answer, interruptible(classifier.explain, text=answer.text) if explain else None)
        sys.stdout.flush()


@command.command(epilog="Example: seqtasks sentiment export --out exports/sentiment")
@options.model("sentiment")
@options.out("sentiment")
def export(model: Path, out: Path) -> None:
    """Write a SavedModel that takes raw text and needs TensorFlow alone."""
    start_tensorflow()
    from seqtasks.tasks import sentiment

    directory, difference, texts = sentiment.export(model, out)
    say(
        f"reloaded by TensorFlow alone and compared on {texts} texts: "
        f"the same labels, probabilities within {difference:.0e}"
    )
    click.echo(str(directory))


def _writer(format_: str, table: Table | None) -> "Callable[[Answer, list[Part] | None], None]":
    if format_ == "csv":
        return _csv_writer(table)
    return _write_json if format_ == "json" else _write_text


def _write_text(answer: "Answer", parts: "list[Part] | None") -> None:
    """`positive 0.97  I loved it.`; with an explanation, words by what they did, in colour."""
    shown = printable(" ".join(answer.text.split()))
    if parts is not None:
        shown = _coloured(answer.text, parts)
    click.echo(f"{printable(answer.label)} {answer.probability:.2f}  {shown}")


def _coloured(text: str, parts: "list[Part]") -> str:
    """Green spoke for the label, red against it, bold the most; figures where colour is not."""
    most = max((abs(part.weight) for part in parts), default=0) or 1
    shown, place = "", 0
    for part in parts:
        shown += printable(text[place : part.start])
        share, word = part.weight / most, printable(part.text)
        if abs(share) < 0.15:
            shown += word
        elif sys.stdout.isatty():
            colour = "green" if share > 0 else "red"
            shown += click.style(word, fg=colour, bold=abs(share) > 0.5)
        else:
            shown += f"[{word} {part.weight:+.1f}]"
        place = part.end
    return " ".join((shown + printable(text[place:])).split())


def _write_json(answer: "Answer", parts: "list[Part] | None") -> None:
    record = answer._asdict()
    if parts is not None:
        record["words"] = [part._asdict() for part in parts]
    click.echo(json_line(record))


def _csv_writer(table: Table | None) -> "Callable[[Answer, list[Part] | None], None]":
    """Writes the head at once; then a row an answer, the table's own columns first."""
    import csv

    rows = csv.writer(sys.stdout, lineterminator="\n")
    kept = table.header if table else ["text"]
    rows.writerow([*kept, "predicted_label", "predicted_probability"])

    def write(answer: "Answer", _: "list[Part] | None") -> None:
        cells = table.rows.popleft() if table else [answer.text]
        if sys.stdout.isatty():  # elsewhere a table's own columns stay as they are
            cells = [printable(cell) for cell in cells]
        rows.writerow([*cells, printable(answer.label), answer.probability])

    return write


def _draw(directory: Path, scores: dict[str, Any]) -> None:
    from seqtasks.tasks import plots

    directory.mkdir(parents=True, exist_ok=True)
    plots.confusion(directory / "confusion.png", scores["labels"], scores["confusion"])
    plots.calibration(directory / "calibration.png", scores["reliability"])
    say(f"drawn: {directory / 'confusion.png'}, {directory / 'calibration.png'}")
