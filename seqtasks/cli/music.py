"""`seqtasks music`."""

from pathlib import Path

import click

from seqtasks.cli import options
from seqtasks.cli.interruptible import interruptible
from seqtasks.cli.messages import say, say_saved
from seqtasks.cli.music_generate import generate
from seqtasks.cli.music_output import check_place, table
from seqtasks.cli.progress import told
from seqtasks.cli.start import start_tensorflow
from seqtasks.datasets.printable import json_line, printable
from seqtasks.tasks.music.config import Config, Drawing

DRAWING = Drawing()


@click.group(epilog="Try it: seqtasks music train && seqtasks music generate --wav --roll")
def command() -> None:
    """Music: the probability of a piece, and new pieces one can hear."""


@command.command(
    epilog="Example: seqtasks music train --data tunes/ --model runs/tunes (a folder of MIDI, "
    "MusicXML or ABC files; its subfolders are genres)"
)
@options.data(
    help="`sample` (chorales by J. S. Bach, four voices), a folder of MIDI, MusicXML or ABC "
    "files whose subfolders are genres, a file of pitch sets in JSON, or a directory with "
    "train.*, dev.* and test.*, or with train/, dev/ and test/",
    with_dir=False,
)
@options.model("music")
@options.overwrite_or_resume()
@options.settings(Config)
def train(config: Config, source: str, model: Path, overwrite: bool, resume: bool) -> None:
    """Train a model of music on pieces."""
    from seqtasks.datasets.music.sources import load_music

    with told("reading") as progress:
        data = load_music(source, None, config.steps_per_beat, progress)
    start_tensorflow(config.threads)
    from seqtasks.tasks import music

    scores = music.train(config, data, model, overwrite, resume, say)
    click.echo("validation:\n")
    click.echo(table(scores))
    say_saved("music", model, data.splits, "generate --wav --roll")


@command.command(epilog="Example: seqtasks music evaluate --generated 20 --plots plots")
@options.model("music")
@options.data(
    None, "Read this instead of the run's own source; a file is read whole.", with_dir=False
)
@options.split()
@click.option(
    "--generated",
    type=click.IntRange(0, 1000),
    default=0,
    metavar="N",
    help="Draw N pieces and compare them with the data: pitches, intervals, lengths, polyphony. "
    f"They are drawn as `generate` draws: temperature {DRAWING.temperature}, top-p "
    f"{DRAWING.top_p}, the best ended of {DRAWING.takes} takes.",
)
@click.option(
    "--plots",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Draw that comparison there.",
)
@options.seed()
@options.as_json()
@options.threads()
def evaluate(
    model: Path,
    source: str | None,
    split: str | None,
    generated: int,
    plots: Path | None,
    seed: int,
    as_json: bool,
    threads: int | None,
) -> None:
    """How well pieces are foreseen, and how new ones differ.

    Nats a step: -sum of ln p of all tones by the time steps, silent ones counted, from the first
    step of each piece, over all pieces; nats a note: the same sum by the tones struck. Frame
    accuracy: the likeliest tones of each step after the true steps before, against the true ones,
    tones in both by tones in either.
    """
    from seqtasks.tasks.music.sources import pieces_to_score

    if plots and not generated:
        raise click.UsageError("--plots draws what --generated N compares: give both")
    if plots:
        check_place(plots, "--plots")
    with told("reading") as progress:
        found = pieces_to_score(model, source, split, progress)
    start_tensorflow(threads)
    from seqtasks.tasks import music

    composer = music.load(model)
    with told("scoring") as progress:
        scores = music.evaluate(composer, found.examples, progress)
    if generated:
        scores["generated"] = interruptible(
            music.compare,
            composer=composer,
            data=found.examples,
            num=generated,
            seed=seed,
            plots=plots,
        )
    for note in found.notes:
        say(note)
    scores |= {"source": found.source, "split": found.split}
    if as_json:
        click.echo(json_line(scores))
        return
    click.echo(printable(f"{found.source}, {found.split}:\n\n{table(scores)}"))


command.add_command(generate)


@command.command(epilog="Example: seqtasks music export --out exports/music")
@options.model("music")
@options.out("music")
def export(model: Path, out: Path) -> None:
    """Write a SavedModel that needs TensorFlow alone."""
    start_tensorflow()
    from seqtasks.tasks import music

    directory, pieces = music.export(model, out)
    say(
        f"reloaded by TensorFlow alone and compared on {pieces} pieces: the same notes, "
        "whole pieces and step by step"
    )
    click.echo(str(directory))
