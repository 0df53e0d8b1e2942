"""`docs/commands.md` says what the commands are, and the examples in their help are commands."""

import runpy
import shlex
from pathlib import Path

import click
import pytest

from seqtasks.cli.main import COMMANDS, seqtasks_command

DOCS = Path(__file__).parents[2] / "docs"


def commands():
    """Every group and command that there is, by what one types for it."""
    root = click.Context(seqtasks_command, info_name="seqtasks")
    for name in COMMANDS:
        command = seqtasks_command.get_command(root, name)
        yield f"seqtasks {name}", command
        for child in getattr(command, "commands", {}).values():
            yield f"seqtasks {name} {child.name}", child


def examples():
    """The command lines in what `--help` ends with."""
    for name, command in commands():
        _, colon, text = (command.epilog or "").partition(": ")
        if colon and text.startswith(("seqtasks ", "cat ")):
            for line in text.partition(" (")[0].replace(" && ", " ; ").split(" ; "):
                yield pytest.param(line.rpartition("| ")[2], id=f"{name}: {line}")


def parse(words):
    """Read a command line without running it; a click.UsageError if it cannot be read."""
    command, context = seqtasks_command, click.Context(seqtasks_command, info_name="seqtasks")
    while isinstance(command, click.Group):
        name, *words = words
        command = command.get_command(context, name)
        assert command is not None, name
    command.make_context(command.name, list(words), parent=context)


def test_the_page_is_what_the_commands_say():
    page = runpy.run_path(str(DOCS / "make_commands.py"))["page"]()
    written = (DOCS / "commands.md").read_text("utf-8")
    assert written == page, "run: python docs/make_commands.py"


def test_the_page_has_every_command_and_option():
    text = (DOCS / "commands.md").read_text("utf-8")
    for name, command in commands():
        _, heading, rest = text.partition(f"# {name}\n")
        assert heading, name
        section = rest.partition("\n#")[0]
        for parameter in command.params:
            for option in parameter.opts if isinstance(parameter, click.Option) else ():
                assert option in section, (name, option)


@pytest.mark.parametrize("line", list(examples()))
def test_an_example_in_help_can_be_typed(line):
    program, *words = shlex.split(line)
    assert program == "seqtasks"
    parse(words)


def test_a_command_line_that_cannot_be_typed_is_told():
    with pytest.raises(click.UsageError, match="--unit"):
        parse(["ner", "train", "--unit", "3"])
