"""`seqtasks`, its groups of commands, and what becomes of errors.

TensorFlow is imported inside the commands that need it, so that help and completion are quick.
"""

import os
import shlex
import signal
import sys
from importlib import import_module
from typing import Any, NoReturn

import click

import seqtasks
from seqtasks.cli.start import open_closed_streams
from seqtasks.datasets.printable import printable

# group or command -> the module of this package that has it, and what the list of commands says
COMMANDS = {
    "ner": "Named-entity recognition: find names of people, places and more in text.",
    "sentiment": "Sentiment, or any other labels of texts: train, score, predict, explain, export.",
    "lm": "Language models, of words or characters: train, evaluate, score, generate, export.",
    "music": "Music: train, evaluate, generate pieces one can hear, export.",
    "datasets": "Data sets that have a name, and what is in a SOURCE.",
    "info": "What a run or an export is: task, data, figures, versions.",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called; the list of them is not."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of COMMANDS."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or None."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"seqtasks.cli.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; if the reader of its output has gone, as `| head` does, all is well."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:  # caught here, since click would make it exit code 1
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)
        return result

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands with their one-line descriptions, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, epilog="Try it: seqtasks ner train")
@click.version_option(seqtasks.__version__)
def seqtasks_command() -> None:
    """Recurrent layers and a CRF for Keras, and tasks built on them, on your own text."""


def main() -> NoReturn:
    """Run the command line. Exit codes: 0, 1 for an error, 2 for usage, 130 and 143 for signals."""
    open_closed_streams()
    signal.signal(signal.SIGTERM, _terminated)
    prepare_tensorflow()
    try:
        seqtasks_command(prog_name="seqtasks", standalone_mode=False)
    except click.UsageError as error:
        where = f"{error.ctx.command_path}: " if error.ctx else ""
        advice = f"; see {error.ctx.command_path} --help" if error.ctx else ""
        _fail(where + error.format_message().rstrip(".") + advice, 2)
    except click.ClickException as error:
        _fail(error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt) as error:
        _fail_interrupted(error.__cause__ or error)
    except Exception as error:
        known = _message(error)
        if known is None:
            raise
        _fail(known, 1)
    sys.exit(0)


def prepare_tensorflow() -> None:
    """Settings that count only before TensorFlow and Keras are imported."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def _message(error: Exception) -> str | None:
    """One line for an error that a user can mend; None for a defect of ours."""
    from seqtasks.datasets.errors import DataError
    from seqtasks.tasks.errors import TaskError

    if isinstance(error, (DataError, TaskError, FloatingPointError)):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror.lower()}; check the path, and who may use it"
    if type(error).__name__ == "ResourceExhaustedError" or isinstance(error, MemoryError):
        return "out of memory; a smaller --batch-size or --units needs less"
    return None


def _fail(message: str, code: int) -> NoReturn:
    line = printable(" ".join(line.strip() for line in message.splitlines()))
    click.echo(click.style("Error: ", fg="red") + line, err=True)
    sys.exit(code)


def _fail_interrupted(error: BaseException) -> NoReturn:
    from seqtasks.tasks.errors import Interrupted

    stop = error if isinstance(error, Interrupted) else Interrupted()
    advice = ""
    if stop.resumable:
        given = [word for word in sys.argv[1:] if word not in ("--overwrite", "--resume")]
        advice = f"; go on with: {shlex.join(['seqtasks', *given, '--resume'])}"
    _fail(f"{stop}{advice}", 128 + stop.number)


def _terminated(number: int, _: Any) -> NoReturn:
    from seqtasks.tasks.errors import Interrupted

    raise Interrupted("terminated", number)
