"""`seqtasks music generate`."""

import sys
from functools import partial
from pathlib import Path

import click

from seqtasks.cli import options
from seqtasks.cli.interruptible import interruptible
from seqtasks.cli.messages import say
from seqtasks.cli.music_output import Files, line
from seqtasks.cli.progress import told
from seqtasks.cli.start import start_tensorflow
from seqtasks.datasets.printable import json_line
from seqtasks.tasks.music.config import Drawing

DRAWING = Drawing()
BARS = 16  # of a new piece, where nobody says how long
TOGETHER = 16  # pieces that are drawn together, and written, at most
STEPS_TOGETHER = 2**20  # of all their takes, about


@click.command(
    epilog='Example: seqtasks music generate --genre "A minor" --num 5 --wav --roll --out new'
)
@options.model("music")
@click.option(
    "--steps",
    type=click.IntRange(1, 1_000_000),
    help=f"Time steps at most.  [default: {BARS} bars]",
)
@click.option(
    "--num", type=click.IntRange(1, 1000), default=1, show_default=True, help="How many pieces."
)
@click.option(
    "--genre",
    metavar="NAME",
    help="A genre of the run, by name or number; 0: none.  [default: the key of first notes; "
    "without them drawn for each piece, as often as in training]",
)
@click.option(
    "--primer",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Begin with this piece (MIDI, MusicXML).",
)
@click.option(
    "--primer-notes",
    metavar="NOTES",
    help='Begin with these tones in the first voice, a beat each, such as "C4 E4 G4".',
)
@click.option(
    "--melody",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Harmonise this: the first voice is given, throughout.",
)
@click.option(
    "--metre", default=None, metavar="N/D", help="Of the bars.  [default: training's commonest]"
)
@click.option(
    "--open-end",
    is_flag=True,
    help="Let the model say when it ends; else it is told how many steps are left.",
)
@options.temperature(": always the likeliest tone", DRAWING.temperature)
@options.top_p("tones", DRAWING.top_p)
@click.option(
    "--takes",
    type=click.IntRange(1, 64),
    default=DRAWING.takes,
    show_default=True,
    help="Draw each piece so often, and keep the take that the model finds best ended.",
)
@options.seed()
@click.option(
    "--tempo",
    type=click.FloatRange(5, 600),
    default=90.0,
    show_default=True,
    callback=options.finite,
    help="Quarter notes a minute.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("music"),
    show_default=True,
    metavar="DIR",
    help="Where the files go; MIDI always.",
)
@click.option("--musicxml", is_flag=True, help="Write MusicXML as well, for score editors.")
@click.option("--roll", is_flag=True, help="Draw a piano roll (PNG) as well.")
@click.option("--wav", is_flag=True, help="Write sound as well, in a plain built-in tone.")
@click.option(
    "--soundfont",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write sound as well, played by this soundfont (SF2 or SF3).",
)
@options.answers("What is said of the pieces: lines of figures, or JSON Lines.")
@options.threads()
def generate(
    model: Path,
    steps: int | None,
    num: int,
    genre: str,
    primer: Path | None,
    primer_notes: str | None,
    melody: Path | None,
    metre: str | None,
    open_end: bool,
    temperature: float,
    top_p: float,
    takes: int,
    seed: int,
    tempo: float,
    out: Path,
    musicxml: bool,
    roll: bool,
    wav: bool,
    soundfont: Path | None,
    format_: str,
    threads: int | None,
) -> None:
    """New pieces: from nothing, a genre, first notes or a melody.

    The same seed gives the same piece. Of each is said how likely the model finds it, how much of
    it repeats, how long a stretch is copied from a training piece, and what of voice leading goes
    wrong.
    """
    given = [primer is not None, primer_notes is not None, melody is not None]
    if sum(given) > 1:
        raise click.UsageError(
            "a piece has one beginning: give --primer, --primer-notes or --melody"
        )
    if melody and steps:
        raise click.UsageError("--melody says how long the piece is: leave out --steps")
    files = Files(out, tempo, musicxml, roll, wav, soundfont)
    files.check()
    start_tensorflow(threads)
    from seqtasks.datasets.music.sources import primer_of
    from seqtasks.tasks import music
    from seqtasks.tasks.music.report import Critic

    composer = music.load(model)
    notation = composer.notation
    bar = music.bar_of(metre, notation.steps_per_beat) if metre else notation.bar
    begin = melody or primer
    first = primer_of(begin, notation.steps_per_beat) if begin else None
    if primer_notes is not None:
        first = music.piece_of_names(primer_notes, notation.steps_per_beat)
    steps = steps or BARS * (bar or 4 * notation.steps_per_beat)
    if first and not melody and len(first) > steps:
        say(f"of the {len(first):,} steps that it begins with, {steps:,} are used; see --steps")
    draw = partial(
        composer.generate,
        steps=steps,
        genre=None if genre is None else notation.named(genre),
        temperature=temperature,
        top_p=top_p,
        seed=seed,
        primer=None if melody else first,
        melody=first if melody else None,
        bar=bar,
        open_end=open_end,
        takes=takes,
    )
    critic = Critic(composer, music.training_pieces(model))
    together = max(min(TOGETHER, STEPS_TOGETHER // (steps * takes)), 1)
    with told("drawing") as progress:
        for done in range(0, num, together):
            pieces = interruptible(draw, num=min(together, num - done), number=done)
            for number, (piece, said) in enumerate(zip(pieces, critic.of(pieces), strict=True), 1):
                written = files.write(piece, f"seed{seed}_{done + number}")
                if format_ == "json":
                    names = [str(path) for path in written]
                    click.echo(json_line({"files": names, **said}))
                else:
                    click.echo(f"{written[0]}\n{line(said)}")
            sys.stdout.flush()
            if num > together and not sys.stdout.isatty():  # where it is, the pieces show it
                progress(done + len(pieces), num)
