"""`seqtasks lm`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from seqtasks.cli import options
from seqtasks.cli.interruptible import interruptible
from seqtasks.cli.lines import MOST_BYTES, begun, text_groups
from seqtasks.cli.lm_output import comparison, table, write_score, write_text
from seqtasks.cli.messages import say, say_saved
from seqtasks.cli.progress import told
from seqtasks.cli.start import start_tensorflow
from seqtasks.datasets.printable import json_line, printable
from seqtasks.datasets.text_sources import SHARES, load_text, parse_shares
from seqtasks.tasks.lm.config import Config

if TYPE_CHECKING:
    from seqtasks.tasks.lm.language_model import Score


@click.group(
    epilog="Try it: seqtasks lm train && "
    'seqtasks lm score "the apple and pear salad" "the apple and pair salad"'
)
def command() -> None:
    """Language models, of words or characters."""


@command.command(epilog="Example: seqtasks lm train --data book.txt --level char --model runs/book")
@options.data(
    help="`sample` (comes with seqtasks), `pydocs` (comes with Python), another name from "
    "`seqtasks datasets list`, tfds:NAME[/CONFIG], a text file, or a directory with train.*, "
    "dev.* and test.*, or of text files"
)
@click.option(
    "--shares",
    default=SHARES,
    show_default=True,
    metavar="PERCENTS",
    help="Of text that has no splits: how it is cut into train, dev and test, or train and dev.",
)
@options.model("lm")
@options.overwrite_or_resume()
@options.settings(Config)
def train(
    config: Config,
    source: str,
    data_dir: Path | None,
    shares: str,
    model: Path,
    overwrite: bool,
    resume: bool,
) -> None:
    """Train a language model on plain text."""
    try:
        parse_shares(shares)
    except ValueError as error:
        raise click.UsageError(f"--shares: {error}") from None
    data = load_text(source, data_dir, shares)
    start_tensorflow(config.threads)
    from seqtasks.tasks import lm

    scores = lm.train(config, data, model, overwrite, resume, say, shares)
    click.echo("validation:\n")
    click.echo(table(scores))
    pair = ['score "the apple and pear salad" "the apple and pair salad"']
    say_saved("lm", model, data.splits, *(pair if source == "sample" else []), "generate --num 5")


@command.command(epilog="Example: seqtasks lm evaluate --split dev")
@options.model("lm")
@options.data(None, "Read this instead of the run's own source; a file is read whole.")
@options.split()
@options.as_json()
@options.threads()
def evaluate(
    model: Path,
    source: str | None,
    data_dir: Path | None,
    split: str | None,
    as_json: bool,
    threads: int | None,
) -> None:
    """Perplexity and bits of a text, and what to compare them with.

    Perplexity is exp(-sum of ln p / N) over all N tokens, </s> counted, unknown words as <unk>;
    bits per character is -sum of log2 p by the characters of the text, blanks and line ends
    counted. Over running text the state is carried from first to last, in rows of 20,000 tokens or
    more; sentences that were trained on separately begin anew. Compared with: interpolated
    Kneser-Ney trigrams (of characters 6-grams) of the same training tokens.
    """
    from seqtasks.tasks.lm.sources import documents_to_score

    found, seen = documents_to_score(model, source, data_dir, split)
    start_tensorflow(threads)
    from seqtasks.tasks import lm

    trained = lm.load(model)
    with told("reading tokens") as progress:
        result = interruptible(
            lm.evaluate,
            model=trained,
            documents=found.examples,
            train=seen,
            of_sample=found.source == "sample",
            progress=progress,
        )
    for note in (*found.notes, *result.notes):
        say(note)
    scores = {**result.scores, "source": found.source, "split": found.split}
    if as_json:
        click.echo(json_line(scores))
        return
    click.echo(printable(f"{found.source}, {found.split}:\n\n{table(scores)}"))


@command.command(
    epilog='Example: seqtasks lm score "the apple and pear salad" "the apple and pair salad"'
)
@click.argument("text", nargs=-1)
@options.model("lm")
@options.input_file("Read texts from a file, one a line.")
@options.answers("Figures and text, or JSON Lines.")
@click.option(
    "--tokens",
    is_flag=True,
    help="Every token as KenLM's query prints it: token=id, how many tokens it was read with, "
    "log10 p.",
)
@options.threads()
def score(
    text: tuple[str, ...],
    model: Path,
    file: Path | None,
    format_: str,
    tokens: bool,
    threads: int | None,
) -> None:
    """How probable TEXT is, or each line of a file or of standard input (-).

    Logarithms are to the base 10 and count the end of the text, </s>. Where words are unknown,
    figures without them follow in brackets.
    """
    groups = begun(text_groups(text, file, MOST_BYTES))
    start_tensorflow(threads)
    from seqtasks.tasks import lm

    trained = lm.load(model)
    scores: list[Score] = []
    for group in groups:
        for found in interruptible(lambda texts: list(trained.score(texts)), texts=group):
            write_score(found, format_, tokens)
            if text and text != ("-",):
                scores.append(found)
        sys.stdout.flush()
    if format_ == "text" and len(scores) > 1:
        click.echo(comparison(scores))


@command.command(epilog='Example: seqtasks lm generate --prompt "the dogs" --num 5 --top-p 0.9')
@options.model("lm")
@click.option("--prompt", default="", help="What the text begins with.")
@click.option(
    "--length",
    type=click.IntRange(1, 1_000_000),
    default=200,
    show_default=True,
    help="Tokens at most.",
)
@click.option(
    "--num",
    type=click.IntRange(1, 10_000),
    default=1,
    show_default=True,
    help="How many texts.",
)
@options.temperature(" as --greedy", shown="1")
@click.option(
    "--top-k",
    type=click.IntRange(0, options.LARGEST),
    help="Draw among so many of the most probable tokens; 0: all.  [default: 0]",
)
@options.top_p("tokens", shown="1")
@options.seed()
@click.option("--greedy", is_flag=True, help="Take the most probable token each time.")
@click.option(
    "--beams",
    type=click.IntRange(1, 1000),
    help="Search for the most probable texts, keeping so many beginnings.",
)
@click.option(
    "--sentences",
    type=click.IntRange(0, options.LARGEST),
    help="End with so many </s>; 0: go on to --length.  [default: 1; of running text in "
    "characters 0]",
)
@options.answers("Text, or JSON Lines.")
@options.threads()
def generate(
    model: Path,
    prompt: str,
    length: int,
    num: int,
    temperature: float | None,
    top_k: int | None,
    top_p: float | None,
    seed: int,
    greedy: bool,
    beams: int | None,
    sentences: int | None,
    format_: str,
    threads: int | None,
) -> None:
    """New text: drawn by chance, greedily, or the most probable by beam search.

    Unknown words are never drawn. The same seed gives the same text.
    """
    drawing = {"--temperature": temperature, "--top-k": top_k, "--top-p": top_p}
    given = [name for name, value in drawing.items() if value is not None]
    if (greedy or beams) and given:
        raise click.UsageError(f"{given[0]} is for drawing by chance: leave out --greedy, --beams")
    if greedy and beams:
        raise click.UsageError("give --greedy or --beams, not both")
    if beams and sentences is not None:
        raise click.UsageError("--beams searches for one sentence: leave out --sentences")
    start_tensorflow(threads)
    from seqtasks.tasks import lm

    trained = lm.load(model)
    if beams:
        found = interruptible(
            trained.likeliest, prompt=prompt, beams=max(beams, num), length=length
        )
        for text, log10 in found[:num]:
            write_text(text, format_, log10=round(log10, 4))
        return
    texts = interruptible(
        trained.generate,
        prompt=prompt,
        num=num,
        length=length,
        temperature=0.0 if greedy else 1.0 if temperature is None else temperature,
        top_k=top_k or 0,
        top_p=1.0 if top_p is None else top_p,
        seed=seed,
        sentences=sentences,
    )
    for text in texts:
        write_text(text, format_)


@command.command(epilog="Example: seqtasks lm export --out exports/lm")
@options.model("lm")
@options.out("lm")
def export(model: Path, out: Path) -> None:
    """Write a SavedModel that scores and continues raw text and needs TensorFlow alone."""
    start_tensorflow()
    from seqtasks.tasks import lm

    directory, difference, texts = lm.export(model, out)
    say(
        f"reloaded by TensorFlow alone and compared on {texts} texts: the same tokens, "
        f"log probabilities within {difference:.0e}, and the same texts generated"
    )
    click.echo(str(directory))
